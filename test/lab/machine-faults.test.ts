import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from './lab.ts';
import type { LabMachine } from './machine.ts';
import type { Operator } from './operator.ts';
import { finishes, Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.set();
});
afterAll(() => scene?.clear());

async function single(options: Parameters<Lab['add']>[0] = {}): Promise<[LabMachine, Operator]> {
  const machine = await scene.lab.add(options);
  return [machine, scene.operator(machine)];
}

/** Waits until dpkg configures the package that is slow to configure. */
const CONFIGURES = 'until pgrep -f slow-to-configure.postinst >/dev/null; do sleep 0.1; done';
/** From now on that package is slow no more. */
const QUICK = "sed -i 's/^sleep .*/true/' /var/lib/dpkg/info/slow-to-configure.postinst";
const ONLY_NODE = ['--only', 'node'];

/** Holds apt's lock as another apt does, until the returned function lets it go. */
async function holdAptLock(machine: LabMachine): Promise<() => Promise<unknown>> {
  await machine.root(`
    cat >/run/other-apt.pl <<'END'
      use Fcntl;
      open my $file, '>>', '/var/lib/dpkg/lock-frontend' or die;
      my $lock = pack 's s x4 q q i x4', F_WRLCK, 0, 0, 0, 0;
      fcntl $file, F_SETLKW, $lock or die;
      open my $held, '>', '/run/other-apt.holds' or die;
      sleep 300;
END
    systemd-run --quiet --unit=other-apt perl /run/other-apt.pl
    for try in $(seq 300); do [ -e /run/other-apt.holds ] && exit; sleep 0.1; done
    exit 1
  `);
  return () => machine.root('systemctl stop other-apt');
}

/** Records of mlk8s on a machine; throws for one that is not whole. */
async function records(machine: LabMachine): Promise<unknown[]> {
  const lines = await machine.root('cd /var/lib/mlk8s/inventory; for file in *.json; do cat "$file"; echo; done');
  return lines.split('\n\n').flatMap((text) => (text === '' ? [] : [JSON.parse(text)]));
}

describe('a machine that restarts', () => {
  it.concurrent('because mlk8s must: up waits for it and goes on to the end', async () => {
    const [machine, operator] = await single();
    // As on a Raspberry Pi: no accounting for memory until the kernel starts with the flags.
    await machine.root(`
      echo 'cpuset cpu io pids' >/run/controllers
      mount --bind /run/controllers /sys/fs/cgroup/cgroup.controllers
      mkdir -p /boot/firmware
      echo 'console=tty1 rootwait' >/boot/firmware/cmdline.txt
    `);
    const run = await operator.run('up', '--yes');
    expect(run.code, run.stdout).toBe(0);
    expect(run.stdout).toMatch(/node\/reboot: reboot rig\d+\n/);
    expect(machine.boots).toHaveLength(2);
    const flags = 'console=tty1 rootwait cgroup_enable=memory cgroup_memory=1\n';
    expect(await machine.root('cat /boot/firmware/cmdline.txt')).toBe(flags);
    await finishes(operator);
    expect(machine.boots).toHaveLength(2);
  });

  it.concurrent('because somebody restarts it in the middle of a job: the job is said to be interrupted', async () => {
    const [machine, operator] = await single();
    await holdAptLock(machine);
    const run = operator.watch('up', '--yes');
    await run.sees('Waiting for cache lock');
    await machine.ssh('systemctl reboot');
    const { code, stdout } = await run.end;
    expect(code, stdout).toBe(1);
    expect(stdout).toContain(`failed  node/packages@${machine.name}
    seen  the job was interrupted before its end
    why   the machine was restarted or somebody stopped the job
    next  run the same command again: it goes on where this run stopped`);
    expect(machine.boots).toHaveLength(2);
    await finishes(operator);
  });

  it.concurrent('after a power cut, while dpkg configured a package', async () => {
    const [machine, operator] = await single();
    await machine.root('cd /srv/archive; dpkg --unpack slow-to-configure.deb');
    const run = operator.watch('up', '--yes');
    await machine.root(CONFIGURES);
    await machine.powerCut();
    await machine.switchOn();
    const { code, stdout } = await run.end;
    expect(code, stdout).toBe(1);
    expect(stdout).toMatch(/failed {2}node\/dpkg@rig\d+\n {4}seen {2}the job was interrupted before its end/);
    expect(await machine.root('dpkg --audit')).toContain('slow-to-configure');
    await machine.root(QUICK);
    await finishes(operator);
    expect(await machine.root('dpkg --audit')).toBe('');
  });
});

