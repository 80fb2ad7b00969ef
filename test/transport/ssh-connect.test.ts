import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { realClock } from '../../src/transport/clock.ts';
import { HostError } from '../../src/transport/host.ts';
import { fingerprint, pinned } from '../../src/transport/host-keys.ts';
import { Connection } from '../../src/transport/ssh.ts';
import { type Credential, passwordCredentials, privateKey } from '../../src/transport/ssh-auth.ts';
import './clean.ts';
import { folder } from './fakes.ts';
import { makeKey } from './keys.ts';
import { fastClock, hostFor, type Rig, rig, userKey } from './rig.ts';
import { startServer } from './server.ts';

const rigs: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((r) => r.close()));
});

async function make(...args: Parameters<typeof rig>): Promise<Rig> {
  const it = await rig(...args);
  rigs.push(it);
  return it;
}

const S5 = { deadlineS: 5 };

async function failure({ host }: Pick<Rig, 'host'>): Promise<HostError> {
  const error = await host.exec('true', S5).then(
    () => new Error('it succeeded'),
    (it: unknown) => it,
  );
  if (!(error instanceof HostError)) throw error;
  expect(error.problem.where).toMatch(/^(rig1|devbox)/);
  expect(error.problem.why).toBeTruthy();
  expect(error.problem.next.length).toBeGreaterThan(0);
  return error;
}

const offer = (...credentials: Credential[]) => ({ target: { credentials: async () => credentials } });
/** A wait of 20 s in 0.2 s. */
const impatient = { clock: fastClock(100) };

describe('a connect that fails says what was seen', () => {
  test('nothing listens', async () => {
    const it = await make();
    await it.server.close();
    const { kind, problem } = await failure(it);
    expect([kind, problem.seen]).toEqual(['unreachable', expect.stringMatching(/nothing listens on port \d+/)]);
    expect(problem.next[0]).toContain('openssh-server');
  });

  test('the name has no address', async () => {
    const it = await make({}, { target: { host: 'no-such-machine.invalid' } });
    const { kind, problem } = await failure(it);
    expect([kind, problem.seen]).toEqual(['unreachable', 'the name no-such-machine.invalid has no address']);
  });

  test('the way there does not answer', async () => {
    const sock = async () => createSilent();
    const it = await make({}, { ...impatient, target: { sock } });
    const { kind, problem } = await failure(it);
    expect([kind, problem.seen]).toEqual(['unreachable', expect.stringMatching(/^no answer from 127\.0\.0\.1 port/)]);
    expect(problem.next).toContainEqual(expect.stringContaining('ping'));
  });

  test('no greeting', async () => {
    const { problem } = await failure(await make({ onSocket: () => true }, impatient));
    expect(problem.seen).toMatch(/took the connection but sent no SSH greeting within 20 s/);
  });

  test('no answer to the login', async () => {
    const { problem } = await failure(await make({ silentAuth: true }, { clock: fastClock(20) }));
    expect(problem.seen).toBe('127.0.0.1 did not answer the login within 20 s');
  });

  test.each([
    ['hangs up at once', (socket: Socket) => socket.end()],
    ['resets at once', (socket: Socket) => socket.resetAndDestroy()],
  ])('%s', async (_, act) => {
    const onSocket = (socket: Socket) => {
      act(socket);
      return true;
    };
    const { kind, problem } = await failure(await make({ onSocket }));
    expect([kind, problem.seen]).toEqual([
      'unreachable',
      expect.stringContaining('dropped it without an SSH greeting'),
    ]);
  });

  test.each(['HTTP/1.1 400 Bad Request\r\n\r\n', 'x'.repeat(40_000), '\0\0\0\0\r\nSSH-1.5-old\r\n'])(
    'speaks something else',
    async (garbage) => {
      const onSocket = (socket: Socket) => {
        socket.end(garbage);
        return true;
      };
      expect((await failure(await make({ onSocket }))).kind).toBe('unreachable');
    },
  );

  test('no common algorithm', async () => {
    const it = await make({ algorithms: { kex: ['diffie-hellman-group1-sha1'] } });
    const { problem } = await failure(it);
    expect(problem.seen).toBe('no common algorithm with the SSH server: no matching key exchange algorithm');
  });

  test('another host key than the pinned one', async () => {
    const it = await make({}, { hostKeys: pinned('rig1', `SHA256:${'A'.repeat(43)}`) });
    const { kind, problem } = await failure(it);
    expect(kind).toBe('host-key');
    expect(problem.seen).toContain(fingerprint(it.server.hostKey.blob));
    expect(problem.seen).toContain(`SHA256:${'A'.repeat(43)}`);
  });
});

