import { Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import './clean.ts';
import { rootEnv, sudoWorld } from './fakes.ts';
import { fastClock, type Rig, rig } from './rig.ts';

const rigs: Rig[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(rigs.splice(0).map((r) => r.close()));
});

async function make(...args: Parameters<typeof rig>): Promise<Rig> {
  const it = await rig(...args);
  rigs.push(it);
  return it;
}

const S5 = { deadlineS: 5 };
const text = async (it: Rig, script: string) => (await it.host.exec(script, S5)).stdout.toString();

describe('a script over SSH', () => {
  test('runs in one exec, with its output, status and standard error apart', async () => {
    const { host, server } = await make();
    const result = await host.exec('echo out; echo err >&2; exit 3', S5);
    expect({ ...result, stdout: result.stdout.toString() }).toEqual({ stdout: 'out\n', stderr: 'err\n', code: 3 });
    expect(server.commands).toHaveLength(1);
    expect(host.execs).toBe(1);
  });

  test('never stands in the command', async () => {
    const { host, server } = await make();
    await host.exec('echo hidden-word', S5);
    expect(server.commands[0]).not.toContain('hidden-word');
  });

  test('may be 175 KB long', async () => {
    const script = Array.from({ length: 1000 }, (_, i) => `f${i}() { echo ${'x'.repeat(155)}; }`).join('\n');
    expect(script.length).toBeGreaterThan(170_000);
    expect(await text(await make(), `${script}\nf999 | wc -c`)).toBe('156\n');
  });

  test('keeps output of megabytes whole, in order', async () => {
    const { host } = await make();
    // Not both at once: ssh2's server breaks a channel whose two streams wait for the window together.
    const { stdout, stderr } = await host.exec('echo first >&2; seq 1 400000', { deadlineS: 20 });
    expect(stderr).toBe('first\n');
    expect(stdout.length).toBe(2_688_895);
    expect(stdout.subarray(-7).toString()).toBe('400000\n');
  });

  test('keeps characters whole that are split across packets', async () => {
    const { host } = await make({
      onExec: ({ channel }) => {
        const bytes = Buffer.from('\x02mlk8s: the script starts here\x03\ngrün ✓');
        channel.stdout.write(bytes.subarray(0, 10));
        setTimeout(() => channel.stdout.write(bytes.subarray(10, 35)), 20);
        setTimeout(() => {
          channel.stdout.write(bytes.subarray(35));
          channel.stderr.write(Buffer.from('ü').subarray(0, 1));
        }, 40);
        setTimeout(() => {
          channel.stderr.write(Buffer.from('ü').subarray(1));
          channel.exit(0);
          channel.end();
        }, 60);
        return true;
      },
    });
    const { stdout, stderr } = await host.exec('', S5);
    expect([stdout.toString(), stderr]).toEqual(['grün ✓', 'ü']);
  });

  test('is heard as it speaks', async () => {
    const { host } = await make();
    const heard: string[] = [];
    await host.exec('echo one; sleep 0.1; echo two', { ...S5, onStdout: (chunk) => heard.push(chunk.toString()) });
    expect(heard).toEqual(['one\n', 'two\n']);
  });

  test('is not confused by a login shell that prints and by its own exit codes', async () => {
    const { host } = await make({ env: { ...rootEnv(), ENV: '/dev/null' }, shell: 'bash' });
    expect((await host.exec('exit 96', S5)).code).toBe(96);
    const noisy = await make({
      onExec: ({ channel }) => {
        channel.stdout.write('Welcome!\n\x02mlk8s: the script starts here\x03\nanswer\n');
        channel.exit(97);
        channel.end();
        return true;
      },
    });
    const { stdout, code } = await noisy.host.exec('', S5);
    expect({ stdout: stdout.toString(), code }).toEqual({ stdout: 'answer\n', code: 97 });
  });

  test('finishes when a background child let go of the streams', async () => {
    expect(await text(await make(), 'sleep 5 >/dev/null 2>&1 & echo ok')).toBe('ok\n');
  });

  test('has its exit code when it was killed by a signal that the server names', async () => {
    const { host } = await make({
      onExec: ({ channel }) => {
        channel.stdout.write('\x02mlk8s: the script starts here\x03\n');
        channel.exit('KILL', false, '');
        channel.end();
        return true;
      },
    });
    expect((await host.exec('', S5)).code).toBe(137);
  });
});

describe('the connection', () => {
  test('is made at the first call, shared by all, and kept', async () => {
    const { host, server } = await make();
    expect(server.sockets).toHaveLength(0);
    await Promise.all(Array.from({ length: 8 }, () => host.exec('true', S5)));
    await host.exec('true', S5);
    expect(server.sockets).toHaveLength(1);
  });

  test('does not wait to fill packets', async () => {
    const noDelay = vi.spyOn(Socket.prototype, 'setNoDelay');
    const { host } = await make();
    await host.exec('true', S5);
    const ours = noDelay.mock.contexts.filter((it) => (it as Socket).remotePort === rigs[0]?.server.port);
    expect(ours).toHaveLength(1);
  });

  test('carries four commands at once and queues the others', async () => {
    const { host, server } = await make({ maxSessions: 10 });
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => host.exec(`sleep 0.01; echo ${i}`, S5)));
    expect(answers.map((it) => Number(it.stdout))).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect(server.peak).toBe(4);
  });

  test('is made anew when the machine went away between two calls', async () => {
    const { host, server } = await make();
    await host.exec('true', S5);
    server.sockets[0]?.destroy();
    expect((await host.exec('echo back', S5)).stdout.toString()).toBe('back\n');
    expect(server.sockets).toHaveLength(2);
  });

  test('says farewell to a frozen peer for no longer than a second', async () => {
    const { host, server } = await make();
    await host.exec('true', S5);
    server.sockets[0]?.pause();
    const since = performance.now();
    await host.close();
    expect(performance.now() - since).toBeLessThan(1500);
    await expect(host.exec('true', S5)).rejects.toThrow('closed');
  });
});

