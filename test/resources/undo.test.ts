import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { removeRecord } from '../../src/engine/inventory.ts';
import { machineState, machineStateKind } from '../../src/engine/machine-state.ts';
import type { Declared, Recorded } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import type { Placed } from '../../src/resources/declare.ts';
import { directory } from '../../src/resources/directory.ts';
import { file } from '../../src/resources/file.ts';
import { fileBlock } from '../../src/resources/file-block.ts';
import { hostname } from '../../src/resources/hostname.ts';
import { kinds } from '../../src/resources/index.ts';
import { kernelModules } from '../../src/resources/kernel-module.ts';
import { memoryCgroup } from '../../src/resources/memory-cgroup.ts';
import { packages } from '../../src/resources/package.ts';
import { service } from '../../src/resources/service.ts';
import { sysctl } from '../../src/resources/sysctl.ts';
import { timeSync } from '../../src/resources/time-sync.ts';
import { unitMasked } from '../../src/resources/unit-masked.ts';
import { sh } from '../../src/shell/script.ts';
import { machine } from './machine.ts';

const { inside, program, judge, run, story, files } = machine(['boot', 'sys']);
const placed: Placed = { id: 'node/it@rig1', on: { host: 'rig1' }, needs: [] };

/** Absent, applied, ok, undone, absent again. */
function thereAndBack(it: Declared): void {
  const { look, lookBack, apply, undo } = story(it);
  const first = look();
  expect(first.verdict).toBe('change');
  apply();
  expect(look().verdict).toBe('ok');
  undo();
  expect(lookBack()).not.toMatchObject({ stays: true });
  expect(look()).toEqual(first);
}

