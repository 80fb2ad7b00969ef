import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { realClock } from '../../src/transport/clock.ts';
import { fingerprint, pinned } from '../../src/transport/host-keys.ts';
import { installKey } from '../../src/transport/install-key.ts';
import './clean.ts';
import { folder, rootEnv } from './fakes.ts';
import { makeKey } from './keys.ts';
import { startServer, type TestServer } from './server.ts';

const key = `${makeKey().public.split(' ').slice(0, 2).join(' ')} ada@home`;
const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((it) => it.close()));
});

async function box() {
  const home = folder();
  const server = await startServer({ authorized: [], password: 'sesame', env: { ...rootEnv(), HOME: home } });
  servers.push(server);
  const install = (publicKey = key, password = 'sesame') =>
    installKey({
      name: 'rig1',
      clock: realClock,
      hostKeys: pinned('rig1', fingerprint(server.hostKey.blob)),
      target: { host: '127.0.0.1', port: server.port, user: 'ada', credentials: async () => [] },
      ...{ password, publicKey },
    });
  const file = join(home, '.ssh/authorized_keys');
  return { server, home, install, file, read: () => readFileSync(file, 'utf8') };
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('a fresh box gets the key, with the modes that sshd wants', async () => {
  const { home, install, file, read, server } = await box();
  expect(await install()).toBe('installed');
  expect(read()).toBe(`${key}\n`);
  expect([mode(join(home, '.ssh')), mode(file)]).toEqual(['700', '600']);
  expect(server.commands.join()).not.toContain('ada@home');
  expect(server.logins.filter((it) => it.endsWith('password'))).toHaveLength(1);
});

test('a second time nothing is added', async () => {
  const { install, read } = await box();
  await install();
  expect(await install(`${key} with another comment`)).toBe('present');
  expect(read()).toBe(`${key}\n`);
});

test.each([
  ['a last line without an end', 'ssh-rsa AAAA old', 'ssh-rsa AAAA old\n'],
  ['odd content', '\n# $(touch x) \'"\\\n\0\xff', '\n# $(touch x) \'"\\\n\0\xff\n'],
  ['the key commented out', `# ${key}\n`, `# ${key}\n`],
])('what stands there stays: %s', async (_, before, kept) => {
  const { home, install, file, read } = await box();
  mkdirSync(join(home, '.ssh'));
  writeFileSync(file, before);
  chmodSync(file, 0o666);
  expect(await install()).toBe('installed');
  expect(read()).toBe(`${kept}${key}\n`);
  expect(mode(file)).toBe('600');
});

test('odd comments do no harm', async () => {
  const { install, read } = await box();
  const [type, blob] = key.split(' ');
  await install(`${type} ${blob} '; touch oops; $(id) \`id\` ü`);
  expect(read()).toBe(`${type} ${blob} '; touch oops; $(id) \`id\` ?\n`);
});

test('a wrong password, and what is no key', async () => {
  const { install } = await box();
  await expect(install(key, 'simsim')).rejects.toMatchObject({
    kind: 'auth',
    problem: { seen: 'the password of ada was not accepted' },
  });
  await expect(install('command="id" ssh-rsa AAAA')).rejects.toThrow('no public key');
  await expect(install(`${key}\n${key}`)).rejects.toThrow('no public key');
});
