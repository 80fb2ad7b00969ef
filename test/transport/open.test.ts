import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Cluster, clusterSchema } from '../../src/config/schema.ts';
import type { Hosts } from '../../src/transport/host.ts';
import { fingerprint } from '../../src/transport/host-keys.ts';
import { installUserKey, type OpenOptions, openHosts } from '../../src/transport/open.ts';
import type { Prompts } from '../../src/transport/prompts.ts';
import './clean.ts';
import { folder, hasProgram, sudoWorld } from './fakes.ts';
import { userKey } from './rig.ts';
import { type Behaviour, startServer, type TestServer } from './server.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function server(behaviour: Behaviour = {}): Promise<TestServer> {
  const it = await startServer({ authorized: [userKey], ...behaviour });
  closers.push(() => it.close());
  return it;
}

/** A user with a home of his own: key, state folder, ssh configuration. */
function user(config = '') {
  const dir = folder();
  const key = join(dir, 'id');
  writeFileSync(key, userKey.private, { mode: 0o600 });
  const configFile = join(dir, 'config');
  const files = `UserKnownHostsFile ${dir}/known_hosts\nGlobalKnownHostsFile none\nIdentityAgent none\n`;
  writeFileSync(configFile, `${config}\nHost *\n${files}IdentityFile ${key}\nUser ada\n`, { mode: 0o600 });
  const env = { ...process.env, XDG_STATE_HOME: join(dir, 'state') };
  return { dir, key, env, sshConfig: { configFile }, own: join(dir, 'state/mlk8s/known_hosts') };
}

type Node = { name: string; address: string; [key: string]: unknown };

/** Loopback is no address that a file may hold: it is put in behind the check. */
function cluster(nodes: Node[], more: object = {}): Cluster {
  const checked = nodes.map((it, i) => ({ role: 'control-plane', ...it, address: `10.0.0.${i + 1}` }));
  const file = clusterSchema.parse({ name: 'home', nodes: checked, ...more });
  return { ...file, nodes: file.nodes.map((it, i) => ({ ...it, address: nodes[i]?.address ?? it.address })) };
}

function open(file: Cluster, me: ReturnType<typeof user>, more: Partial<OpenOptions> = {}): Hosts {
  const { env, sshConfig } = me;
  const hosts = openHosts(file, { acceptNewHostKeys: true, warn: () => {}, env, sshConfig, ...more });
  closers.push(() => hosts.close());
  return hosts;
}

const S5 = { deadlineS: 10 };
const echo = async (hosts: Hosts, name: string) => (await hosts.node(name).exec('echo here', S5)).stdout.toString();

function person(secrets: string[] = []): Prompts & { asked: string[] } {
  const asked: string[] = [];
  const note = <T>(question: string, answer: T) => {
    asked.push(question);
    return Promise.resolve(answer);
  };
  return {
    asked,
    secret: (question) => note(question, secrets.shift()),
    confirm: (question) => note(question, true),
  };
}

