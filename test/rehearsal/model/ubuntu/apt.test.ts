import { beforeEach, describe, expect, it } from 'vitest';
import { brief, TestMachine } from './machine.ts';

const HEAD = 'Reading package lists...\nBuilding dependency tree...\nReading state information...\n';
const LOCK = '/var/lib/dpkg/lock-frontend';
let machine: TestMachine;
beforeEach(() => {
  machine = new TestMachine();
});

describe('apt-get', () => {
  it('installs a package with what it needs, in seconds of model time', async () => {
    const start = machine.now;
    const { out, code } = await machine.run('apt-get install -y -o Dpkg::Options::=--force-confold jq');
    expect(code).toBe(0);
    expect(out).toContain('The following NEW packages will be installed:\n  jq libjq1\n');
    expect(out).toContain('Setting up libjq1 (1.7.1-3ubuntu0.24.04.1) ...\nSetting up jq');
    expect((machine.now - start) / 1000).toBeGreaterThan(10);
    expect(machine.rig.packages.jq?.state).toBe('installed');
  });

  it('says so when everything is there', async () => {
    expect(brief(await machine.run('apt-get install -y curl'))).toEqual({
      out: `${HEAD}curl is already the newest version (8.5.0-2ubuntu10.6).\n0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n`,
    });
  });

  it('does not find a package that Ubuntu does not have', async () => {
    expect(brief(await machine.run('apt-get install -y helm'))).toEqual({
      out: HEAD,
      err: 'E: Unable to locate package helm\n',
      code: 100,
    });
  });

  it('asks when more is to be installed than was named, and gives up without an answer', async () => {
    const { out, code } = await machine.run('apt-get install jq');
    expect(out.endsWith('Do you want to continue? [Y/n] Abort.\n')).toBe(true);
    expect(code).toBe(1);
  });

  it('refuses whoever is not root', async () => {
    expect(brief(await machine.run('apt-get install -y jq', { user: 'mia' }))).toEqual({
      err: `E: Could not open lock file ${LOCK} - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (${LOCK}), are you root?\n`,
      code: 100,
    });
  });

  it('gives up at once when the lock is held', async () => {
    machine.rig.faults = ['aptlock:60'];
    expect(brief(await machine.run('apt-get install -y jq'))).toEqual({
      err: `E: Could not get lock ${LOCK}. It is held by process 3786 (unattended-upgr)\nN: Be aware that removing the lock file is not a solution and may break your system.\nE: Unable to acquire the dpkg frontend lock (${LOCK}), is another process using it?\n`,
      code: 100,
    });
  });

  it.each(['-o DPkg::Lock::Timeout=600', ''])('waits for the lock as long as it is told (%s)', async (option) => {
    if (!option) machine.files.write('/etc/apt/apt.conf.d/90lock', 'DPkg::Lock::Timeout "600";\n');
    machine.rig.faults = ['aptlock:60'];
    const { out, code } = await machine.run(`apt-get ${option} install -y iw`.replaceAll('  ', ' '));
    expect(code).toBe(0);
    expect(out).toContain(
      `Waiting for cache lock: Could not get lock ${LOCK}. It is held by process 3786 (unattended-upgr)... 55s\r`,
    );
  });

  it('leaves an interrupted dpkg when it is killed, which must be repaired by hand', async () => {
    await expect(machine.run('apt-get install -y iw', { killedAfter: 10 })).rejects.toThrow('gone');
    expect(brief(await machine.run('apt-get install -y iw'))).toEqual({
      err: "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem. \n",
      code: 100,
    });
    const sudo = await machine.run('apt-get install -y iw', { env: { SUDO_USER: 'mia' } });
    expect(sudo.err).toContain("'sudo dpkg --configure -a'");
    expect(brief(await machine.run('dpkg --configure -a --force-confdef --force-confold'))).toEqual({
      out: 'Setting up iw (5.19-1.1build1) ...\n',
    });
    expect((await machine.run('apt-get -f install -y')).code).toBe(0);
  });

  it('leaves what it was unpacking half installed when it is killed, and completes it only by its name', async () => {
    await expect(machine.run('apt-get install -y iw', { killedAfter: 6 })).rejects.toThrow('gone');
    const flags = ['dpkg-query', '-W', '-f', '${db:Status-Abbrev}${db:Status-Eflag}', 'iw'];
    await machine.run('dpkg --configure -a');
    for (const line of ['apt-get -f install -y', 'apt-get install -y iw']) {
      expect((await machine.run(line)).code).toBe(0);
      expect((await machine.run(flags)).out).toBe('iHRreinstreq');
      expect((await machine.run('dpkg --audit')).out).toMatch(/in a mess.*They must be reinstalled.* iw /s);
    }
    expect((await machine.run('apt-get --reinstall install -y iw')).code).toBe(0);
    expect((await machine.run(flags)).out).toBe('ii ok');
    expect((await machine.run('dpkg --audit')).out).toBe('');
  });

  it('warns and exits 0 when an update finds no name server', async () => {
    machine.rig.faults = ['nodns'];
    const { err, code } = await machine.run('apt-get update');
    expect(code).toBe(0);
    expect(err).toContain("Temporary failure resolving 'archive.ubuntu.com'\n");
    expect((await machine.run('apt-get install -y iw')).code).toBe(100);
  });

  it('keeps the configuration of a removed package, which dpkg then lists as rc', async () => {
    await machine.run('apt-get install -y open-iscsi');
    expect(machine.files.read('/etc/iscsi/initiatorname.iscsi')).toMatch(
      /^InitiatorName=iqn\.2004-10\.com\.ubuntu:01:/,
    );
    expect((await machine.run('apt-get remove -y open-iscsi')).code).toBe(0);
    expect((await machine.run(['dpkg-query', '-W', '-f=${db:Status-Abbrev}', 'open-iscsi'])).out).toBe('rc ');
    await machine.run('apt-get purge -y open-iscsi');
    expect((await machine.run('dpkg -s open-iscsi')).code).toBe(1);
  });

  it.each([
    [
      'apt-get --frob install',
      'E: Command line option --frob is not understood in combination with the other options\n',
    ],
    ['apt-get frob', 'E: Invalid operation frob\n'],
  ])('%s', async (line, err) => {
    expect(brief(await machine.run(line))).toEqual({ err, code: 100 });
  });
});

