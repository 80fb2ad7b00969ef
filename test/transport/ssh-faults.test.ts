import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { ServerChannel } from 'ssh2';
import { afterEach, describe, expect, test } from 'vitest';
import { HostError } from '../../src/transport/host.ts';
import './clean.ts';
import { folder } from './fakes.ts';
import { fastClock, type Rig, rig } from './rig.ts';
import type { Behaviour } from './server.ts';

const rigs: Rig[] = [];
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((r) => r.close()));
});

async function make(...args: Parameters<typeof rig>): Promise<Rig> {
  const it = await rig(...args);
  rigs.push(it);
  return it;
}

function begin(channel: ServerChannel): void {
  channel.stdout.write('\x02mlk8s: the script starts here\x03\nhalf of the ');
}

const S5 = { deadlineS: 5 };

async function failure(work: Promise<unknown>): Promise<HostError> {
  const error = await work.then(
    () => new Error('it succeeded'),
    (it: unknown) => it,
  );
  if (!(error instanceof HostError)) throw error;
  return error;
}

type OnExec = NonNullable<Behaviour['onExec']>;

const LOSSES: Record<string, OnExec> = {
  'the server says farewell (FIN)': ({ channel, socket }) => {
    begin(channel);
    setTimeout(() => socket.end(), 20);
    return true;
  },
  'the connection is reset (RST)': ({ channel, socket }) => {
    begin(channel);
    setTimeout(() => socket.resetAndDestroy(), 20);
    return true;
  },
  'the channel is closed without a status': ({ channel }) => {
    begin(channel);
    setTimeout(() => channel.end(), 20);
    return true;
  },
  'the process is killed by a signal without a known name': ({ channel }) => {
    begin(channel);
    channel.exit('ODD' as 'KILL', false, '');
    channel.end();
    return true;
  },
  'the status comes, but not the end of the output': ({ channel, socket }) => {
    begin(channel);
    channel.exit(0);
    setTimeout(() => socket.destroy(), 20);
    return true;
  },
};

describe('a command under which the connection goes away', () => {
  test.each(Object.keys(LOSSES))('%s: it is lost, never done', async (name) => {
    const { host } = await make({ onExec: LOSSES[name] as OnExec });
    const error = await failure(host.exec('true', S5));
    expect(error.kind).toBe('lost');
    expect(error.problem.where).toContain('rig1 (ada@127.0.0.1:');
    expect(error.problem.next.length).toBeGreaterThan(0);
  });

  test('a frozen peer is found out by keepalive, long before the deadline', async () => {
    const { host } = await make(
      {
        onExec: ({ channel, socket }) => {
          begin(channel);
          setTimeout(() => socket.pause(), 20);
          return true;
        },
      },
      { clock: fastClock(100) },
    );
    const error = await failure(host.exec('true', { deadlineS: 1000 }));
    expect([error.kind, error.message]).toEqual(['lost', expect.stringContaining('Keepalive timeout')]);
  });

  test('the next call connects again', async () => {
    const { host, server } = await make({
      onExec: (it) => it.nth === 1 && LOSSES['the connection is reset (RST)']?.(it),
    });
    await failure(host.exec('true', S5));
    expect((await host.exec('echo again', S5)).stdout.toString()).toBe('again\n');
    expect(server.sockets).toHaveLength(2);
  });

  test('others on the same connection are lost too, and the queued ones go on', async () => {
    let dropped = false;
    const { host } = await make({
      onExec: ({ channel, socket, nth }) => {
        if (dropped) return false;
        begin(channel);
        if (nth === 4) {
          dropped = true;
          setTimeout(() => socket.destroy(), 50);
        }
        return true;
      },
    });
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => host.exec('true', S5)));
    expect(outcomes.map((it) => it.status)).toEqual([...Array(4).fill('rejected'), 'fulfilled', 'fulfilled']);
  });

  test('a reset on an idle connection does not end the process', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [await bundled(RESETS)]);
    expect(stdout.trim().split('\n')).toEqual(['first ok', 'lost', 'idle ok', 'alive']);
  });
});

