import { beforeEach, describe, expect, it } from 'vitest';
import { brief, TestMachine } from './machine.ts';

const INSTALL = 'snap install microk8s --classic --channel=1.35/stable';
let machine: TestMachine;
beforeEach(() => {
  machine = new TestMachine();
});

describe('snap install', () => {
  it('takes a minute or more, then the programs, services and group are there', async () => {
    const start = machine.now;
    expect(brief(await machine.run(INSTALL))).toEqual({
      out: 'microk8s (1.35/stable) v1.35.5 from Canonical✓ installed\n',
    });
    expect((machine.now - start) / 1000).toBeGreaterThanOrEqual(60);
    expect(machine.files.exists('/snap/bin/microk8s.kubectl')).toBe(true);
    expect(machine.rig.units['snap.microk8s.daemon-kubelite.service']?.active).toBe('active');
    expect((await machine.run('getent group microk8s')).code).toBe(0);
    expect(machine.rig.microk8s?.role).toBe('control-plane');
  });

  it('shows two stars for the tick where it may not be shown', async () => {
    const { out } = await machine.run(`${INSTALL} --unicode=never`);
    expect(out).toBe('microk8s (1.35/stable) v1.35.5 from Canonical** installed\n');
  });

  it('says of an installed snap that it is installed, exits 0 and leaves the channel alone', async () => {
    await machine.run(INSTALL);
    expect(brief(await machine.run('snap install microk8s --classic --channel=1.34/stable'))).toEqual({
      err: 'snap "microk8s" is already installed, see \'snap help refresh\'\n',
    });
    expect(machine.rig.snaps.microk8s?.tracking).toBe('1.35/stable');
  });

  it('wants --classic for a classic snap', async () => {
    const { err, code } = await machine.run('snap install microk8s');
    expect(err).toContain('published using classic confinement');
    expect(code).toBe(1);
    expect((await machine.run('snap install microk8s --classic --channel=1.35-strict/stable')).err).toBe(
      'Warning: flag --classic ignored for strictly confined snap microk8s\n',
    );
  });

  it('without a channel takes a numbered one, not latest', async () => {
    await machine.run('snap install microk8s --classic');
    expect(machine.rig.snaps.microk8s?.tracking).toBe('1.32/stable');
  });

  it('lists the channels that there are when the risk is not', async () => {
    const { err, code } = await machine.run('snap install microk8s --classic --channel=1.36/stable');
    expect(err).toContain(
      'error: snap "microk8s" is not available on 1.36/stable but is available to install on the following\n       channels:\n\n       1.36/candidate  snap install --channel=1.36/candidate microk8s\n',
    );
    expect(code).toBe(1);
  });

  it.each([
    [
      'snap install microk8s --classic --channel=9.9/stable',
      'snap "microk8s" is not available on channel "9.9/stable"',
      1,
    ],
    ['snap install frob', 'snap "frob" not found', 1],
    ['snap frob', 'unknown command "frob", see \'snap help\'.', 64],
    ['snap install --frob microk8s', "unknown flag `frob'", 64],
  ])('%s', async (line, err, code) => {
    expect(brief(await machine.run(line))).toEqual({ err: `error: ${err}\n`, code });
  });

  it('goes on in snapd when the client is killed; meanwhile others are told to wait', async () => {
    await expect(machine.run(INSTALL, { killedAfter: 20 })).rejects.toThrow('gone');
    expect(brief(await machine.run(INSTALL))).toEqual({
      err: 'error: snap "microk8s" has "install-snap" change in progress\n',
      code: 10,
    });
    expect((await machine.run('snap changes microk8s')).out).toMatch(/^ID {2}Status .*\n1 {3}Doing /);
    machine.now += 120_000;
    expect((await machine.run('snap list microk8s')).out).toMatch(
      /^Name +Version +Rev +Tracking +Publisher +Notes\nmicrok8s {2}v1\.35\.5 {2}8580 {2}1\.35\/stable {2}canonical✓ +classic\n$/,
    );
  });

  it('brings the base and snapd along', async () => {
    await machine.run(INSTALL);
    expect(Object.keys(machine.rig.snaps).toSorted()).toEqual(['core22', 'microk8s', 'snapd']);
  });

  it('undoes the install when its hook fails', async () => {
    machine.files.write('/etc/microk8s.yaml', 'version: 7\n');
    const { err, code } = await machine.run(INSTALL);
    expect(err).toMatch(
      /^error: cannot perform the following tasks:\n- Run install hook of "microk8s" snap if present/,
    );
    expect(code).toBe(1);
    expect((await machine.run('snap list microk8s')).code).toBe(1);
  });

  it('asks whoever is not root to be it', async () => {
    expect(brief(await machine.run(INSTALL, { user: 'mia' }))).toEqual({
      err: 'error: access denied (try with sudo)\n',
      code: 1,
    });
  });

  it.each([
    ['nostore', 'error: unable to contact snap store\n', 1],
    ['nodns', 'error: unable to contact snap store\n', 1],
    ['unseeded:60', 'error: too early for operation, device not yet seeded or device model not acknowledged\n', 10],
  ])('fault %s', async (fault, err, code) => {
    machine.rig.faults = [fault];
    expect(brief(await machine.run(INSTALL))).toEqual({ err, code });
  });

  it('fails once with the fault snaperror', async () => {
    machine.rig.faults = ['snaperror'];
    expect((await machine.run(INSTALL)).err).toContain('- Download snap "microk8s" (8580) from channel "1.35/stable"');
    expect((await machine.run(INSTALL)).code).toBe(0);
  });

  it('waits for the seed when it is asked to', async () => {
    machine.rig.faults = ['unseeded:60'];
    const start = machine.now;
    const waiting = machine.run('snap wait system seed.loaded', { everyTick: () => machine.settle() });
    expect((await waiting).code).toBe(0);
    expect((machine.now - start) / 1000).toBeGreaterThanOrEqual(60);
  });
});

