import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterEach, describe, expect, test } from 'vitest';
import { KeyRing, type KeySources } from '../../src/transport/keys.ts';
import { type Prompts, turns } from '../../src/transport/prompts.ts';
import './clean.ts';
import { folder } from './fakes.ts';
import { makeKey, pkcs8Rsa, type TestKey } from './keys.ts';
import { rig } from './rig.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** An agent that holds these keys, as far as the client can see. */
async function agent(keys: readonly TestKey[]): Promise<string> {
  const path = join(folder(), 'agent.sock');
  const parsed = keys.map((it) => ssh2.utils.parseKey(it.private) as ssh2.ParsedKey);
  const server = createServer((socket) => {
    const protocol = new ssh2.AgentProtocol(false);
    protocol.on('identities', (request) => protocol.getIdentitiesReply(request, parsed));
    protocol.on('sign', (request, public_, data, options) => {
      const key = parsed.find((it) => it.getPublicSSH().equals((public_ as ssh2.ParsedKey).getPublicSSH()));
      protocol.signReply(request, key?.sign(data, options.hash) as Buffer);
    });
    socket.on('error', () => {});
    socket.pipe(protocol).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  closers.push(() => new Promise((resolve) => server.close(() => resolve())));
  return path;
}

function keyFile(key: { private: string; public?: string }, name = 'id_test'): string {
  const path = join(folder(), name);
  writeFileSync(path, key.private);
  chmodSync(path, 0o600);
  if (key.public) writeFileSync(`${path}.pub`, `${key.public}\n`);
  return path;
}

function ring(answers: (string | undefined)[] | undefined = undefined) {
  const asked: string[] = [];
  const warnings: string[] = [];
  const person: Prompts | undefined = answers && {
    secret: async (question) => {
      asked.push(question);
      return answers.shift();
    },
    confirm: async () => false,
  };
  return {
    asked,
    warnings,
    keys: new KeyRing(turns(person), (where, text) => void warnings.push(`${where}: ${text}`)),
  };
}

const NONE: KeySources = { named: [], usual: [], agent: undefined, onlyFiles: false };

async function logIn(keys: KeyRing, sources: Partial<KeySources>, authorized: TestKey, maxAuthTries = 6) {
  const it = await rig(
    { authorized: [authorized], maxAuthTries },
    { target: { credentials: () => keys.credentials({ ...NONE, ...sources }) } },
  );
  closers.push(it.close);
  const { code } = await it.host.exec('true', { deadlineS: 5 });
  return { code, logins: it.server.logins.length, connections: it.server.sockets.length };
}

describe('keys', () => {
  test.each(['ed25519', 'ecdsa', 'rsa'] as const)('a file: %s', async (type) => {
    const key = makeKey(type);
    expect((await logIn(ring().keys, { usual: [keyFile(key)] }, key)).code).toBe(0);
  });

  test.each(['ed25519', 'rsa'] as const)('the agent: %s', async (type) => {
    const key = makeKey(type);
    expect((await logIn(ring().keys, { agent: await agent([makeKey(), key]) }, key)).code).toBe(0);
  });

  test('are tried in order: named file, agent, usual files', async () => {
    const [named, held, usual] = [makeKey(), makeKey(), makeKey()];
    const paths = { named: [keyFile(named)], usual: [keyFile(usual)] };
    const list = await ring().keys.credentials({ ...NONE, ...paths, agent: await agent([held]) });
    expect(list.map((it) => it.label)).toEqual([
      `key ${paths.named[0]}`,
      expect.stringMatching(/^agent key /),
      `key ${paths.usual[0]}`,
    ]);
  });

  test('a named key is first even when the agent holds twelve others, and signs for it', async () => {
    const open = makeKey();
    const others = Array.from({ length: 12 }, () => makeKey());
    const { keys, asked } = ring([]);
    const result = await logIn(keys, { named: [keyFile(open)], agent: await agent([...others, open]) }, open);
    // Asked whether the key would do, then signed with it.
    expect([result.connections, result.logins, asked]).toEqual([1, 2, []]);
  });

  test('the agent alone with twelve keys gets there too', async () => {
    const key = makeKey();
    const others = Array.from({ length: 12 }, () => makeKey());
    const result = await logIn(ring().keys, { agent: await agent([...others, key]) }, key);
    expect([result.code, result.connections]).toEqual([0, 2]);
  });

  test('IdentitiesOnly: of the agent only what stands in a file', async () => {
    const [key, other] = [makeKey(), makeKey()];
    const sources = { ...NONE, usual: [keyFile(key)], agent: await agent([other, key]), onlyFiles: true };
    expect((await ring().keys.credentials(sources)).map((it) => it.label)).toEqual([
      expect.stringMatching(/^agent key/),
    ]);
  });

  test('a locked key whose public half the agent has needs no passphrase', async () => {
    const key = makeKey();
    const path = keyFile({ private: makeKey('ed25519', 'secret').private, public: key.public });
    const { keys, asked } = ring(['secret']);
    expect((await logIn(keys, { named: [path], agent: await agent([key]) }, key)).code).toBe(0);
    expect(asked).toEqual([]);
  });

  test.each(['ed25519', 'rsa'] as const)('a passphrase is asked for once for all hosts: %s', async (type) => {
    const key = makeKey(type, 'correct horse');
    const path = keyFile(key);
    const { keys, asked } = ring(['wrong', 'correct horse']);
    const all = await Promise.all([1, 2, 3].map(() => logIn(keys, { usual: [path] }, key)));
    expect(all.map((it) => it.code)).toEqual([0, 0, 0]);
    expect(asked).toEqual([`Passphrase of key ${path}: `, `That was not it. Passphrase of key ${path}: `]);
  });

  test('is not asked for when another key opens the door', async () => {
    const key = makeKey();
    const { keys, asked } = ring(['secret']);
    await logIn(keys, { usual: [keyFile(key), keyFile(makeKey('ed25519', 'secret'))] }, key);
    expect(asked).toEqual([]);
  });

  test('nobody to ask: left out, with a warning', async () => {
    const path = keyFile(makeKey('ed25519', 'secret'));
    const { keys, warnings } = ring();
    await expect(logIn(keys, { usual: [path] }, makeKey())).rejects.toMatchObject({ kind: 'auth' });
    expect(warnings).toEqual([expect.stringContaining('it has a passphrase, and there is no terminal')]);
  });

  test.each([
    ['PKCS8 RSA', pkcs8Rsa()],
    ['no key at all', 'hello'],
  ])('%s: left out with a warning, once, and the others are tried', async (_, text) => {
    const key = makeKey();
    const { keys, warnings } = ring();
    const sources = { named: [keyFile({ private: text })], usual: [keyFile(key)] };
    await logIn(keys, sources, key);
    await logIn(keys, sources, key);
    expect(warnings).toEqual([expect.stringContaining('mlk8s cannot read this type or format')]);
  });

  test('a named file that is missing is said, a usual one is not', async () => {
    const { keys, warnings } = ring();
    await keys.credentials({ ...NONE, named: ['/nowhere/a'], usual: ['/nowhere/b'] });
    expect(warnings).toEqual([expect.stringContaining('/nowhere/a')]);
  });

  test('an agent that does not answer is left out with a warning', async () => {
    const { keys, warnings } = ring();
    expect(await keys.credentials({ ...NONE, agent: '/nowhere/agent' })).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('the SSH agent does not answer')]);
  });
});
