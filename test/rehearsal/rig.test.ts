import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host, Hosts } from '../../src/transport/host.ts';
import { runOn, TestSite, toyFile } from './toy.ts';

const site = new TestSite();
let hosts: Hosts;
let rig1: Host;

beforeAll(async () => {
  await site.start();
  const start = performance.now();
  hosts = await site.open(
    toyFile([
      { name: 'rig1', address: '10.0.0.1' },
      { name: 'guarded', address: '10.0.0.2', labels: { 'toy/sudo': 'secret' } },
    ]),
  );
  rig1 = hosts.node('rig1');
  console.log(`three rigs up in ${(performance.now() - start).toFixed(0)} ms`);
});

afterAll(async () => {
  await hosts?.close();
  await site.end();
});

const run = (script: string) => runOn(rig1, script);
/** As the login user, the way a command arrives over SSH. */
const asUser = (script: string) => run(`su lab -c '${script}'`);

describe('a rig', () => {
  test('runs real bash with real coreutils under its own name', async () => {
    expect(await run('hostname; uname -rm; printf "%s\\n" a b | sort -r; echo oops >&2; exit 5')).toEqual({
      stdout: 'rig1\n6.8.0-51-generic x86_64\nb\na\n',
      stderr: 'oops\n',
      code: 5,
    });
    const start = performance.now();
    for (let i = 0; i < 20; i++) await run(':');
    console.log(`an exec with its sudo takes ${((performance.now() - start) / 20).toFixed(1)} ms`);
  });

  test('has a disk of its own and leaves this computer alone', async () => {
    const name = `mlk8s-probe-${process.pid}`;
    const { stdout } = await run(
      `echo rig >/etc/${name}; cat /etc/${name}; touch /usr/bin/${name} 2>&1; ls /home; df / >&-`,
    );
    expect(stdout).toBe(`rig\ntouch: cannot touch '/usr/bin/${name}': Read-only file system\nlab\n`);
    expect(existsSync(`/etc/${name}`)).toBe(false);
    expect(readdirSync('/tmp')).not.toContain(name);
  });

  test('sees its own processes only, and no network but its loopback', async () => {
    const { stdout } = await run(
      'cat /proc/1/cmdline | tr "\\0" " "; echo; tail -n +3 /proc/net/dev | wc -l; echo x >/dev/tcp/127.0.0.1/1',
    );
    expect(stdout).toMatch(/^\/usr\/bin\/perl .*rig\.pl \n1\n$/);
  });

  test('shows the hardware of its state, and what becomes of it', async () => {
    expect((await run('head -1 /proc/meminfo; cat /sys/bus/pci/devices/*/vendor')).stdout).toBe(
      'MemTotal:       8388608 kB\n0x10de\n',
    );
    expect((await run('toy-module nvidia; ls /sys/module; toy-module; ls /sys/module')).stdout).toBe('nvidia\n');
  });
});

describe('a simulated program', () => {
  const shim = new URL('../../templates/rehearsal/shim.pl', import.meta.url).pathname;

  test('is a shim that perl compiles with strict and warnings', () => {
    const { status, stderr } = spawnSync('perl', ['-Mstrict', '-Mwarnings', '-c', shim], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, `${shim} syntax OK\n`]);
  });

  test('is a shim that makes perl load no module', () => {
    const loaded = 'open F, shift; local $/; my $text = <F>; eval "sub { $text }" or die; print join " ", keys %INC';
    const { status, stdout } = spawnSync('perl', ['-e', loaded, shim], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, '']);
  });

  test('knows its caller and passes on output, errors and status', async () => {
    expect(await run('cd /var; toy-echo a "b c" ""')).toEqual({
      stdout: 'root@rig1 /var ["a","b c",""]\n',
      stderr: 'on stderr\n',
      code: 7,
    });
    expect((await asUser('toy-echo')).stdout).toMatch(/^lab@rig1 /);
  });

  test('reads its input, however long', async () => {
    expect((await run('head -c 3000000 /dev/zero | tr "\\0" x | toy-cat | wc -c')).stdout).toBe('3000000\n');
    expect((await run('toy-cat </dev/null; printf "%s" a | toy-cat')).stdout).toBe('a');
  });

  test('leaves the input alone when it does not read it', async () => {
    expect((await run('printf "1\\n2\\n" | { toy-echo 2>&-; cat; }')).stdout).toBe('root@rig1 / []\n1\n2\n');
  });

  test('starts real programs with the streams of its caller', async () => {
    expect((await run(`echo in | toy-run bash -c 'cat; echo $TOY; exit 3'`)).stdout).toBe('in\nyes\nstatus 3\n');
    expect((await run('toy-run nonsense')).stderr).toBe('nonsense: command not found\n');
  });

  test('dies of a signal as a real one does', async () => {
    expect((await run('toy-slow & p=$!; sleep 1; kill -TERM $p; wait $p; echo $?')).stdout).toBe('143\n');
  });

  test('is there once the model has installed it', async () => {
    expect((await run('toy-extra; toy-install; toy-extra')).stdout).toMatch(/^extra \d+\n$/);
  });
});