describe('sudo', () => {
  const passwords = (answers: (string | undefined)[], known?: string) => {
    const asked: (string | undefined)[] = [];
    const ask = async (_: string, refused: string | undefined) => {
      asked.push(refused);
      return answers.shift();
    };
    return { asked, known: () => known, ask, accepted: vi.fn() };
  };

  test('without a password: one exec, nobody asked', async () => {
    const source = passwords([]);
    const { host } = await make({ env: sudoWorld('nopasswd').env }, { passwords: source });
    await host.exec('true', S5);
    expect([host.execs, source.asked]).toEqual([1, []]);
  });

  test('a password is asked for when the host wants one', async () => {
    const source = passwords(['pa ss\\w0rd']);
    const { host } = await make({ env: sudoWorld('password').env }, { passwords: source });
    expect((await host.exec('echo in', S5)).stdout.toString()).toBe('in\n');
    expect([host.execs, source.asked]).toEqual([2, [undefined]]);
    expect(source.accepted).toHaveBeenCalledWith('rig1', 'pa ss\\w0rd');
  });

  test('a password that is known goes with the first exec', async () => {
    const { host } = await make({ env: sudoWorld('password').env }, { passwords: passwords([], 'pa ss\\w0rd') });
    await host.exec('true', S5);
    expect(host.execs).toBe(1);
  });

  test('a wrong one is asked for again, and one attempt of sudo each', async () => {
    const world = sudoWorld('password');
    const source = passwords(['wrong', 'pa ss\\w0rd']);
    const { host } = await make({ env: world.env }, { passwords: source });
    await host.exec('true', S5);
    expect(source.asked).toEqual([undefined, 'wrong']);
    expect(world.log().filter((line) => line === 'read wrong')).toHaveLength(1);
  });

  test.each([
    ['password', undefined, /sudo wants the password of ada/],
    ['password', 'wrong', /did not accept the password of ada: sudo: 1 incorrect password attempt/],
    ['denied', 'pa ss\\w0rd', /sudo refuses ada: ada is not in the sudoers file/],
    ['tty', undefined, /must have a tty/],
    ['none', undefined, /sudo is not installed/],
  ] as const)('%s with password %s: says what is wrong', async (mode, password, seen) => {
    const { host } = await make({ env: sudoWorld(mode).env }, { passwords: passwords([password]) });
    const error = await host.exec('true', S5).catch((it) => it);
    expect(error).toMatchObject({ kind: 'sudo', problem: { seen: expect.stringMatching(seen) } });
    expect(JSON.stringify(error.problem)).not.toContain('pa ss');
  });

  test('a talking script gets through as well', async () => {
    const { host } = await make({ env: sudoWorld('password').env }, { passwords: passwords(['pa ss\\w0rd']) });
    const session = await host.open('while read -r x; do echo "<$x>"; done');
    session.write('a b');
    expect(await session.read(5)).toBe('<a b>');
    session.close();
  });
});

describe('a talking script', () => {
  test('hears and answers line by line, and its end is seen', async () => {
    const { host } = await make();
    const session = await host.open('echo ready; while read -r x && [ "$x" != stop ]; do echo "<$x>"; done; echo bye');
    expect(await session.read(5)).toBe('ready');
    session.write('eins');
    session.write('zwei ü');
    expect([await session.read(5), await session.read(5)]).toEqual(['<eins>', '<zwei ü>']);
    session.write('stop');
    expect(await session.read(5)).toBe('bye');
    expect(await session.read(5)).toBeUndefined();
    await session.closed;
  });

  test('silence ends a read, not the script', async () => {
    const { host } = await make({}, { clock: fastClock(10) });
    const session = await host.open('read -r x; echo "<$x>"');
    await expect(session.read(1)).rejects.toMatchObject({ kind: 'deadline' });
    session.write('late');
    expect(await session.read(20)).toBe('<late>');
  });

  test('ends when the connection does', async () => {
    const { host, server } = await make();
    const session = await host.open('echo ready; read -r x');
    await session.read(5);
    server.sockets[0]?.destroy();
    await session.closed;
    expect(await session.read(5)).toBeUndefined();
    session.write('nobody hears it');
  });

  test('takes none of the four places', async () => {
    const { host } = await make();
    const sessions = await Promise.all(Array.from({ length: 4 }, () => host.open('read -r x')));
    expect((await host.exec('echo free', S5)).stdout.toString()).toBe('free\n');
    for (const session of sessions) session.close();
  });
});
