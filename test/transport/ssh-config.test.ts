import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { me } from '../../src/transport/me.ts';
import { defaults, isUnconfigured, parseJump, sshSettings } from '../../src/transport/ssh-config.ts';
import './clean.ts';
import { folder, hasProgram } from './fakes.ts';

const env = { ...process.env, SSH_AUTH_SOCK: '/run/agent' };

function config(text: string): string {
  const path = join(folder(), 'config');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const settings = (text: string, name = 'rig1', address = '10.0.0.1') =>
  sshSettings(name, address, { env, configFile: config(text) });

describe.runIf(hasProgram('ssh'))('the user’s ssh configuration', () => {
  test('an empty one gives what ssh would do', async () => {
    expect(await settings('')).toEqual({ ...defaults('10.0.0.1', env) });
  });

  test('an alias: everything of its section, its HostName too', async () => {
    const found = await settings(`
      Host rig1
        HostName rig1.example.org
        User pi
        Port 2222
        IdentityFile ~/.ssh/lab
        IdentityFile /keys/%r-%h
        IdentitiesOnly yes
        IdentityAgent /run/other
        UserKnownHostsFile ~/hosts1 /etc/hosts2
        GlobalKnownHostsFile none
        HostKeyAlias lab1
        ProxyJump ada@gate:2200,second
    `);
    expect(found).toEqual({
      ...{ host: 'rig1.example.org', port: 2222, user: 'pi' },
      identityFiles: [join(me().home, '.ssh/lab'), '/keys/pi-rig1.example.org'],
      ...{ identitiesOnly: true, agent: '/run/other' },
      jumps: ['ada@gate:2200', 'second'],
      proxyCommand: undefined,
      knownHosts: [join(me().home, 'hosts1'), '/etc/hosts2'],
      hostKeyAlias: 'lab1',
    });
  });

  test('a section for the name without HostName: the address, and what the section says', async () => {
    expect(await settings('Host rig1\n User pi')).toMatchObject({ host: '10.0.0.1', user: 'pi', port: 22 });
  });

  test('a section for the address', async () => {
    const found = await settings('Host 10.0.0.*\n User lab\n Port 2200\nHost rig1\n User pi');
    expect(found).toMatchObject({ host: '10.0.0.1', user: 'lab', port: 2200 });
  });

  test('a single usual file that is named is named', async () => {
    const found = await settings('Host rig1\n IdentityFile ~/.ssh/id_rsa');
    expect(found.identityFiles).toEqual([join(me().home, '.ssh/id_rsa')]);
  });

  test.each([
    ['none', undefined],
    ['SSH_AUTH_SOCK', '/run/agent'],
    ['$OTHER_SOCK', '/run/from-variable'],
  ])('IdentityAgent %s', async (value, agent) => {
    const configFile = config(`Host *\n IdentityAgent ${value}`);
    const found = await sshSettings('rig1', '10.0.0.1', {
      env: { ...env, OTHER_SOCK: '/run/from-variable' },
      configFile,
    });
    expect(found.agent).toBe(agent);
  });

  test('a ProxyCommand is seen, a ProxyJump of none is none', async () => {
    expect((await settings('Host rig1\n ProxyCommand nc %h %p')).proxyCommand).toBe('nc %h %p');
    expect((await settings('Host rig1\n ProxyJump none')).jumps).toEqual([]);
  });

  test('a broken one is said, not passed over', async () => {
    await expect(settings('Host rig1\n Prot 22')).rejects.toMatchObject({
      kind: 'unreachable',
      problem: { seen: expect.stringContaining('Bad configuration option: prot') },
    });
  });

  test('a name that looks like an option stays a name', async () => {
    await expect(settings('', '-oProxyCommand=touch', '10.0.0.1')).rejects.toThrow(
      'hostname contains invalid characters',
    );
  });
});

test('without an ssh binary there are sensible defaults', async () => {
  const found = await sshSettings('rig1', '10.0.0.1', { env, ssh: '/nowhere/ssh' });
  expect(found).toMatchObject({
    host: '10.0.0.1',
    port: 22,
    user: me().name,
    agent: '/run/agent',
    jumps: [],
  });
});

test.each([
  ['gate', { host: 'gate' }],
  ['ada@gate:2200', { user: 'ada', host: 'gate', port: 2200 }],
  ['ssh://ada@gate:2200/', { user: 'ada', host: 'gate', port: 2200 }],
  ['ada@[fe80::1]:22', { user: 'ada', host: 'fe80::1', port: 22 }],
])('jump host %s', (text, parts) => {
  expect(parseJump(text)).toEqual(parts);
});

describe('ssh need not be asked', () => {
  const SHIPPED =
    '# A comment\nInclude /etc/ssh/ssh_config.d/*.conf\n\nHost *\n    SendEnv LANG LC_*\n    HashKnownHosts yes\n    GSSAPIAuthentication yes\n';

  test.each<[string, { user?: string; system?: string; more?: string }, boolean]>([
    ['with what Ubuntu ships', { system: SHIPPED }, true],
    ['without any file', {}, true],
    ['unless the user has a file of their own', { system: SHIPPED, user: '' }, false],
    ['unless the system names a host', { system: `${SHIPPED}Host rig1\n` }, false],
    ['unless the system sets something for all', { system: `${SHIPPED}    Port 2222\n` }, false],
    ['unless a file beside the system’s says anything', { system: SHIPPED, more: 'ProxyJump gate\n' }, false],
    ['unless there are conditions', { system: `${SHIPPED}Match exec true\n` }, false],
  ])('%s', (_, { user, system, more }, expected) => {
    const dir = folder();
    const at = (name: string, text: string | undefined) => {
      if (text !== undefined) writeFileSync(join(dir, name), text);
      return join(dir, name);
    };
    if (more !== undefined) {
      mkdirSync(join(dir, 'ssh_config.d'));
      at('ssh_config.d/10.conf', more);
    }
    expect(isUnconfigured({}, at('config', user), at('ssh_config', system))).toBe(expected);
  });
});
