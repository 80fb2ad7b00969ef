import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { realClock } from '../../src/transport/clock.ts';
import { LocalHost, WorkstationHost } from '../../src/transport/local.ts';
import './clean.ts';
import { sudoWorld } from './fakes.ts';

const S5 = { deadlineS: 5 };
const workstation = (env: NodeJS.ProcessEnv = process.env) =>
  new WorkstationHost({ name: 'workstation', clock: realClock, env });

describe('the workstation', () => {
  test('runs scripts as the user, with the user’s home and PATH', async () => {
    const host = workstation({ ...process.env, HOME: '/tmp', PATH: `/opt/mine:${process.env.PATH}` });
    const { stdout, stderr, code } = await host.exec('echo "$HOME|${PATH%%:*}|$PWD"; echo e >&2; exit 3', S5);
    expect({ stdout: stdout.toString(), stderr, code }).toEqual({
      stdout: '/tmp|/opt/mine|/tmp\n',
      stderr: 'e\n',
      code: 3,
    });
    expect(host.execs).toBe(1);
  });

  test('keeps megabytes whole', async () => {
    const { stdout } = await workstation().exec('seq 1 400000', { deadlineS: 20 });
    expect(stdout.length).toBe(2_688_895);
  });

  test('gives up at the deadline and ends what it started', async () => {
    const host = workstation();
    await expect(host.exec('sleep 61.7', { deadlineS: 0.2 })).rejects.toMatchObject({ kind: 'deadline' });
    const clock = { ...realClock, execMs: () => 50 };
    const scaled = new WorkstationHost({ name: 'workstation', clock, env: process.env });
    await expect(scaled.exec('sleep 61.7', { deadlineS: 60 })).rejects.toMatchObject({ kind: 'deadline' });
    const left = async () => (await host.exec('pgrep -f "^sleep 61.7" || true', S5)).stdout.toString();
    await expect.poll(left).toBe('');
  });

  test('stops a flood, honours an abort, and knows signals', async () => {
    const host = workstation();
    await expect(host.exec('yes', { ...S5, maxBytes: 1000 })).rejects.toMatchObject({ kind: 'flood' });
    await expect(host.exec('sleep 9', { ...S5, signal: AbortSignal.timeout(50) })).rejects.toThrow();
    expect((await host.exec('kill -TERM $$', S5)).code).toBe(143);
  });

  test('talks in lines, and is heard ending', async () => {
    const session = await workstation().open('while read -r x; do echo "<$x>"; done; echo bye');
    session.write('a');
    expect(await session.read(5)).toBe('<a>');
    session.close();
    await session.closed;
    expect(await session.read(5)).toBeUndefined();
  });

  test('has no terminal, so that Ctrl-C and sudo do not meet there', async () => {
    const { stdout } = await workstation().exec('(: </dev/tty) 2>/dev/null && echo terminal || echo none', S5);
    expect(stdout.toString()).toBe('none\n');
  });

  test('ends what still runs when it is closed', async () => {
    const host = workstation();
    const session = await host.open('read -r x');
    await host.close();
    await Promise.race([session.closed, wait(2000).then(() => Promise.reject(new Error('still open')))]);
  });
});

describe('a local node', () => {
  const passwords = { known: () => undefined, ask: async () => 'pa ss\\w0rd', accepted: () => {} };

  test('takes root by the same launcher', async () => {
    const host = new LocalHost({ name: 'box', clock: realClock, env: sudoWorld('password').env, passwords });
    expect((await host.exec('echo "$HOME ${FAKE_UID-}"', S5)).stdout.toString()).toBe('/root 0\n');
    expect(host.execs).toBe(2);
  });

  test('says where it has no sudo', async () => {
    const host = new LocalHost({ name: 'box', clock: realClock, env: sudoWorld('none').env });
    await expect(host.exec('true', S5)).rejects.toMatchObject({
      kind: 'sudo',
      problem: { where: 'box (this machine)' },
    });
  });
});
