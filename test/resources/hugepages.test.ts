import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Answer, Verdict, World } from '../../src/engine/types.ts';
import { hugepages, hugepagesKind } from '../../src/resources/hugepages.ts';
import { at, worldOf } from './world.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'mlk8s-hugepages-'));
  mkdirSync(join(dir, 'etc'));
  mkdirSync(join(dir, 'snap'));
  boot('boot1', 2000);
  writeFileSync(join(dir, 'pages'), '0\n');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const it1 = () =>
  hugepages({
    ...{ id: 'storage/hugepages@rig1', on: { host: 'rig1' }, needs: [] },
    ...{ path: join(dir, 'etc/20.conf'), pages: 1024, besidesMiB: 3072 },
  });

/** The machine has room for so many pages in this boot. */
function boot(id: string, room: number): void {
  writeFileSync(join(dir, 'boot_id'), `${id}\n`);
  writeFileSync(join(dir, 'room'), `${room}\n`);
}

/** The kernel's part: it takes as many pages as there is room for, and says nothing of the others. */
const KERNEL = `
sysctl() {
  if [ "$1" = -n ]; then cat pages; return; fi
  local wanted room; wanted=$(sed -n 's/^vm.nr_hugepages=//p' "$2"); room=$(cat room)
  echo $((wanted < room ? wanted : room)) >pages
}
cat() {
  if [ "$1" != meminfo ]; then command cat "$@"; return; fi
  printf 'MemTotal: 16777216 kB\\nHugePages_Total: %s\\nHugepagesize: 2048 kB\\n' "$(<pages)"
}
`;

/** \`commands\`: it is cut off before the command after those. */
function bash(script: string, commands?: number): { text: string; status: number } {
  const paths = [
    ['/var/lib/mlk8s', join(dir, 'state')],
    ['/proc/sys/kernel/random/boot_id', join(dir, 'boot_id')],
    ['/proc/meminfo', 'meminfo'],
    ['/var/snap/microk8s/current', join(dir, 'snap')],
  ] as const;
  const here = paths.reduce((text, [from, to]) => text.replaceAll(from, to), script);
  const cut = commands === undefined ? '' : `n=0; trap 'n=$((n + 1)); [ $n -le ${commands} ] || exit 99' DEBUG\n`;
  const result = spawnSync('bash', { input: `${KERNEL}${cut}${here}`, encoding: 'utf8', cwd: dir });
  return { text: result.stdout.replace(` ${userInfo().username} `, ' root '), status: result.status ?? -1 };
}

/** Debts of this boot. */
function debts(): string[] {
  const folder = join(dir, 'state/debts');
  const now = readFileSync(join(dir, 'boot_id'), 'utf8');
  const all = existsSync(folder) ? readdirSync(folder) : [];
  return all.filter((name) => readFileSync(join(folder, name), 'utf8') === now).sort();
}

/** All questions in one bash: starting one takes longer than the questions do. */
function world(): World {
  const asks = hugepagesKind.asks(it1());
  const parts = bash(asks.map(({ sh }) => `(\n${sh.bash}\n)\nprintf '\\001%s\\002' $?`).join('\n')).text.split(
    '\u0002',
  );
  const answers = asks.map(({ on, key }, i): [string, Answer] => {
    const [text = '', status] = (parts[i] ?? '').split('\u0001');
    return [at(on, key), { kind: 'bytes', text, status: Number(status), cut: false }];
  });
  return worldOf({ answers: new Map(answers), debts: debts() });
}

const judge = (): Verdict => hugepagesKind.judge(it1(), world());

function apply(commands?: number): number {
  const verdict = judge();
  const [move] = verdict.verdict === 'change' ? verdict.moves : [];
  if (!move || !('run' in move)) throw new Error(`nothing to apply: ${JSON.stringify(verdict)}`);
  return bash(`set -euo pipefail\n${move.run.bash}`, commands).status;
}

it('sets the pages, writes the restart of kubelet down first, and is right then', () => {
  expect(apply()).toBe(0);
  expect(judge()).toEqual({ verdict: 'ok', because: '1024 pages of 2 MiB are kept apart' });
  expect(debts()).toEqual(['restart-kubelite']);
});

it('owes nothing where MicroK8s is not installed yet: its kubelet will count them', () => {
  rmSync(join(dir, 'snap'), { recursive: true });
  expect(apply()).toBe(0);
  expect(debts()).toEqual([]);
});

it('owes a reboot where memory is in pieces, and is right after it', () => {
  boot('boot1', 700);
  expect(apply()).toBe(0);
  expect(debts()).toEqual(['reboot', 'restart-kubelite']);
  expect(judge()).toMatchObject({ verdict: 'ok', because: expect.stringContaining('come with the reboot') });
  boot('boot2', 2000);
  bash(`sysctl -p ${join(dir, 'etc/20.conf')}`);
  expect(judge()).toEqual({ verdict: 'ok', because: '1024 pages of 2 MiB are kept apart' });
  expect(debts()).toEqual([]);
});

it('reboots once, not for ever', () => {
  boot('boot1', 700);
  apply();
  boot('boot2', 700);
  bash(`sysctl -p ${join(dir, 'etc/20.conf')}`);
  expect(apply()).toBe(0);
  expect(debts()).not.toContain('reboot');
  expect(judge()).toMatchObject({
    verdict: 'refused',
    problem: { seen: expect.stringContaining('700 of 1024 pages') },
  });
});

it.each([2000, 700])('comes to the same end when it is stopped after any command, with room for %i pages', (room) => {
  boot('boot1', room);
  let stops = 0;
  for (let commands = 1; apply(commands) === 99; commands++) {
    stops++;
    if (judge().verdict === 'change') expect(apply()).toBe(0);
    expect(judge()).toMatchObject({ verdict: 'ok', because: expect.stringContaining(String(Math.min(room, 1024))) });
    expect(debts()).toEqual(room < 1024 ? ['reboot', 'restart-kubelite'] : ['restart-kubelite']);
    expect(readdirSync(join(dir, 'etc'))).toEqual(['20.conf']);
    rmSync(join(dir, 'state'), { recursive: true, force: true });
    rmSync(join(dir, 'etc/20.conf'));
    writeFileSync(join(dir, 'pages'), '0\n');
  }
  expect(stops).toBeGreaterThan(10);
});

it('is undone: the file goes, one that somebody changed stays', () => {
  apply();
  const undo = (): Verdict => {
    if (hugepagesKind.transient) throw new Error('it leaves a file behind');
    return hugepagesKind.undo({ ...it1(), origin: 'created', state: 'done' }, world());
  };
  const content = readFileSync(join(dir, 'etc/20.conf'), 'utf8');
  writeFileSync(join(dir, 'etc/20.conf'), `${content}vm.swappiness=1\n`);
  expect(undo()).toMatchObject({ verdict: 'ok', stays: true });
  writeFileSync(join(dir, 'etc/20.conf'), content);
  const verdict = undo();
  const [move] = verdict.verdict === 'change' ? verdict.moves : [];
  if (!move || !('run' in move)) throw new Error(JSON.stringify(verdict));
  expect(bash(`set -euo pipefail\n${move.run.bash}`).status).toBe(0);
  expect(undo()).toMatchObject({ verdict: 'ok', because: expect.stringContaining('does not exist') });
});
