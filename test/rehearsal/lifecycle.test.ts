import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openRehearsal } from '../../src/rehearsal/client.ts';
import type { WorldState } from '../../src/rehearsal/model/state.ts';
import { rehearsalCounts, rehearsalDump, rehearsalExec, rehearsalReset } from '../../src/rehearsal/operate.ts';
import { runOn, toyFile } from './toy.ts';

const folder = join(import.meta.dirname, '../../node_modules/.cache/mlk8s-test');
const server = join(folder, 'rehearsal-server.mjs');
const file = toyFile([
  { name: 'rig1', address: '10.0.0.1' },
  { name: 'rig2', address: '10.0.0.2' },
]);
const stateBefore = process.env.XDG_STATE_HOME;
let state = '';

beforeAll(async () => {
  await build({
    entryPoints: { 'rehearsal-server': 'test/rehearsal/toy-server.ts', 'as-somebody': 'test/rehearsal/as-somebody.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  });
});

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'mlk8s-test-'));
  process.env.XDG_STATE_HOME = state;
});

afterEach(async () => {
  await rehearsalReset('toy');
  rmSync(state, { recursive: true, force: true });
  if (stateBefore === undefined) delete process.env.XDG_STATE_HOME;
  else process.env.XDG_STATE_HOME = stateBefore;
});

const open = () => openRehearsal(file, { server });
const SOON = { timeout: 20_000 };
const dir = () => join(state, 'mlk8s/rehearsal/toy');
const disk = () => join(dir(), 'rigs/rig1/root');

/** How often the stored model has counted: `toy-extra` does, each time that it is called. */
function storedCounter(): number {
  return (JSON.parse(readFileSync(join(dir(), 'world.json'), 'utf8')) as WorldState).counter;
}

/** Processes of this computer that belong to the rehearsal of this test. */
function processes(): string[] {
  const found = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  const own = found.filter((line) => line.includes(state));
  const servers = own.map((line) => line.trim().split(' ')[0] ?? '');
  const below = found.filter((line) => line.includes('rig.pl')).map((line) => line.trim().split(' ')[0] ?? '');
  const parentOf = (pid: string) => spawnSync('ps', ['-o', 'ppid=', '-p', pid], { encoding: 'utf8' }).stdout.trim();
  return [...own, ...below.filter((pid) => servers.includes(parentOf(pid)) || parentOf(pid) === '1')];
}

function serverPid(): number {
  const line = processes().find((each) => each.includes('rehearsal-server'));
  return Number(line?.trim().split(' ')[0]);
}

describe('the background process', () => {
  test('outlives its clients, and so do jobs', async () => {
    const first = await open();
    await runOn(first.node('rig1'), 'toy-daemon 30');
    await first.close();
    // Nobody is connected when it ends.
    await expect.poll(() => existsSync(join(disk(), 'root/code')), SOON).toBe(true);
    const second = await open();
    expect((await runOn(second.node('rig1'), 'cat /root/done /root/code')).stdout).toBe('started\nended\n0\n');
    await second.close();
  });

  test('is one, however many ask for it at once', async () => {
    const all = await Promise.all([open(), open(), open()]);
    expect(processes().filter((line) => line.includes('rehearsal-server'))).toHaveLength(1);
    await Promise.all(all.map((hosts) => hosts.close()));
  });

  test('leaves no process, no mount and no folder behind', async () => {
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    const hosts = await open();
    await runOn(hosts.node('rig1'), 'toy-daemon 100000; (sleep 100000 >&- 2>&- <&- &) ; :');
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).toBe(mounts);
    await hosts.close();
    expect(await rehearsalReset('toy')).toEqual(['toy']);
    await expect.poll(processes, SOON).toEqual([]);
    expect(readdirSync(join(state, 'mlk8s', 'rehearsal'))).toEqual([]);
  });

  test('takes all with it when it is killed, and comes back with what was stored', async () => {
    const hosts = await open();
    await runOn(hosts.node('rig1'), 'toy-install; toy-extra; toy-extra; echo kept >/etc/kept; toy-daemon 10000');
    const boot = (await runOn(hosts.node('rig1'), 'cat /proc/sys/kernel/random/boot_id')).stdout;
    await expect.poll(storedCounter, SOON).toBe(2);
    process.kill(serverPid(), 'SIGKILL');
    await expect.poll(processes, SOON).toEqual([]);
    await hosts.close();
    const again = await open();
    const { stdout } = await runOn(again.node('rig1'), 'cat /etc/kept; toy-extra; cat /root/done');
    expect(stdout).toBe('kept\nextra 2\nstarted\n');
    expect((await runOn(again.node('rig1'), 'cat /proc/sys/kernel/random/boot_id')).stdout).not.toBe(boot);
    await again.close();
  });

  test('is started anew by another version of the program', async () => {
    const hosts = await open();
    await runOn(hosts.node('rig1'), 'echo kept >/etc/kept');
    await hosts.close();
    const before = serverPid();
    const other = join(folder, 'other-server.mjs');
    writeFileSync(other, `${readFileSync(server, 'utf8')}\n// another version\n`);
    const again = await openRehearsal(file, { server: other });
    expect((await runOn(again.node('rig1'), 'cat /etc/kept')).stdout).toBe('kept\n');
    expect(processes().join()).not.toContain(` ${before} `);
    await again.close();
  });

  test('lets another person in, with a key, a state folder and a workstation of their own', async () => {
    const first = await open();
    await runOn(first.node('rig1'), 'echo kept >/etc/kept');
    await runOn(first.workstation, 'echo mine >~/mine');
    const other = mkdtempSync(join(tmpdir(), 'mlk8s-test-'));
    mkdirSync(join(other, 'mlk8s/rehearsal'), { recursive: true });
    symlinkSync(join(state, 'mlk8s/rehearsal/toy'), join(other, 'mlk8s/rehearsal/toy'));
    vi.stubEnv('XDG_STATE_HOME', other);
    vi.stubEnv('MLK8S_REHEARSAL_WORKSTATION', '2');
    const second = await open();
    vi.unstubAllEnvs();
    expect((await runOn(second.node('rig1'), 'cat /etc/kept; wc -l <~lab/.ssh/authorized_keys')).stdout).toBe(
      'kept\n2\n',
    );
    expect((await runOn(second.workstation, 'ls -A ~/mine; echo its own')).stdout).toBe('its own\n');
    await Promise.all([first.close(), second.close()]);
    rmSync(other, { recursive: true, force: true });
  });

  test('counts execs as its clients do', async () => {
    const hosts = await open();
    for (let i = 0; i < 3; i++) await runOn(hosts.node('rig1'), ':');
    expect(hosts.node('rig1').execs).toBe(3);
    const counted = Object.entries(await rehearsalCounts('toy')).map(([rig, { execs }]) => [rig, execs]);
    expect(Object.fromEntries(counted)).toEqual({ rig1: 3, rig2: 0, workstation: 0 });
    await hosts.close();
  });

  test('reboots a machine', async () => {
    const hosts = await open();
    const rig = hosts.node('rig1');
    const before = (await runOn(rig, 'toy-daemon 300; cat /proc/sys/kernel/random/boot_id; echo new >/etc/hostname'))
      .stdout;
    await runOn(rig, 'reboot; sleep 100').catch(() => undefined);
    const look = () =>
      runOn(rig, 'cat /root/done; hostname; cat /proc/sys/kernel/random/boot_id').catch(() => ({ stdout: before }));
    await expect.poll(async () => (await look()).stdout, SOON).not.toContain(before.trim());
    expect((await look()).stdout).toMatch(/^started\nnew\n/);
    await hosts.close();
  });
});