describe('a command that does not end', () => {
  const endless: OnExec = ({ channel }) => {
    begin(channel);
    return true;
  };

  test('is given up at its deadline, and its channel is closed', async () => {
    let closed = false;
    const { host } = await make(
      {
        onExec: (it) => {
          it.channel.on('close', () => {
            closed = true;
          });
          it.channel.resume();
          return endless(it);
        },
      },
      {},
    );
    const error = await failure(host.exec('true', { deadlineS: 0.2 }));
    expect([error.kind, error.problem.seen]).toEqual(['deadline', 'the command did not end within 0.2 s']);
    await expect.poll(() => closed).toBe(true);
  });

  test('a start that is never answered is given up too', async () => {
    const { host, server } = await make();
    await host.exec('true', S5);
    server.sockets[0]?.pause();
    expect((await failure(host.exec('true', { deadlineS: 0.3 }))).kind).toBe('deadline');
  });

  test('can be aborted: running, queued, and before the connect', async () => {
    const { host } = await make({ onExec: endless });
    const stop = new AbortController();
    const calls = Array.from({ length: 6 }, () => host.exec('true', { deadlineS: 60, signal: stop.signal }));
    setTimeout(() => stop.abort(new Error('enough')), 100);
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.every((it) => it.status === 'rejected' && it.reason.message === 'enough')).toBe(true);
    await expect(host.exec('true', { deadlineS: 60, signal: stop.signal })).rejects.toThrow('enough');
  });

  test('aborts while it still connects', async () => {
    const { host } = await make({ onSocket: () => true });
    const signal = AbortSignal.timeout(100);
    await expect(host.exec('true', { deadlineS: 60, signal })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('prints without an end: stopped when it is more than may be kept', async () => {
    const { host } = await make();
    const error = await failure(host.exec('yes', { deadlineS: 20, maxBytes: 100_000 }));
    expect([error.kind, error.problem.seen]).toEqual(['flood', 'a command printed more than 100000 bytes']);
    expect((await host.exec('echo still here', S5)).stdout.toString()).toBe('still here\n');
  });
});

describe('a server that starts no command', () => {
  test('refuses the exec', async () => {
    const { host } = await make({ refuseExec: true });
    expect(await failure(host.exec('true', S5))).toMatchObject({
      kind: 'auth',
      problem: { seen: expect.stringContaining('runs no command: Unable to exec') },
    });
  });

  test('refuses the session', async () => {
    const { host } = await make({ maxSessions: 0 });
    expect(await failure(host.exec('true', S5))).toMatchObject({
      kind: 'unreachable',
      problem: { next: [expect.stringContaining('MaxSessions')] },
    });
  });

  test('has an account without a shell', async () => {
    const { host } = await make({
      onExec: ({ channel }) => {
        channel.stdout.write('This account is currently not available.\n');
        channel.exit(1);
        channel.end();
        return true;
      },
    });
    const error = await failure(host.exec('true', S5));
    expect([error.kind, error.problem.seen]).toEqual([
      'auth',
      'the login of ada gave no shell: exit 1, This account is currently not available.',
    ]);
  });
});

/** A program of its own: what it prints shows that it was still alive then. */
const RESETS = `
import { setTimeout as wait } from 'node:timers/promises';
import { removeFolders } from './fakes.ts';
import { rig } from './rig.ts';

const { host, server, close } = await rig({
  onExec: ({ socket, nth }) => {
    if (nth !== 2) return false;
    setTimeout(() => socket.resetAndDestroy(), 20);
    return true;
  },
});
const S5 = { deadlineS: 5 };
await host.exec('true', S5);
console.log('first ok');
await host.exec('true', S5).catch((error) => console.log(error.kind));
await host.exec('true', S5);
server.sockets[1]?.resetAndDestroy();
await wait(100);
console.log('idle ok');
await host.exec('true', S5);
await close();
removeFolders();
console.log('alive');
`;

/** A program that uses the helpers of the tests, as one file that plain Node runs. */
async function bundled(contents: string): Promise<string> {
  const outfile = join(folder(), 'child.mjs');
  await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['*.node', 'cpu-features'],
    banner: {
      js: "import { createRequire as r } from 'node:module'; const require = r(import.meta.url), __dirname = '/';",
    },
    logLevel: 'error',
  });
  return outfile;
}
