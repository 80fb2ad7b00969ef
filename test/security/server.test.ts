import { describe, expect, it } from 'vitest';
import { type JobListener, runJob } from '../../src/engine/jobs.ts';
import { STARTED } from '../../src/shell/launcher.ts';
import { realClock } from '../../src/transport/clock.ts';
import { type ExecOptions, type Host, HostError } from '../../src/transport/host.ts';
import { pinned } from '../../src/transport/host-keys.ts';
import { SshHost } from '../../src/transport/ssh.ts';
import { passwordCredentials, privateKey } from '../../src/transport/ssh-auth.ts';
import { Bytes, Intake, Tail } from '../../src/transport/wire.ts';
import { fastClock, userKey } from '../transport/rig.ts';
import { AFTER, BEFORE, type Evil, type EvilServer, evilServer } from './evil-server.ts';
import { runs } from './hostile.ts';

/** Where a deadline is all that ends it, time passes this much faster. */
const TIMES = 8;
/** Real seconds in which everything has ended, on a machine that does other things too. */
const SOON_S = 60;

function client(server: EvilServer, times: number): SshHost {
  return new SshHost({
    name: 'rig1',
    clock: fastClock(times),
    hostKeys: pinned('rig1', server.hostKey),
    target: {
      host: '127.0.0.1',
      port: server.port,
      user: 'ada',
      credentials: async () => [privateKey(userKey.private), ...passwordCredentials('pa ss')],
    },
  });
}

/** Those that take long are left to `npm run test:security`. */
const some = (all: Readonly<Record<string, Evil>>) =>
  Object.entries(all).filter(([, it]) => !(it.waits || it.much) || runs(0, 1));

/** How a command on that server ends; throws when it ends with anything but an answer or a problem. */
async function endOf(evil: Evil): Promise<string> {
  const server = await evilServer(evil);
  const host = client(server, evil.waits ? TIMES : 1);
  try {
    const { stdout } = await host.exec('true', { deadlineS: 60, maxBytes: 12 << 20 });
    return `answer of ${stdout.length}`;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    const { where, seen, next } = error.problem;
    expect([where, seen, ...next].every((it) => it.trim() !== '')).toBe(true);
    expect(seen.length).toBeLessThan(1000);
    return error.kind;
  } finally {
    await host.close();
    server.close();
  }
}

describe.concurrent('a server that', () => {
  it.each(some(BEFORE))('%s ends in a problem, soon', { timeout: SOON_S * 1000 }, async (_, evil) => {
    expect(['unreachable', 'auth', 'host-key', 'answer of 0']).toContain(
      await endOf({
        exec: (channel) => {
          channel.write(STARTED);
          channel.exit(0);
          channel.end();
        },
        ...evil,
      }),
    );
  });

  it.each(some(AFTER))('%s ends in a problem or an answer, soon', { timeout: SOON_S * 1000 }, async (_, evil) => {
    expect(await endOf(evil)).toMatch(/^(unreachable|auth|sudo|lost|deadline|flood|answer of \d+)$/);
  });

  it.each([
    ['lines', `${'a'.repeat(99)}\n`],
    ['one line', 'a'],
  ])('says more in %s than anybody reads is hung up on', { timeout: SOON_S * 1000 }, async (_, piece) => {
    const server = await evilServer({
      exec: (channel) => {
        channel.write(STARTED);
        channel.write(piece.repeat(1_500_000 / piece.length));
      },
    });
    const host = client(server, 1);
    const session = await host.open('true');
    await session.closed;
    let lines = 0;
    while ((await session.read(1)) !== undefined) lines++;
    expect(lines).toBeLessThan(15_000);
    await host.close();
    server.close();
  });
});

describe('bytes that come one by one', () => {
  const MILLION = 1 << 20;
  const one = Buffer.from('a');

  it('cost their own size', () => {
    const before = process.memoryUsage();
    const bytes = new Bytes();
    const tail = new Tail();
    const intake = new Intake();
    for (let i = 0; i < MILLION; i++) for (const it of [bytes, tail]) it.add(one);
    for (let i = 0; i < MILLION; i++) intake.take(one);
    const after = process.memoryUsage();
    expect(bytes.view().length).toBe(MILLION);
    expect(tail.toString().length).toBe(MILLION);
    expect(intake.noise.length).toBeLessThanOrEqual(2 * MILLION);
    const grown = after.heapUsed + after.external - before.heapUsed - before.external;
    expect(grown).toBeLessThan(32 * MILLION);
  });

  it('are found to be the start of a script wherever they are cut', () => {
    for (let cut = 1; cut < STARTED.length; cut++) {
      const intake = new Intake();
      const whole = Buffer.from(`noise${STARTED}out`);
      expect(intake.take(whole.subarray(0, 5 + cut)).length).toBe(0);
      expect(intake.take(whole.subarray(5 + cut)).toString()).toBe('out');
      expect(intake.started).toBe(true);
    }
  });
});

describe('the output of a job', () => {
  /** A host whose job prints `chunks` and then goes silent. */
  const printing = (chunks: readonly Buffer[]): Host => {
    const exec = async (_: string, { onStdout }: ExecOptions) => {
      for (const chunk of chunks) onStdout?.(chunk);
      return { stdout: Buffer.from('\nmlk8s-job x ended\nfinished\nend 0 0\n'), stderr: '', code: 0 };
    };
    return { name: 'rig1', clock: realClock, exec } as unknown as Host;
  };
  const job = { id: 'x', changes: [], inputs: {} };

  it('is read in time in proportion to its length, also as one line and in single bytes', {
    timeout: SOON_S * 1000,
  }, async () => {
    let longest = 0;
    let bytes = 0;
    const line = (text: string): void => {
      longest = Math.max(longest, text.length);
      bytes += text.length;
    };
    const listener: JobListener = { begin: () => {}, line, away: () => {} };
    const chunk = Buffer.alloc(32_768, 'z');
    await runJob(printing(Array(1000).fill(chunk)), job, 1, listener, new AbortController().signal);
    await runJob(printing(Array(300_000).fill(Buffer.from('z'))), job, 1, listener, new AbortController().signal);
    expect(longest).toBeLessThan(70_000);
    expect(bytes).toBeGreaterThan(32_000_000);
  });
});