describe.runIf(hasProgram('ssh'))('the hosts of a cluster file', () => {
  test('an address and what the file says of it', async () => {
    const { port } = await server();
    const me = user();
    expect(await echo(open(cluster([{ name: 'rig1', address: '127.0.0.1', ssh: { port } }]), me), 'rig1')).toBe(
      'here\n',
    );
    expect(readFileSync(me.own, 'utf8')).toMatch(/^\[127\.0\.0\.1\]:\d+ ssh-ed25519 /);
  });

  test('settings of the node win over those of the cluster, both over ~/.ssh/config', async () => {
    const { port, logins } = await server();
    const me = user('Host rig1\n HostName 127.0.0.1\n Port 1\n User nobody');
    const file = cluster([{ name: 'rig1', address: '10.255.0.1', ssh: { port } }], { ssh: { port: 2, user: 'grace' } });
    expect(await echo(open(file, me), 'rig1')).toBe('here\n');
    expect(logins[0]).toBe('grace:publickey');
  });

  test('a pinned key decides alone', async () => {
    const { port, hostKey } = await server();
    const me = user();
    const node = (hostKey: string) => cluster([{ name: 'rig1', address: '127.0.0.1', ssh: { port, hostKey } }]);
    const options = { acceptNewHostKeys: false };
    expect(await echo(open(node(fingerprint(hostKey.blob)), me, options), 'rig1')).toBe('here\n');
    const wrong = open(node(`SHA256:${'A'.repeat(43)}`), me, { acceptNewHostKeys: true });
    await expect(echo(wrong, 'rig1')).rejects.toMatchObject({ kind: 'host-key' });
  });

  test('three hosts at once: one question a host, one password', async () => {
    const { env } = sudoWorld('password');
    const servers = await Promise.all([1, 2, 3].map(() => server({ env })));
    const nodes = servers.map(({ port }, i) => ({ name: `rig${i}`, address: '127.0.0.1', ssh: { port } }));
    const prompt = person(['pa ss\\w0rd']);
    const hosts = open(cluster(nodes), user(), { prompt, acceptNewHostKeys: false });
    expect(await Promise.all(nodes.map(({ name }) => echo(hosts, name)))).toEqual(['here\n', 'here\n', 'here\n']);
    expect(prompt.asked.filter((it) => it.startsWith('First contact'))).toHaveLength(3);
    expect(prompt.asked.filter((it) => it.startsWith('sudo password'))).toHaveLength(1);
  });

  test('the password of the environment goes along, and to no local process', async () => {
    const { port } = await server({ env: sudoWorld('password').env });
    const me = user();
    const env = { ...me.env, MLK8S_SUDO_PASSWORD: 'pa ss\\w0rd' };
    const hosts = open(cluster([{ name: 'rig1', address: '127.0.0.1', ssh: { port } }]), me, { env });
    expect(await echo(hosts, 'rig1')).toBe('here\n');
    expect(hosts.node('rig1').execs).toBe(1);
    const { stdout } = await hosts.workstation.exec('echo "${MLK8S_SUDO_PASSWORD-unset}"', S5);
    expect(stdout.toString()).toBe('unset\n');
  });

  test('machines behind a jump host of ~/.ssh/config share its connection', async () => {
    const gate = await server({ forward: true });
    const behind = await Promise.all([server(), server()]);
    const me = user(`Host gate\n HostName 127.0.0.1\n Port ${gate.port}\nHost rig*\n ProxyJump gate`);
    const nodes = behind.map(({ port }, i) => ({ name: `rig${i}`, address: '127.0.0.1', ssh: { port } }));
    const hosts = open(cluster(nodes), me);
    expect(await Promise.all([echo(hosts, 'rig0'), echo(hosts, 'rig1')])).toEqual(['here\n', 'here\n']);
    expect(gate.sockets).toHaveLength(1);
    expect(readFileSync(me.own, 'utf8')).toContain(`[127.0.0.1]:${gate.port} `);
  });

  test('a row of jump hosts; one of the cluster file wins', async () => {
    const gates = await Promise.all([server({ forward: true }), server({ forward: true })]);
    const { port } = await server();
    const row = gates.map((it) => `127.0.0.1:${it.port}`).join(',');
    const me = user(`Host rig1\n ProxyJump ${row}\nHost rig2\n ProxyJump nowhere.invalid`);
    const hosts = open(
      cluster([
        { name: 'rig1', address: '127.0.0.1', ssh: { port } },
        { name: 'rig2', address: '127.0.0.1', ssh: { port, jump: `ada@127.0.0.1:${gates[1]?.port}` } },
      ]),
      me,
    );
    expect([await echo(hosts, 'rig1'), await echo(hosts, 'rig2')]).toEqual(['here\n', 'here\n']);
  });

  test('a jump host that leads to itself ends', async () => {
    const me = user('Host gate1\n ProxyJump gate2\nHost gate2\n ProxyJump gate1');
    const hosts = open(cluster([{ name: 'rig1', address: '127.0.0.1', ssh: { jump: 'gate1' } }]), me);
    await expect(echo(hosts, 'rig1')).rejects.toMatchObject({
      kind: 'unreachable',
      problem: { seen: expect.stringContaining('jump hosts in a row') },
    });
  });

  test('the key of a jump host is checked too', async () => {
    const gate = await server({ forward: true });
    const { port } = await server();
    const hosts = open(
      cluster([{ name: 'rig1', address: '127.0.0.1', ssh: { port, jump: `127.0.0.1:${gate.port}` } }]),
      user(),
      { acceptNewHostKeys: false },
    );
    await expect(echo(hosts, 'rig1')).rejects.toMatchObject({
      kind: 'host-key',
      problem: { where: 'jump host 127.0.0.1 (127.0.0.1)' },
    });
  });

  test('a ProxyCommand is warned of', async () => {
    const { port } = await server();
    const warnings: string[] = [];
    const hosts = open(
      cluster([{ name: 'rig1', address: '127.0.0.1', ssh: { port } }]),
      user('Host rig1\n ProxyCommand false'),
      { warn: (where, text) => void warnings.push(`${where}: ${text}`) },
    );
    await echo(hosts, 'rig1');
    expect(warnings).toEqual(['rig1: ProxyCommand of ~/.ssh/config is not used; write it as ProxyJump']);
  });

  test('a devbox that is no node, by its own address, user and port, whatever ssh says of the nodes', async () => {
    const { port } = await server();
    const nodes = [{ name: 'rig1', address: '127.0.0.1' }];
    const devbox = { host: `eve@127.0.0.1:${port}` };
    const another = user('Host devbox\n HostName 127.0.0.2');
    const hosts = open(cluster(nodes, { ssh: { user: 'ada', port: 1 }, devbox }), another);
    const said = (await hosts.node('devbox').exec('echo "$(hostname) here"', S5)).stdout.toString();
    expect(said).toMatch(/ here\n$/);
    expect(hosts.node('devbox').name).toBe('devbox');
    expect(() => open(cluster(nodes), user()).node('devbox')).toThrow('no machine devbox');
  });

  test('unknown names are a bug', () => {
    expect(() => open(cluster([{ name: 'rig1', address: '127.0.0.1' }]), user()).node('rig9')).toThrow('rig9');
  });
});

test.runIf(hasProgram('ssh'))('a box with a password only gets the key, and then lets it in', async () => {
  const { port } = await server({ authorized: [], password: 'sesame', env: { ...process.env, HOME: folder() } });
  const me = user();
  const file = cluster([{ name: 'rig1', address: '127.0.0.1', ssh: { port } }]);
  const [node] = file.nodes;
  if (!node) throw new Error('no node');
  const options = { acceptNewHostKeys: true, warn: () => {}, env: me.env, sshConfig: me.sshConfig };
  const login = { password: 'sesame', publicKey: userKey.public };
  expect(await installUserKey(file, node, login, options)).toBe('installed');
  expect(await installUserKey(file, node, login, options)).toBe('present');
});