describe('a disk', () => {
  it.concurrent('that is full is named before the first change, or when it fills up under a job', async () => {
    const [machine, operator] = await single({ diskMiB: 64 });
    await machine.ssh('dd if=/dev/zero of=/var/big bs=64k');
    const before = await operator.run('up', '--yes', ...ONLY_NODE);
    expect(before.code, before.stdout).toBe(1);
    expect(before.stdout).toContain(`error  preflight/disk@${machine.name}
    seen  0.0 GiB are free for /var/snap (on /)
    why   MicroK8s and its images do not fit
    next  make room, or mount a larger disk there`);
    expect(await machine.root('cd /var/lib/mlk8s; find . -type f | sort')).toBe('./lock\n./lock.holder\n');

    // A disk of its own for the snaps. What is left on the other is enough to begin with.
    await machine.root('mount --mkdir -t tmpfs -o size=30g none /var/snap; truncate -s -72K /var/big');
    const within = await operator.run('up', '--yes', ...ONLY_NODE);
    expect(within.code, within.stdout).toBe(1);
    expect(within.stdout).toContain(`    why   the disk of that machine at / is full
    next  make room there: df -h /
          run the same command again: it goes on where this run stopped`);
    expect((await records(machine)).length).toBeGreaterThan(0);
    await machine.root('rm /var/big');
    await finishes(operator, ...ONLY_NODE);
    expect((await records(machine)).length).toBe(10);
  });

  it.concurrent('that is read-only is named by everything that would write there', async () => {
    const [machine, operator] = await single();
    await machine.root(
      'cp -a /etc /run/etc; mount -t tmpfs none /etc; cp -a /run/etc/. /etc; mount -o remount,ro /etc',
    );
    const run = await operator.run('up', '--yes', ...ONLY_NODE);
    expect(run.code, run.stdout).toBe(1);
    const why = `    why   a disk of that machine can only be read: it was mounted so, or it had an error
    next  see which one, and what it said: grep ' ro,' /proc/mounts; sudo dmesg -T | tail`;
    for (const name of ['hostname', 'hosts', 'apt', 'lid', 'sleep']) {
      expect(run.stdout).toContain(
        `failed  node/${name}@${machine.name}\n    seen  the command ended with status 1\n${why}`,
      );
    }
    expect(await machine.root('ls -A /etc/apt/apt.conf.d /etc/systemd | grep -c mlk8s || true')).toBe('0\n');
    // systemd-hostnamed keeps the view of the disk that it began with.
    await machine.root('mount -o remount,rw /etc; systemctl stop systemd-hostnamed');
    await finishes(operator, ...ONLY_NODE);
  });

  it.concurrent('that is read-only where mlk8s keeps its own things keeps the machine out', async () => {
    const [machine, operator] = await single();
    await machine.root('mount --mkdir -t tmpfs -o ro none /var/lib/mlk8s');
    const run = await operator.run('up', '--yes', ...ONLY_NODE);
    expect(run.code, run.stdout).toBe(1);
    expect(run.stdout).toContain(`dropped  ${machine.name}
    seen  it cannot keep the lock of a run: bash: line 6: /var/lib/mlk8s/lock: Read-only file system
    why   its disk is full, or was made read-only after an error
    next  look at ${machine.name}: df -h /var; grep ' ro,' /proc/mounts; dmesg -T | tail`);
    await machine.root('umount /var/lib/mlk8s');
    await finishes(operator, ...ONLY_NODE);
  });
});

describe('apt and dpkg', () => {
  it.concurrent('that somebody else uses at this moment are waited for, and up says so', async () => {
    const [machine, operator] = await single();
    const letGo = await holdAptLock(machine);
    const run = operator.watch('up', '--yes', ...ONLY_NODE);
    await run.sees('node/packages │ Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend');
    await letGo();
    const { code, stdout } = await run.end;
    expect(code, stdout).toBe(0);
    await finishes(operator, ...ONLY_NODE);
  });

  it.concurrent('that lost power while a package was unpacked: it is installed anew', async () => {
    const [machine, operator] = await single();
    // What such a package looks like afterwards; only an installation anew takes the mark away.
    await machine.root(`
      DEBIAN_FRONTEND=noninteractive apt-get -q -y install nfs-common
      sed -i '/^Package: nfs-common$/,/^$/s/^Status: .*/Status: install reinstreq half-installed/' /var/lib/dpkg/status
    `);
    expect(await machine.root('dpkg --audit')).toContain('They must be reinstalled');
    await finishes(operator, ...ONLY_NODE);
    expect(await machine.root('dpkg --audit')).toBe('');
  });

  it.concurrent('that were killed in the middle of an installation are repaired first', async () => {
    const [machine, operator] = await single();
    await machine.root(`
      apt-get install -y slow-to-configure >/dev/null 2>&1 &
      ${CONFIGURES}
      pkill -KILL 'apt-get|dpkg'
      ${QUICK}
    `);
    expect(await machine.root('dpkg --audit')).toContain('slow-to-configure');
    const run = await operator.run('up', '--yes', ...ONLY_NODE);
    expect(run.code, run.stdout).toBe(0);
    expect(run.stdout).toMatch(/node\/dpkg +rig\d+\n +because an earlier installation was interrupted/);
    const order = ['node/dpkg: finish the interrupted installation', 'node/packages: install'];
    expect(run.stdout.indexOf(order[0] as string)).toBeLessThan(run.stdout.indexOf(order[1] as string));
    expect(await machine.root('dpkg --audit')).toBe('');
    await finishes(operator, ...ONLY_NODE);
  });
});