describe('the login', () => {
  test('a wrong key: what was tried and what to type', async () => {
    const it = await make({ authorized: [makeKey()], password: 'x' });
    const { kind, problem } = await failure(it);
    expect([kind, problem.seen]).toEqual([
      'auth',
      'the login as ada was refused; tried key id_test; the server takes publickey, password',
    ]);
    expect(problem.next[0]).toMatch(/^put your key there: ssh-copy-id -p \d+ ada@127\.0\.0\.1$/);
  });

  test.each([
    ['rig1', 'change ssh.user of this node, or name the key: ssh.identityFile of this node in the cluster file, or '],
    ['devbox', 'change the user before the @ in devbox.host, or name the key: '],
  ])('a wrong key of %s: where the file says who logs in', async (name, said) => {
    const { problem } = await failure(await make({ authorized: [makeKey()] }, { name }));
    expect(problem.next).toContain(`another user or key: ${said}IdentityFile in ~/.ssh/config`);
  });

  test('no key at all', async () => {
    const { problem } = await failure(await make({ authorized: [makeKey()] }, offer()));
    expect(problem.seen).toContain('tried nothing: no key was found; the server takes publickey');
  });

  test('goes on to the next key', async () => {
    const it = await make({ authorized: [userKey] }, offer(privateKey(makeKey().private), privateKey(userKey.private)));
    expect((await it.host.exec('true', S5)).code).toBe(0);
  });

  test.each(['ed25519', 'ecdsa', 'rsa'] as const)('takes %s keys', async (type) => {
    const key = makeKey(type);
    const it = await make({ authorized: [key] }, offer(privateKey(key.private)));
    expect((await it.host.exec('true', S5)).code).toBe(0);
  });

  test('a server that hangs up after six wrong keys is asked again with the others', async () => {
    const wrong = Array.from({ length: 9 }, (_, i) => privateKey(makeKey().private, `key ${i}`));
    const it = await make({ authorized: [userKey] }, offer(...wrong, privateKey(userKey.private)));
    expect((await it.host.exec('true', S5)).code).toBe(0);
    expect(it.server.sockets).toHaveLength(2);
  });

  test('and not for ever', async () => {
    const wrong = Array.from({ length: 40 }, (_, i) => privateKey(userKey.private, `key ${i}`));
    const it = await make({ authorized: [makeKey()] }, offer(...wrong));
    const { kind, problem } = await failure(it);
    expect([kind, problem.seen]).toEqual(['auth', expect.stringMatching(/^the server hung up after too many keys/)]);
    expect(it.server.sockets).toHaveLength(4);
  });

  test('a password, and a wrong one', async () => {
    const right = await make({ authorized: [], password: 'sesame' }, offer(...passwordCredentials('sesame')));
    expect((await right.host.exec('true', S5)).code).toBe(0);
    const wrong = await make({ authorized: [], password: 'sesame' }, offer(...passwordCredentials('simsim')));
    const { kind, problem } = await failure(wrong);
    expect([kind, problem.seen]).toEqual(['auth', 'the password of ada was not accepted']);
    expect(JSON.stringify(problem)).not.toContain('simsim');
  });

  test('the clock stands still while a person is asked', async () => {
    const slow: Credential = {
      label: 'slow',
      method: async (user) => {
        await new Promise((resolve) => setTimeout(resolve, 600));
        return privateKey(userKey.private).method(user);
      },
    };
    const it = await make({}, { clock: fastClock(50), ...offer(slow) });
    expect((await it.host.exec('true', { deadlineS: 200 })).code).toBe(0);
  });

  test('a server that hangs up while a person thinks is connected to again', async () => {
    const verified: number[] = [];
    const hostKeys = {
      algorithms: async () => undefined,
      verify: async () => {
        verified.push(1);
        if (verified.length > 1) return;
        setTimeout(() => it.server.sockets[0]?.destroy(), 50);
        await new Promise((resolve) => setTimeout(resolve, 1100));
      },
    };
    const it = await make({}, { hostKeys });
    expect((await it.host.exec('true', S5)).code).toBe(0);
    expect([verified.length, it.server.sockets.length]).toEqual([2, 2]);
  });
});

describe('other ways to the machine', () => {
  test('a unix socket', async () => {
    const { server } = await make();
    const path = `${folder()}/ssh.sock`;
    const relay = createServer((socket) => socket.pipe(connect(server.port, '127.0.0.1')).pipe(socket));
    await new Promise<void>((resolve) => relay.listen(path, resolve));
    rigs.push({ close: () => new Promise((resolve) => relay.close(() => resolve())) });
    const host = hostFor(server, { target: { sock: async () => connect(path) } });
    expect((await host.exec('echo here', S5)).stdout.toString()).toBe('here\n');
    await host.close();
  });

  test('a unix socket that is not there', async () => {
    const { server } = await make();
    const host = hostFor(server, { target: { sock: async () => connect('/nowhere/ssh.sock') } });
    const { kind, problem } = await failure({ host });
    expect([kind, problem.seen]).toEqual(['unreachable', expect.stringContaining('ENOENT')]);
  });

  test('a jump host, and what lies behind it does not listen', async () => {
    const gate = await startServer({ forward: true });
    const jump = new Connection({
      name: 'gate',
      clock: realClock,
      hostKeys: pinned('gate', fingerprint(gate.hostKey.blob)),
      target: {
        ...{ host: '127.0.0.1', port: gate.port, user: 'ada' },
        credentials: async () => [privateKey(userKey.private)],
      },
    });
    const { server } = await make();
    const host = hostFor(server, {
      target: { sock: async () => (await jump.link()).forward('127.0.0.1', server.port) },
    });
    expect((await host.exec('echo behind', S5)).stdout.toString()).toBe('behind\n');
    await host.close();
    const nobody = hostFor(server, { target: { sock: async () => (await jump.link()).forward('127.0.0.1', 1) } });
    expect((await failure({ host: nobody })).problem.seen).toMatch(/^the jump host cannot reach 127\.0\.0\.1 port/);
    await jump.close();
    await gate.close();
  });
});

/** A socket that never comes to an end with connecting. */
function createSilent(): Socket {
  return connect({ host: 'silent.invalid', port: 1, lookup: () => {} });
}
