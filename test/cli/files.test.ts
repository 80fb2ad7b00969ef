import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseCluster } from '../../src/config/load.ts';
import type { RunOptions } from '../../src/engine/options.ts';
import { HostError } from '../../src/transport/host.ts';
import { CLUSTER, finish, freshWorld } from './world.ts';

const world = freshWorld();
const nodesIn = (text: string): unknown => parseCluster(Buffer.from(text), 'mlk8s.yaml').file.nodes;
const RIG3 = ['add-node', 'lab@10.0.0.103', '--name', 'rig3', '--label', 'disk=ssd', '--yes'];

describe('init', () => {
  test('writes what the flags say, and what to do next', async () => {
    const nodes = ['--node', 'rig1=10.0.0.101', '--node', 'rig2=bob@10.0.0.102:control-plane'];
    const { out, code } = await world().mlk8s('init', 'attic', '--user', 'lab', '--channel', '1.34/stable', ...nodes);
    expect(code).toBe(0);
    expect(out).toContain('mlk8s up --rehearse');
    const { file } = parseCluster(Buffer.from(world().read('mlk8s.yaml')), 'mlk8s.yaml');
    expect(file).toMatchObject({ name: 'attic', microk8s: { channel: '1.34/stable' }, ssh: { user: 'lab' } });
    expect(file.nodes).toMatchObject([
      { name: 'rig1', role: 'control-plane' },
      { name: 'rig2', role: 'control-plane', ssh: { user: 'bob' } },
    ]);
    expect(world().read('mlk8s.yaml')).toMatch(/^#/);
  });

  test('asks when it is told nothing, again after a bad answer', async () => {
    const answers = ['attic', 'lab@10.0.0.101', 'Rig One', 'rig1', '', '10.0.0.102', '', 'boss', 'worker', ''];
    world().typed = answers.map((answer) => `${answer}\n`).join('');
    expect((await world().mlk8s('init')).code).toBe(0);
    expect(nodesIn(world().read('mlk8s.yaml'))).toMatchObject([
      { name: 'rig1', address: '10.0.0.101', role: 'control-plane', ssh: { user: 'lab' } },
      { name: 'rig2', address: '10.0.0.102', role: 'worker' },
    ]);
  });

  test('overwrites nothing without --force', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    const { code, error } = await world().mlk8s('init', '--node', 'rig9=10.0.0.109');
    expect(code).toBe(1);
    expect(error?.problems[0]?.next[0]).toContain('--force');
    expect(world().read('mlk8s.yaml')).toBe(CLUSTER);
    expect((await world().mlk8s('init', '--node', 'rig9=10.0.0.109', '--force')).code).toBe(0);
    expect(world().read('mlk8s.yaml')).toContain('rig9');
  });

  test.each([
    [['--node', 'rig1'], 'no machine can be read', 1],
    [['--node', 'rig1=10.0.0.101:master'], 'no role "master"', 1],
    [['--node', 'rig1=10.0.0.1001'], 'is not an IPv4 address', 3],
    [[], 'there is no terminal to ask at', 1],
  ])('%j is refused and nothing is written', async (args, seen, exitCode) => {
    const { code, error } = await world().mlk8s('init', ...args);
    expect(code).toBe(exitCode);
    expect(error?.problems[0]?.seen).toContain(seen);
    expect(existsSync(join(world().folder, 'mlk8s.yaml'))).toBe(false);
  });
});

describe('add-node', () => {
  test('writes the machine after its check and keeps the comments', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    const { code } = await world().mlk8s(...RIG3);
    expect(code).toBe(0);
    const text = world().read('mlk8s.yaml');
    expect(text.startsWith(CLUSTER)).toBe(true);
    expect(nodesIn(text)).toMatchObject([
      {},
      {},
      { name: 'rig3', address: '10.0.0.103', role: 'worker', labels: { disk: 'ssd' }, ssh: { user: 'lab' } },
    ]);
    expect(world().asked).toMatchObject([
      { command: 'plan', limitHosts: ['rig3'] },
      { command: 'add-node', limitHosts: [] },
    ]);
  });

  test('again is only up', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    await world().mlk8s(...RIG3);
    const text = world().read('mlk8s.yaml');
    expect((await world().mlk8s(...RIG3)).code).toBe(0);
    expect(world().read('mlk8s.yaml')).toBe(text);
    expect(world().asked.map((it) => it.command)).toEqual(['plan', 'add-node', 'add-node']);
  });

  test.each([
    [['10.0.0.109', '--name', 'rig2'], 'address: the file has 10.0.0.102, you typed 10.0.0.109'],
    [['10.0.0.102', '--name', 'rig9'], 'name: the file has rig2, you typed rig9'],
    [['10.0.0.102', '--name', 'rig2', '--role', 'control-plane'], 'role: the file has worker, you typed control-plane'],
    [['10.0.0.102', '--name', 'rig2', '--label', 'a=b'], 'label a: the file has none, you typed b'],
  ])('%j is refused with both values', async (args, why) => {
    world().write('mlk8s.yaml', CLUSTER);
    const { code, error } = await world().mlk8s('add-node', ...args);
    expect(code).toBe(1);
    expect(error?.problems[0]?.why).toBe(why);
    expect(world().asked).toEqual([]);
  });

  test('a control plane that is named again without its role is the same one', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    expect((await world().mlk8s('add-node', '10.0.0.101', '--name', 'rig1', '--yes')).code).toBe(0);
  });

  test('leaves the file alone when the machine does not answer', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    const problem = { where: 'rig3', seen: 'no route to host', next: [] };
    world().engine = {
      plan: async (options: RunOptions) => {
        options.listener({ event: 'dropped', host: 'rig3', problem });
        return finish(options, { exitCode: 4 });
      },
    };
    const { code, error } = await world().mlk8s(...RIG3);
    expect(code).toBe(1);
    expect(error?.problems).toEqual([problem]);
    expect(world().read('mlk8s.yaml')).toBe(CLUSTER);
  });

  test('puts the key on a machine that takes only a password so far', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    world().typed = 'correct horse\n';
    world().refusals = [new HostError('auth', { where: 'rig3', seen: 'not let in', next: [] })];
    const logins: unknown[] = [];
    world().parts = {
      publicKeys: async () => [{ path: '~/.ssh/id_ed25519.pub', text: 'ssh-ed25519 AAAA me' }],
      installKey: async (_, node, login) => logins.push({ node: node.name, ...login }),
    };
    expect((await world().mlk8s(...RIG3)).code).toBe(0);
    expect(logins).toEqual([{ node: 'rig3', password: 'correct horse', publicKey: 'ssh-ed25519 AAAA me' }]);
  });
});

describe('charts of the cluster file', () => {
  const chartsOf = async (...args: string[]) => {
    world().write('mlk8s.yaml', `${CLUSTER}charts: { openebs: ./a.tgz, gpu-operator: ~/b }\n`);
    const { out } = await world().mlk8s('plan', ...args);
    return { out, charts: (world().asked.at(-1) as RunOptions).file.charts };
  };

  test('count from its folder, and from home', async () => {
    const home = process.env.HOME;
    const { charts } = await chartsOf();
    expect(charts).toEqual({ openebs: join(world().folder, 'a.tgz'), 'gpu-operator': join(home ?? '', 'b') });
  });

  test('are not rehearsed, which is said', async () => {
    const { charts, out } = await chartsOf('--rehearse');
    expect(charts).toEqual({});
    expect(out).toContain('a rehearsal does not read charts of your own');
  });
});