describe('a machine is known by its address', () => {
  test('and by no other name', async () => {
    const first = await open();
    await runOn(first.node('rig1'), 'echo old >/etc/mark');
    await first.close();
    const renamed = toyFile([
      { name: 'other', address: '10.0.0.1' },
      { name: 'rig1', address: '10.0.0.9' },
    ]);
    const second = await openRehearsal(renamed, { server });
    expect((await runOn(second.node('other'), 'cat /etc/mark')).stdout).toBe('old\n');
    expect((await runOn(second.node('rig1'), 'ls /etc/mark')).code).toBe(2);
    await second.close();
  });
});

describe('what is seen from outside', () => {
  test('a dump is equal for runs that end alike', async () => {
    const dumpOf = async (script: string, last?: 'reboot') => {
      const hosts = await open();
      await runOn(hosts.node('rig2'), script);
      // The machine may be down before it has said how that ended.
      if (last) await runOn(hosts.node('rig2'), last).catch(({ message }) => expect(message).toContain('closed by'));
      await hosts.close();
      const dump = await rehearsalDump('toy');
      await rehearsalReset('toy');
      return dump;
    };
    const one = await dumpOf(
      'echo a >/etc/a; chmod 600 /etc/a; uuid=$(cat /proc/sys/kernel/random/uuid); echo "$uuid" >/etc/b',
    );
    const two = await dumpOf(
      'date; echo x >/etc/a; cat /proc/sys/kernel/random/uuid >/etc/b; echo a >/etc/a; chmod 600 /etc/a',
      'reboot',
    );
    const three = await dumpOf('echo a >/etc/a; cat /proc/sys/kernel/random/uuid >/etc/b');
    expect(JSON.stringify(one)).toBe(JSON.stringify(two).replace(/"booted":\{[^}]*\}/, ''));
    expect(three).not.toEqual(one);
  });

  test('exec passes on streams and status', async () => {
    await (await open()).close();
    const { PassThrough } = await import('node:stream');
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    stdin.end('input');
    const code = await rehearsalExec('toy', 'rig1', ['bash', '-c', 'cat; id -un; echo bad >&2; exit 9'], {
      stdin,
      stdout,
      stderr,
    });
    expect([code, stdout.read().toString(), stderr.read().toString()]).toEqual([9, 'inputroot\n', 'bad\n']);
    await expect(rehearsalExec('toy', 'rig7', ['true'])).rejects.toThrow('there is no machine "rig7"');
  });
});

describe('an ordinary user', () => {
  test.runIf(process.getuid?.() === 0)('needs no root', () => {
    chmodSync(state, 0o755);
    const home = join(state, 'somebody');
    execFileSync('mkdir', [home]);
    chownSync(home, 65534, 65534);
    const { stdout, stderr } = spawnSync(
      'setpriv',
      ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, join(folder, 'as-somebody.mjs')],
      { encoding: 'utf8', env: { PATH: process.env.PATH, XDG_STATE_HOME: home }, cwd: '/' },
    );
    expect(stderr).toBe('');
    expect(stdout).toBe('root on rig1\n{"removed":["toy"]}\n');
  });

  test('is told what to do where namespaces are forbidden', () => {
    // The limit holds for the user namespace that it is set in, and for no other.
    const forbid = 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$0" "$@"';
    const program = [process.execPath, join(folder, 'as-somebody.mjs')];
    const { stderr, status } = spawnSync('unshare', ['-r', 'bash', '-c', forbid, ...program], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, XDG_STATE_HOME: state },
    });
    expect(stderr).toContain('sudo sysctl -w user.max_user_namespaces=15000');
    expect(stderr).toContain('no user namespaces are allowed here');
    expect(status).toBe(1);
  });
});