describe('undone, it is as absent as before', () => {
  it('a file and the folders that were made for it, and who reads it hears of both', () => {
    const path = inside('new/deep/a.conf');
    const afterwards = { does: 'tell', run: sh`echo told >>${inside('state/told')}` };
    thereAndBack(file({ ...placed, path, content: 'a', mode: '600', afterwards }));
    expect(files()).toEqual([]);
    expect(readFileSync(inside('state/told'), 'utf8')).toBe('told\ntold\n');
  });

  it('a file that something else needs, but only when its machine leaves or that is gone', () => {
    const needed = inside('new/needed.conf');
    const it1 = file({ ...placed, path: needed, content: 'a', mode: '644', staysWith: 'dock.service' });
    const prune = () => judge(undoing(kinds).file, { ...it1, origin: 'created', state: 'done' } as Recorded);
    story(it1).apply();
    program('systemctl', '[ "$*" = "cat dock.service" ]');
    expect(prune()).toEqual({ verdict: 'ok', because: `dock.service needs ${needed}`, stays: true });
    expect(story(it1).lookBack().verdict).toBe('change');
    program('systemctl', 'exit 1');
    expect(prune().verdict).toBe('change');
  });

  it('a folder and those above it, but none that was there before', () => {
    mkdirSync(inside('data'));
    thereAndBack(directory({ ...placed, path: inside('data/a/b'), mode: '755' }));
    expect(files()).toEqual(['data']);
  });

  it('a block in a file, byte for byte, and a file that was made for it', () => {
    writeFileSync(inside('hosts'), '127.0.0.1 localhost\nno end', { mode: 0o640 });
    thereAndBack(fileBlock({ ...placed, path: inside('hosts'), lines: ['10.0.0.1 a'] }));
    expect(readFileSync(inside('hosts'), 'utf8')).toBe('127.0.0.1 localhost\nno end');
    expect(statSync(inside('hosts')).mode & 0o777).toBe(0o640);
    rmSync(inside('hosts'));
    rmSync(inside('state'), { recursive: true });
    thereAndBack(fileBlock({ ...placed, path: inside('hosts'), lines: ['10.0.0.1 a'] }));
    expect(files()).toEqual([]);
  });

  it('kernel modules at boot', () => {
    program('modprobe', `[ "$1" = --show-depends ] && echo builtin; exit 0`);
    const one = kernelModules({ ...placed, path: inside('load.d/m.conf'), modules: ['overlay'] });
    thereAndBack(one);
    expect(files()).toEqual([]);
    const { apply, lookBack } = story(one);
    apply();
    const does = `remove ${inside('load.d/m.conf')} (overlay stays loaded until the next reboot)`;
    expect(lookBack()).toMatchObject({ moves: [{ does }] });
  });

  it('kernel settings: their file, while the values stay in force', () => {
    program('sysctl', `[ "$1" = -p ] || echo "vm.max_map_count = 300000"`);
    const it = sysctl({ ...placed, path: inside('sysctl.d/m.conf'), atLeast: { 'vm.max_map_count': 262144 } });
    thereAndBack(it);
    expect(files()).toEqual([]);
  });

  it('the name of the machine', () => {
    program('hostnamectl', `[ "$1" = --static ] && exec cat ${inside()}/state/name; echo "$2" >${inside()}/state/name`);
    mkdirSync(inside('state'));
    writeFileSync(inside('state/name'), 'ubuntu\n');
    thereAndBack(hostname({ ...placed, name: 'rig1', local: false }));
    expect(readFileSync(inside('state/name'), 'utf8')).toBe('ubuntu\n');
  });

  it('the kernel command line of a Raspberry Pi, byte for byte', () => {
    const path = inside('boot/firmware/cmdline.txt');
    mkdirSync(inside('boot/firmware'), { recursive: true });
    writeFileSync(path, 'console=tty1 cgroup_memory=1 rootwait \n');
    const { lookBack, apply, undo } = story(memoryCgroup(placed));
    apply();
    expect(readFileSync(path, 'utf8')).toBe('console=tty1 cgroup_memory=1 rootwait cgroup_enable=memory\n');
    undo();
    expect(lookBack().verdict).toBe('ok');
    expect(readFileSync(path, 'utf8')).toBe('console=tty1 cgroup_memory=1 rootwait \n');
  });

  it('a service, which was enabled and stopped', () => {
    mkdirSync(inside('state'));
    writeFileSync(inside('state/active'), 'inactive\n');
    program(
      'systemctl',
      `case $1 in
        show) echo UnitFileState=enabled; echo "ActiveState=$(cat ${inside()}/state/active)" ;;
        enable) echo active >${inside()}/state/active ;;
        stop) echo inactive >${inside()}/state/active ;;
        *) exit 1 ;;
      esac`,
    );
    thereAndBack(service({ ...placed, unit: 'iscsid.service' }));
  });

  it('masked units, but none that was masked before', () => {
    mkdirSync(inside('state/masked'), { recursive: true });
    writeFileSync(inside('state/masked/sleep.target'), '');
    program(
      'systemctl',
      `verb=$1; shift; cd ${inside()}/state/masked
      for unit in "$@"; do case $verb in
        is-enabled) [ -e $unit ] && echo masked || echo static ;;
        mask) touch $unit ;;
        unmask) rm $unit ;;
      esac; done`,
    );
    thereAndBack(unitMasked({ ...placed, units: ['sleep.target', 'suspend.target'], prevents: 'sleep' }));
    expect(readdirSync(inside('state/masked'))).toEqual(['sleep.target']);
  });

  it('time synchronisation', () => {
    mkdirSync(inside('state'));
    writeFileSync(inside('state/ntp'), 'false');
    program(
      'timedatectl',
      `[ "$1" = set-ntp ] && { printf %s "$2" >${inside()}/state/ntp; exit; }
      echo CanNTP=yes
      if [ "$(cat ${inside()}/state/ntp)" = true ]; then echo NTP=yes; echo NTPSynchronized=yes; else echo NTP=no; fi`,
    );
    thereAndBack(timeSync(placed));
  });
});

