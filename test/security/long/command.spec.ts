import { readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { User } from '../../acceptance/user.ts';
import { makeKey } from '../../transport/keys.ts';
import { AFTER, BEFORE, type Evil, evilServer } from '../evil-server.ts';

/** KiB of memory that a server may make the command use at most, on top of what it uses with one that refuses it. */
const MOST_KIB = 150 * 1024;
/** A machine cannot be reached by a loopback address: the schema refuses those. */
const address = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find((it) => it.family === 'IPv4' && !it.internal)?.address;

/** `plan` against one machine that misbehaves: how it ended, and the most memory that it had. */
async function plan(evil: Evil): Promise<{ code: number | null; said: string; kib: number }> {
  const user = new User();
  const server = await evilServer(evil, address);
  try {
    const key = join(user.home, 'key');
    writeFileSync(key, makeKey().private, { mode: 0o600 });
    const ssh = `{ user: ada, port: ${server.port}, identityFile: ${key}, hostKey: '${server.hostKey}' }`;
    user.file(`name: home\nnodes:\n  - { name: rig1, address: ${address}, role: control-plane, ssh: ${ssh} }\n`);
    user.env.MLK8S_SUDO_PASSWORD = 'cAnArY-0f-sud0';
    const { child, end } = user.start('plan');
    let kib = 0;
    const timer = setInterval(() => {
      try {
        kib = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? kib);
      } catch {
        // It has ended.
      }
    }, 10);
    const { code, stdout, stderr } = await end;
    clearInterval(timer);
    return { code, said: stdout + stderr, kib };
  } finally {
    server.close();
    await user.leave();
  }
}

describe.skipIf(address === undefined)('the command, at a machine that', () => {
  const most = new Map<string, number>();
  let usual = 0;
  afterAll(() => console.log(`MiB: ${[...most].map(([name, kib]) => `${name} ${Math.round(kib / 1024)}`).join('; ')}`));

  it('refuses it: says so in four parts', async () => {
    const { code, said, kib } = await plan(BEFORE['refuses every login'] as Evil);
    usual = kib;
    expect(code).toBe(1);
    expect(said).toMatch(/seen[\s\S]*why[\s\S]*next/);
  });

  const soon = Object.entries({ ...BEFORE, ...AFTER }).filter(([, it]) => !it.waits);
  it.each(soon)('%s, ends with a problem and no trace of a stack, and stays small', async (name, evil) => {
    const { code, said, kib } = await plan(evil);
    most.set(name, kib - usual);
    expect(code, said).toBeGreaterThan(0);
    expect(code, said).toBeLessThan(6);
    expect(said).toMatch(/seen[\s\S]*next/);
    expect(said).not.toMatch(/^\s+at .*:\d+|unexpected error|fault of mlk8s/m);
    expect(said).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    expect(said).not.toContain('cAnArY');
    expect(kib - usual).toBeLessThan(MOST_KIB);
  });
});
