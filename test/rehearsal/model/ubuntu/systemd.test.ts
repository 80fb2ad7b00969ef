import { beforeEach, describe, expect, it } from 'vitest';
import { brief, TestMachine } from './machine.ts';

let machine: TestMachine;
beforeEach(() => {
  machine = new TestMachine();
});

describe('systemctl', () => {
  it.each([
    ['is-active ssh.socket', { out: 'active\n' }],
    ['is-active ssh frob', { out: 'active\ninactive\n' }],
    ['is-active sleep.target', { out: 'inactive\n', code: 3 }],
    ['is-active frob', { out: 'inactive\n', code: 4 }],
    ['is-active --quiet frob', { code: 4 }],
    ['is-enabled ssh frob', { out: 'enabled\nnot-found\n' }],
    ['is-enabled sleep.target', { out: 'static\n' }],
    ['is-enabled frob', { out: 'not-found\n', code: 4 }],
    ['is-system-running --wait', { out: 'running\n' }],
    ['start frob', { err: 'Failed to start frob.service: Unit frob.service not found.\n', code: 5 }],
    ['stop frob', { err: 'Failed to stop frob.service: Unit frob.service not loaded.\n', code: 5 }],
    ['enable frob', { err: 'Failed to enable unit: Unit file frob.service does not exist.\n', code: 1 }],
    ['status frob', { err: 'Unit frob.service could not be found.\n', code: 4 }],
    ['show -p LoadState -p ActiveState frob', { out: 'LoadState=not-found\nActiveState=inactive\n' }],
    ['show -p ActiveState --value ssh', { out: 'active\n' }],
    ['show -p Frob ssh', {}],
    ['frob', { err: "Unknown command verb 'frob'.\n", code: 1 }],
    ['--frob is-active ssh', { err: "systemctl: unrecognized option '--frob'\n", code: 1 }],
  ])('%s', async (line, expected) => {
    expect(brief(await machine.run(`systemctl ${line}`))).toEqual(expected);
  });

  it('masks, tells the link, and then refuses to start', async () => {
    expect(brief(await machine.run('systemctl mask sleep.target'))).toEqual({
      err: 'Created symlink /etc/systemd/system/sleep.target → /dev/null.\n',
    });
    expect(brief(await machine.run('systemctl mask sleep.target'))).toEqual({});
    expect(brief(await machine.run('systemctl is-enabled sleep.target'))).toEqual({ out: 'masked\n', code: 1 });
    expect(brief(await machine.run('systemctl start sleep.target'))).toEqual({
      err: 'Failed to start sleep.target: Unit sleep.target is masked.\n',
      code: 1,
    });
    await machine.run('systemctl unmask sleep.target');
    expect((await machine.run('systemctl is-enabled sleep.target')).out).toBe('static\n');
  });

  it('enables and starts what a package brought', async () => {
    await machine.run('apt-get install -y open-iscsi');
    expect((await machine.run('systemctl is-active iscsid')).code).toBe(3);
    expect((await machine.run('systemctl enable --now iscsid')).code).toBe(0);
    expect((await machine.run('systemctl is-active iscsid')).out).toBe('active\n');
    machine.reboot();
    expect(machine.rig.units['iscsid.service']?.active).toBe('active');
  });

  it('knows a unit file that was put into /etc and runs it when it runs once', async () => {
    machine.files.write(
      '/etc/systemd/system/certs.service',
      '[Service]\nType=oneshot\nExecStart=/usr/local/bin/renew --all\n',
    );
    expect((await machine.run('systemctl is-enabled certs')).out).toBe('static\n');
    expect((await machine.run('systemctl start certs')).code).toBe(0);
    expect(machine.ran).toEqual([['bash', '-c', '/usr/local/bin/renew --all']]);
    expect((await machine.run('systemctl is-active certs')).out).toBe('inactive\n');
  });

  it('wants root for changes', async () => {
    const { err, code } = await machine.run('systemctl restart ssh', { user: 'mia' });
    expect(err).toContain('Failed to restart ssh.service: Interactive authentication required.\n');
    expect(code).toBe(1);
  });

  it('reboots', async () => {
    await machine.run('systemctl reboot');
    expect(machine.reboots).toBe(1);
  });
});