describe('dpkg and its kin', () => {
  it('dpkg-query shows what it has and complains about the rest', async () => {
    const argv = ['dpkg-query', '-W', '-f=${db:Status-Abbrev}|${Package}|${Version}\\n', 'ufw', 'nvidia-*', 'iptables'];
    expect(brief(await machine.run(argv))).toEqual({
      out: 'ii |ufw|0.36.2-6\nii |iptables|1.8.10-3ubuntu2\n',
      err: 'dpkg-query: no packages found matching nvidia-*\n',
      code: 1,
    });
  });

  it.each([
    ['dpkg --print-architecture', { out: 'amd64\n' }],
    ['dpkg --audit', {}],
    ['dpkg --frob', { err: 'dpkg: error: unknown option --frob\n', code: 2 }],
    ['apt-mark showhold', {}],
    ['apt-mark hold curl', { out: 'curl set on hold.\n' }],
    ['apt-mark hold frob', { err: 'E: Unable to locate package frob\n', code: 100 }],
    ['apt-cache show frob', { err: 'N: Unable to locate package frob\nE: No packages found\n', code: 100 }],
  ])('%s', async (line, expected) => {
    expect(brief(await machine.run(line))).toEqual(expected);
  });

  it('holds show in status and list', async () => {
    await machine.run('apt-mark hold curl');
    expect((await machine.run('apt-mark showhold')).out).toBe('curl\n');
    expect((await machine.run(['dpkg-query', '-W', '-f', '${db:Status-Abbrev}', 'curl'])).out).toBe('hi ');
  });

  it('an interrupted dpkg shows in audit and in its updates folder', async () => {
    machine.rig.faults = ['dpkg-interrupted'];
    expect((await machine.run('dpkg --audit')).out).toContain(' man-db');
    expect(machine.files.list('/var/lib/dpkg/updates')).toEqual(['0000']);
    await machine.run('dpkg --configure -a');
    expect(brief(await machine.run('dpkg --audit'))).toEqual({});
  });

  it('fuser and lslocks name who holds the lock, not who could', async () => {
    expect(brief(await machine.run(`fuser ${LOCK}`))).toEqual({ code: 1 });
    machine.rig.faults = ['aptlock:60'];
    expect((await machine.run(`fuser ${LOCK}`)).out).toBe(' 3786');
    expect((await machine.run('lslocks -n -o PATH,COMMAND,PID')).out).toBe(`${LOCK} unattended-upgr 3786\n`);
  });
});