describe('an installed snap', () => {
  beforeEach(async () => {
    await machine.run(INSTALL);
  });

  it.each([
    ['snap refresh microk8s', { err: 'snap "microk8s" has no updates available\n' }],
    ['snap refresh', { err: 'All snaps up to date.\n' }],
    ['snap refresh frob', { err: 'error: snap "frob" is not installed\n', code: 1 }],
    ['snap refresh --hold microk8s', { out: 'General refreshes of "microk8s" held indefinitely\n' }],
    ['snap refresh --hold=48h microk8s', { out: 'General refreshes of "microk8s" held until 2026-11-23T12:01:17Z\n' }],
    ['snap refresh --hold', { out: 'Auto-refresh of all snaps held indefinitely\n' }],
    ['snap refresh --unhold microk8s', { out: 'Removed general refresh hold of "microk8s"\n' }],
    ['snap remove microk8s', { out: 'microk8s removed (snap data snapshot saved)\n' }],
    ['snap remove --purge microk8s', { out: 'microk8s removed\n' }],
    ['snap remove frob', { err: 'snap "frob" is not installed\n' }],
    ['snap list frob', { err: 'error: no matching snaps installed\n', code: 1 }],
    ['snap restart microk8s.daemon-kubelite', { out: 'Restarted.\n' }],
    ['snap restart microk8s.daemon-x', { err: 'error: snap "microk8s" has no service "daemon-x"\n', code: 1 }],
    ['snap revert microk8s', { err: 'error: cannot revert "microk8s": no revision to revert to\n', code: 1 }],
    ['snap set system refresh.retain=2', {}],
    ['snap get system frob', { err: 'error: snap "core" has no "frob" configuration option\n', code: 1 }],
    ['snap tasks 99', { err: 'error: cannot find change with id "99"\n', code: 1 }],
    ['snap alias microk8s.kubectl kubectl', { out: 'Added:\n  - microk8s.kubectl as kubectl\n' }],
  ])('%s', async (line, expected) => {
    expect(brief(await machine.run(line))).toEqual(expected);
  });

  it('moves to another track by name, held or not, and back', async () => {
    await machine.run('snap refresh --hold microk8s');
    expect((await machine.run('snap refresh microk8s --channel=1.34')).out).toBe(
      'microk8s (1.34/stable) v1.34.8 from Canonical✓ refreshed\n',
    );
    expect((await machine.run('snap list microk8s')).out).toContain('classic,held');
    expect((await machine.run('snap revert microk8s')).out).toBe('microk8s reverted to v1.35.5\n');
  });

  it('refuses a retain that snapd refuses', async () => {
    expect((await machine.run('snap set system refresh.retain=30')).err).toContain('between 2 and 20, not "30"');
    await machine.run('snap set system refresh.retain=2');
    expect((await machine.run('snap get system refresh.retain')).out).toBe('2\n');
  });

  it('shows in info with its hold and its channels', async () => {
    await machine.run('snap refresh --hold microk8s');
    const { out } = await machine.run('snap info microk8s');
    expect(out).toContain('tracking:     1.35/stable\n');
    expect(out).toContain('hold:         forever\n');
    expect(out).toMatch(/\n {2}1\.32\/stable: +v1\.32\.13 2026-05-20 \(8490\) 182MB classic\n/);
  });

  it('stops and starts its services', async () => {
    await machine.run('snap stop microk8s');
    expect((await machine.run('snap services microk8s.daemon-kubelite')).out).toBe(
      'Service                   Startup  Current   Notes\nmicrok8s.daemon-kubelite  enabled  inactive  -\n',
    );
    await machine.run('snap start microk8s');
    expect((await machine.run('systemctl is-active snap.microk8s.daemon-kubelite.service')).out).toBe('active\n');
  });

  it('leaves nothing when it is removed', async () => {
    await machine.run('snap remove --purge microk8s');
    expect(machine.files.exists('/snap/bin/microk8s')).toBe(false);
    expect(machine.rig.microk8s).toBeUndefined();
    expect(Object.keys(machine.rig.units).filter((name) => name.startsWith('snap.microk8s'))).toEqual([]);
    expect((await machine.run(INSTALL)).code).toBe(0);
  });
});

describe('without snaps', () => {
  it.each([
    ['snap list', { err: "No snaps are installed yet. Try 'snap install hello-world'.\n" }],
    ['snap changes', { err: 'no changes found\n' }],
    ['snap refresh --time', { out: 'timer: 00:00~24:00/4\nlast: n/a\nnext: today at 23:10 UTC\n' }],
    ['snap services', { err: 'There are no services provided by installed snaps.\n' }],
  ])('%s', async (line, expected) => {
    expect(brief(await machine.run(line))).toEqual(expected);
  });
});