describe('systemd-run', () => {
  const start = 'systemd-run --quiet --collect --unit=mlk8s-1 --description=job bash /var/lib/mlk8s/run';

  it('refuses a second unit of the same name while the first one is there', async () => {
    expect(brief(await machine.run(start))).toEqual({});
    expect(brief(await machine.run(start))).toEqual({
      err: 'Failed to start transient service unit: Unit mlk8s-1.service was already loaded or has a fragment file.\n',
      code: 1,
    });
    expect(machine.spawned).toHaveLength(1);
    expect((await machine.run('systemctl is-active mlk8s-1')).out).toBe('active\n');
  });

  it('forgets a collected unit when it ends, whatever its status', async () => {
    await machine.run(start);
    machine.spawned[0]?.end(3);
    expect((await machine.run('systemctl is-active mlk8s-1')).code).toBe(4);
    expect((await machine.run(start)).code).toBe(0);
  });

  it('keeps one that failed until it is reset, unless it is collected', async () => {
    await machine.run('systemd-run --unit=x false');
    machine.spawned[0]?.end(1);
    expect(brief(await machine.run('systemctl is-active x'))).toEqual({ out: 'failed\n', code: 3 });
    expect((await machine.run('systemd-run --unit=x true')).code).toBe(1);
    await machine.run('systemctl reset-failed x');
    expect((await machine.run('systemd-run --unit=x true')).code).toBe(0);
  });

  it('gives no HOME and nothing of the caller, only what is set', async () => {
    await machine.run('systemd-run -q --unit=x -E A=1 -E B env', { env: { B: '2', C: '3', HOME: '/root' } });
    expect(machine.spawned[0]?.env).toMatchObject({ A: '1', B: '2' });
    expect(Object.keys(machine.spawned[0]?.env ?? {}).toSorted()).toEqual(['A', 'B', 'INVOCATION_ID', 'LANG', 'PATH']);
  });

  it('says the name on standard error', async () => {
    expect((await machine.run('systemd-run --unit=x true')).err).toMatch(
      /^Running as unit: x\.service; invocation ID: [0-9a-f]{32}\n$/,
    );
  });

  it('starts a timer for later', async () => {
    const { err } = await machine.run('systemd-run --unit=again --on-active=2 systemctl reboot');
    expect(err).toBe('Running timer as unit: again.timer\nWill run service as unit: again.service\n');
    expect(machine.spawned[0]?.argv.slice(-4)).toEqual(['bash', '2', 'systemctl', 'reboot']);
  });

  it.each([
    ['systemd-run', 'Command line to execute required.\n'],
    ['systemd-run -p Frob=1 true', 'Unknown assignment: Frob=1\n'],
    ['systemd-run --frob true', "systemd-run: unrecognized option '--frob'\n"],
  ])('%s', async (line, err) => {
    expect(brief(await machine.run(line))).toEqual({ err, code: 1 });
  });
});

describe('around systemd', () => {
  it('timedatectl: the clock is in step some seconds after it was told to ask', async () => {
    machine.rig.time = { ntp: false, synchronized: false };
    machine.rig.hardware.clockSkewS = 40;
    const show = 'timedatectl show -p NTPSynchronized --value';
    expect((await machine.run(show)).out).toBe('no\n');
    await machine.run('timedatectl set-ntp true');
    expect((await machine.run(show)).out).toBe('no\n');
    machine.now += 11_000;
    expect((await machine.run(show)).out).toBe('yes\n');
    expect(machine.rig.hardware.clockSkewS).toBe(0);
  });

  it('hostnamectl: a fresh machine is called ubuntu until it is named', async () => {
    expect((await machine.run('hostnamectl --static')).out).toBe('ubuntu\n');
    expect((await machine.run('hostnamectl set-hostname rig1')).code).toBe(0);
    expect(machine.files.read('/etc/hostname')).toBe('rig1\n');
    expect(machine.ran).toEqual([['hostname', 'rig1']]);
    expect((await machine.run('hostnamectl set-hostname rig_1')).code).toBe(1);
  });

  it('systemd-analyze shows a configuration with its drop-ins', async () => {
    machine.files.write('/etc/systemd/logind.conf', '[Login]\n#HandleLidSwitch=suspend\n');
    machine.files.write('/etc/systemd/logind.conf.d/10-a.conf', '[Login]\nHandleLidSwitch=ignore\n');
    expect((await machine.run('systemd-analyze cat-config systemd/logind.conf')).out).toBe(
      '# /etc/systemd/logind.conf\n[Login]\n#HandleLidSwitch=suspend\n\n# /etc/systemd/logind.conf.d/10-a.conf\n[Login]\nHandleLidSwitch=ignore\n',
    );
  });

  it('visudo finds a line that is none', async () => {
    machine.files.write('/etc/sudoers.d/90-x', 'mia ALL=(ALL) NOPASSWD:ALL\n');
    expect(brief(await machine.run('visudo -cf /etc/sudoers.d/90-x'))).toEqual({
      out: '/etc/sudoers.d/90-x: parsed OK\n',
    });
    machine.files.write('/etc/sudoers.d/90-x', 'mia may do everything\n');
    expect((await machine.run('visudo -cf /etc/sudoers.d/90-x')).err).toContain(
      '/etc/sudoers.d/90-x:1:1: syntax error\n',
    );
  });
});