describe('what is not ours', () => {
  const path = () => inside('a.conf');
  const ours = () => file({ ...placed, path: path(), content: 'ours', mode: '644' });

  it('is given back: a file that was overwritten, with its mode', () => {
    writeFileSync(path(), 'theirs', { mode: 0o600 });
    const { apply, undo } = story(ours());
    apply();
    expect(readFileSync(path(), 'utf8')).toBe('ours');
    undo();
    expect(readFileSync(path(), 'utf8')).toBe('theirs');
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  it('is kept once: neither a second change nor an interruption loses the first one', () => {
    writeFileSync(path(), 'theirs');
    const { apply, undo, note } = story(ours());
    apply();
    note('pending');
    writeFileSync(path(), 'drifted');
    apply();
    undo();
    expect(readFileSync(path(), 'utf8')).toBe('theirs');
  });

  it('stays: a file that was changed after us, and where the earlier one is kept is said', () => {
    writeFileSync(path(), 'theirs');
    const { apply, lookBack } = story(ours());
    apply();
    writeFileSync(path(), 'changed');
    const because = expect.stringMatching(/was changed after mlk8s wrote it; what was there before mlk8s is in \/var/);
    expect(lookBack()).toEqual({ verdict: 'ok', stays: true, because });
  });

  it('is given back once: a second reset after an interruption tells who reads it, and says nothing else', () => {
    writeFileSync(path(), 'theirs');
    const afterwards = { does: 'tell', run: sh`[ ! -e ${inside('away')} ]; echo told >>${inside('told')}` };
    const { apply, undo, lookBack } = story(
      file({ ...placed, path: path(), content: 'ours', mode: '644', afterwards }),
    );
    apply();
    writeFileSync(inside('away'), '');
    expect(() => run(lookBack())).toThrow();
    expect(readFileSync(path(), 'utf8')).toBe('theirs');
    rmSync(inside('away'));
    undo();
    expect(readFileSync(path(), 'utf8')).toBe('theirs');
    expect(readFileSync(inside('told'), 'utf8')).toBe('told\ntold\n');
    expect(lookBack()).toEqual({ verdict: 'ok', because: `${path()} is as it was before mlk8s` });
  });

  it('is kept anew after a reset that had to leave it: no later version is lost', () => {
    writeFileSync(path(), 'first');
    story(ours()).apply();
    writeFileSync(path(), 'second');
    mkdirSync(inside('state/inventory'));
    const state = machineState({ host: 'rig1' }, 'home', []);
    run(judge(machineStateKind, state));
    expect(judge(machineStateKind, state)).toMatchObject({ verdict: 'ok' });
    const { apply, undo } = story(ours());
    apply();
    undo();
    expect(readFileSync(path(), 'utf8')).toBe('second');
    expect(readFileSync(inside('state/originals/node_it_rig1.left'), 'utf8')).toBe('first');
  });

  it('is dropped before its record: an interruption leaves no earlier file behind that nobody knows of', () => {
    const script = removeRecord({ id: placed.id, on: placed.on }, 'home').bash;
    expect(script.indexOf('originals')).toBeLessThan(script.indexOf('inventory'));
  });

  it('stays: a service of which nobody noted how it was before', () => {
    program('systemctl', 'case $1 in show) echo UnitFileState=enabled; echo ActiveState=active ;; *) exit 1 ;; esac');
    const it = service({ ...placed, unit: 'iscsid.service' });
    const record: Recorded = { ...it, origin: 'created', state: 'pending' };
    const because = 'how iscsid.service was before mlk8s is not known';
    expect(judge(undoing(kinds)[it.kind], record)).toEqual({ verdict: 'ok', stays: true, because });
  });

  it('stays: packages, and says in words which one belongs to a kernel', () => {
    const it = packages({ ...placed, packages: ['curl', 'linux-modules-extra-{kernel}'] });
    const record: Recorded = { ...it, origin: 'created', state: 'done' };
    const because = 'packages are never removed: curl, linux-modules-extra of the running kernel';
    expect(judge(undoing(kinds)[it.kind], record)).toEqual({ verdict: 'ok', stays: true, because });
  });

  it('stays: a folder with something in it', () => {
    const { apply, lookBack } = story(directory({ ...placed, path: inside('data'), mode: '755' }));
    apply();
    writeFileSync(inside('data/model.bin'), '');
    expect(lookBack()).toMatchObject({ stays: true, because: expect.stringContaining('there is something in') });
  });

  it('stays: kernel settings with a line of somebody else', () => {
    program('sysctl', `[ "$1" = -p ] || echo "vm.max_map_count = 300000"`);
    const settings = sysctl({ ...placed, path: path(), atLeast: { 'vm.max_map_count': 262144 } });
    const { apply, lookBack } = story(settings);
    apply();
    writeFileSync(path(), `${readFileSync(path(), 'utf8')}vm.swappiness=10\n`);
    expect(lookBack()).toMatchObject({ stays: true });
  });

  it('stays: a name that somebody gave the machine since', () => {
    program('hostnamectl', `[ "$1" = --static ] && exec cat ${inside()}/state/name; echo "$2" >${inside()}/state/name`);
    mkdirSync(inside('state'));
    writeFileSync(inside('state/name'), 'ubuntu\n');
    const { apply, lookBack } = story(hostname({ ...placed, name: 'rig1', local: false }));
    apply();
    mkdirSync(inside('snap/microk8s'), { recursive: true });
    program('snap', 'echo "microk8s v1.35.5 8888 1.35/stable canonical classic,held"');
    expect(lookBack()).toMatchObject({ stays: true, because: 'MicroK8s on rig1 stands on it' });
    writeFileSync(inside('state/name'), 'desk\n');
    expect(lookBack()).toMatchObject({ stays: true, because: 'it was renamed to desk after mlk8s named it' });
  });
});