describe('the machine itself', () => {
  test('knows who is who', async () => {
    expect((await run('id -u; id -un; whoami')).stdout).toBe('0\nroot\nroot\n');
    expect((await asUser('id -u; whoami; id; sudo id -un')).stdout).toBe(
      '1000\nlab\nuid=1000(lab) gid=1000(lab) groups=1000(lab),27(sudo)\nroot\n',
    );
  });

  test('keeps owners', async () => {
    const script = `cd /var; echo >f; chown lab:sudo f; stat -c '%U:%G %u %a' f; install -d -o lab -m 700 d; stat -c '%U %a' d
      stat -L -c '%U %F' -- /home/lab; stat -Lc %U /home; chown nobodyhere f; chown lab nofile`;
    expect(await run(script)).toEqual({
      stdout: 'lab:sudo 1000 644\nlab 700\nlab directory\nroot\n',
      stderr: "chown: invalid user: ‘nobodyhere’\nchown: cannot access 'nofile': No such file or directory\n",
      code: 1,
    });
  });

  test('lives in scaled time', async () => {
    const start = performance.now();
    const { stdout } = await run('a=$(date +%s); sleep 2m; b=$(date +%s); echo $((b - a >= 120 && b - a < 400))');
    expect(stdout).toBe('1\n');
    expect(performance.now() - start).toBeLessThan(4000);
    expect((await run('date -u -d @0 +%F; date -u -d "1 day ago" +%s; date -u +%s')).stdout).toMatch(
      /^1970-01-01\n\d+\n\d+\n$/,
    );
  });

  test('ends what takes too long, not what is quick', async () => {
    expect(
      (await run('timeout 5 true; echo $?; timeout 5 bash -c "exit 4"; echo $?; timeout 5 nonsense 2>&1; echo $?'))
        .stdout,
    ).toBe('0\n4\ntimeout: failed to run command ‘nonsense’: No such file or directory\n127\n');
    const start = performance.now();
    const both = '(timeout 1 sleep 3000; echo $?) & (timeout -s KILL 1 /usr/bin/sleep 60; echo $?) & wait';
    expect((await run(both)).stdout).toBe('124\n124\n');
    expect(performance.now() - start).toBeGreaterThan(3000);
  });

  test('covers simulated programs at their full path, and not the real ones behind them', async () => {
    expect((await run('/usr/bin/date --version | head -1; command -v sleep')).stdout).toMatch(
      /GNU coreutils.*\n\/usr\/local\/sbin\/sleep\n/s,
    );
  });
});

describe('sudo', () => {
  const guarded = (script: string) => site.server?.machine('guarded')?.exec('lab', ['bash', '-c', script]);

  async function result(script: string, input = '') {
    const started = await guarded(script);
    if (!started) throw new Error('no machine');
    let text = '';
    started.stdin.end(input);
    for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk) => (text += chunk)).resume();
    const ended = [started.stdout, started.stderr].map((stream) => new Promise((done) => stream.once('end', done)));
    const [{ code }] = await Promise.all([started.exited, ...ended]);
    return `${text}${code}`;
  }

  test('asks for the password and takes one line for it', async () => {
    expect(await result('sudo -n id -u')).toBe('sudo: a password is required\n1');
    expect(await result("sudo -S -p '' bash -c 'id -u; cat'", 'secret\nrest\n')).toBe('0\nrest\n0');
    expect(await result("sudo -S -p '' id -u", 'wrong\n')).toBe(
      'Sorry, try again.\n\nsudo: no password was provided\nsudo: 1 incorrect password attempt\n1',
    );
    expect(await result('sudo id')).toMatch(/^sudo: a terminal is required.*1$/s);
  });

  test('starts programs with the environment of root', async () => {
    expect(await result("sudo -S -p '' A=b bash -c 'echo $HOME $A $SUDO_USER $FOREIGN'", 'secret\n')).toBe(
      '/root b lab\n0',
    );
    expect(await result("sudo -S -p '' nonsense", 'secret\n')).toBe('sudo: nonsense: command not found\n1');
  });
});

describe('the workstation', () => {
  test('is a rig too, without root', async () => {
    expect((await runOn(hosts.workstation, 'whoami; echo $HOME; hostname')).stdout).toBe(
      'lab\n/home/lab\nworkstation\n',
    );
  });
});
