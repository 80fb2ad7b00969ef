import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer, Declared, Verdict } from '../../src/engine/types.ts';
import type { Placed } from '../../src/resources/declare.ts';
import { directory } from '../../src/resources/directory.ts';
import { dpkgState } from '../../src/resources/dpkg-state.ts';
import { file } from '../../src/resources/file.ts';
import { blockOf, fileBlock } from '../../src/resources/file-block.ts';
import { kinds } from '../../src/resources/index.ts';
import { memoryCgroup } from '../../src/resources/memory-cgroup.ts';
import { packages } from '../../src/resources/package.ts';
import { sh } from '../../src/shell/script.ts';
import { answersTo, at, type Told, worldOf } from './world.ts';

// In memory where there is such a folder: the scripts sync, and a busy disk takes its time.
const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'mlk8s-scripts-'));
let dir = base;
beforeEach(() => {
  dir = mkdtempSync(join(base, 'case-'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const placed: Placed = { id: 'node/it@rig1', on: { host: 'rig1' }, needs: [] };

/** The machine's own state lies in the folder of the test, and its user counts as root. */
function bash(script: string, strict: boolean): { text: string; status: number } {
  const here = script.replaceAll('/var/lib/mlk8s', `${dir}/state`);
  const result = spawnSync('bash', strict ? ['-euo', 'pipefail'] : [], { input: here, encoding: 'utf8', cwd: dir });
  if (strict && result.status !== 0) throw new Error(result.stderr);
  return {
    text: result.stdout.replace(new RegExp(`^(\\d+) ${userInfo().username} `), '$1 root '),
    status: result.status ?? -1,
  };
}

function debts(): string[] {
  try {
    return readdirSync(join(dir, 'state/debts'));
  } catch {
    return [];
  }
}

function observe(it: Declared): Verdict {
  const kind = kinds[it.kind];
  if (!kind) throw new Error(it.kind);
  const answers = new Map(
    kind
      .asks(it)
      .map((ask): [string, Answer] => [
        at(ask.on, ask.key),
        { kind: 'bytes', cut: false, ...bash(ask.sh.bash, false) },
      ]),
  );
  return kind.judge(it, worldOf({ answers, debts: debts() }));
}

function apply(it: Declared): void {
  const verdict = observe(it);
  if (verdict.verdict !== 'change') throw new Error(`nothing to apply: ${JSON.stringify(verdict)}`);
  for (const move of verdict.moves) if ('run' in move) bash(move.run.bash, true);
}

/** Texts that a shell would like to read something into. */
const nasty = fc.stringMatching(/^[ -~]{0,20}$/).map((text) => `${text}$(touch pwned)\`id\`'"\\\n\${HOME}\t`);

describe('file', () => {
  it('is absent, written, right, broken and written again', () => {
    const it = file({ ...placed, path: join(dir, 'new/a.conf'), content: 'a = 1\n', mode: '600' });
    expect(observe(it)).toMatchObject({ verdict: 'change', because: expect.stringContaining('does not exist') });
    apply(it);
    expect(observe(it).verdict).toBe('ok');
    expect(statSync(it.spec.path).mode & 0o777).toBe(0o600);
    writeFileSync(it.spec.path, 'a = 2\n');
    expect(observe(it)).toMatchObject({ verdict: 'change', because: expect.stringContaining('another content') });
    apply(it);
    expect(observe(it).verdict).toBe('ok');
    expect(readdirSync(join(dir, 'new'))).toEqual(['a.conf']);
  });

  it('replaces a link instead of writing where it leads', () => {
    writeFileSync(join(dir, 'target'), 'theirs');
    symlinkSync(join(dir, 'target'), join(dir, 'link'));
    apply(file({ ...placed, path: join(dir, 'link'), content: 'ours', mode: '644' }));
    expect(readFileSync(join(dir, 'target'), 'utf8')).toBe('theirs');
  });

  it('keeps names and contents data', () => {
    fc.assert(
      fc.property(nasty, nasty, (name, content) => {
        const path = join(dir, name.replaceAll('/', '_'));
        const it = file({ ...placed, path, content, mode: '644' });
        apply(it);
        expect(readFileSync(path, 'utf8')).toBe(content);
        expect(observe(it).verdict).toBe('ok');
        rmSync(path);
        expect(readdirSync(dir).filter((entry) => entry !== 'state')).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });

  it('owes what must follow until it ran', () => {
    const log = join(dir, 'log');
    const it = (run: string) =>
      file({
        ...placed,
        path: join(dir, 'a.conf'),
        content: 'a',
        mode: '644',
        afterwards: { does: 'tell', run: sh`${{ bash: run }}` },
      });
    expect(() => apply(it('false'))).toThrow();
    expect(readFileSync(join(dir, 'a.conf'), 'utf8')).toBe('a');
    expect(observe(it('true'))).toMatchObject({ verdict: 'change', because: expect.stringContaining('interruption') });
    apply(it(`echo told >>${log}`));
    expect(readFileSync(log, 'utf8')).toBe('told\n');
    expect(debts()).toEqual([]);
    expect(observe(it('true')).verdict).toBe('ok');
  });
});

describe('directory', () => {
  it('is absent, made, right, closed and opened again', () => {
    const it = directory({ ...placed, path: join(dir, "it's/$(data)"), mode: '755' });
    expect(observe(it).verdict).toBe('change');
    apply(it);
    expect(observe(it).verdict).toBe('ok');
    spawnSync('chmod', ['700', it.spec.path]);
    expect(observe(it).verdict).toBe('change');
    apply(it);
    expect(observe(it).verdict).toBe('ok');
  });
});

describe('file-block', () => {
  const block = (lines: readonly string[]) => fileBlock({ ...placed, path: join(dir, 'hosts'), lines });
  const put = (text: string) => writeFileSync(join(dir, 'hosts'), Buffer.from(text, 'latin1'));
  const read = () => readFileSync(join(dir, 'hosts'), 'latin1');

  const foreignLine = fc
    .tuple(fc.stringMatching(/^[ -~\x80-\xff]{0,12}$/), fc.constantFrom('\n', '\r\n'))
    .filter(([text]) => !/^# (BEGIN|END) mlk8s$/.test(text) && !text.startsWith('10.'))
    .map(([text, end]) => text + end);
  const foreign = fc.array(foreignLine, { maxLength: 5 }).map((rows) => rows.join(''));
  const ours = fc.array(fc.stringMatching(/^10\.[ -~]{0,8}$/), { maxLength: 3 });

  it('keeps every other byte, whatever stands around it, and is right at once', () => {
    fc.assert(
      fc.property(foreign, foreign, fc.boolean(), ours, ours, (before, after, noEnd, old, lines) => {
        const tail = noEnd ? `${after}no end` : after;
        put(`${before}${blockOf(block(old).spec)}${tail}`);
        if (observe(block(lines)).verdict === 'change') apply(block(lines));
        expect(read()).toBe(`${before}${blockOf(block(lines).spec)}${tail}`);
        expect(observe(block(lines)).verdict).toBe('ok');
      }),
      { numRuns: 40 },
    );
  });

  it('makes one block of doubled and damaged ones, and loses nothing of others', () => {
    const marker = fc.constantFrom('# BEGIN mlk8s\n', '# END mlk8s\n', '# END mlk8s\r\n', '# BEGIN mlk8s\r\n');
    const safe = fc.array(fc.oneof(marker, foreignLine), { maxLength: 8 });
    fc.assert(
      fc.property(safe, ours, (rows, lines) => {
        put(rows.join(''));
        if (observe(block(lines)).verdict === 'change') apply(block(lines));
        const once = read();
        expect(once.split('# BEGIN mlk8s').length).toBe(2);
        expect(once.split('# END mlk8s').length).toBe(2);
        expect(once).toContain(blockOf(block(lines).spec));
        expect(observe(block(lines)).verdict).toBe('ok');
        expect(once.replace(blockOf(block(lines).spec), '')).toBe(outside(rows));
      }),
      { numRuns: 60 },
    );
  });

  /** What is nobody's block: written down a second time, as plainly as can be. */
  function outside(rows: readonly string[]): string {
    const isMarker = (row: string, word: string) => row.trim() === `# ${word} mlk8s` && row.startsWith('#');
    const kept = new Set(rows.keys());
    for (const [end, row] of rows.entries()) {
      if (!isMarker(row, 'END') && !isMarker(row, 'BEGIN')) continue;
      kept.delete(end);
      if (isMarker(row, 'BEGIN')) continue;
      const begin = rows.slice(0, end).findLastIndex((it) => isMarker(it, 'BEGIN') || isMarker(it, 'END'));
      if (begin < 0 || isMarker(rows[begin] ?? '', 'END')) continue;
      for (let i = begin; i < end; i++) kept.delete(i);
    }
    return rows.filter((_, i) => kept.has(i)).join('');
  }

  it('makes the file where there is none, and keeps its mode', () => {
    apply(block(['10.0.0.1 a']));
    expect(statSync(join(dir, 'hosts')).mode & 0o777).toBe(0o644);
    spawnSync('chmod', ['600', join(dir, 'hosts')]);
    apply(block(['10.0.0.2 a']));
    expect(statSync(join(dir, 'hosts')).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir).filter((entry) => entry !== 'state')).toEqual(['hosts']);
  });

  it('takes lines of its own after a lost begin along, and no others', () => {
    put('# BEGIN mlk8s\n10.0.0.1 a\n192.168.0.9 printer\n');
    apply(block(['10.0.0.1 a']));
    expect(read()).toBe('# BEGIN mlk8s\n10.0.0.1 a\n# END mlk8s\n192.168.0.9 printer\n');
  });
});

it('appends the flags of a Raspberry Pi to the one line of its command line', () => {
  const it = memoryCgroup(placed);
  const path = join(dir, 'cmdline.txt');
  writeFileSync(path, 'console=tty1 rootwait \n');
  const answers = answersTo(kinds['memory-cgroup']?.asks(it) ?? [], ['cpu io\n', `${path}\nconsole=tty1 rootwait \n`]);
  const verdict = kinds['memory-cgroup']?.judge(it, worldOf({ answers }));
  if (verdict?.verdict !== 'change') throw new Error('no change');
  for (const move of verdict.moves) if ('run' in move) bash(move.run.bash, true);
  expect(readFileSync(path, 'utf8')).toBe('console=tty1 rootwait cgroup_enable=memory cgroup_memory=1\n');
  expect(debts()).toEqual(['reboot']);
});

describe('apt and dpkg', () => {
  /** Runs a move with programs that stand in for the real ones; returns the calls they got. */
  function calls(it: Declared, told: readonly Told[], programs: Record<string, string>): string[] {
    const log = join(dir, 'calls');
    for (const [name, body] of Object.entries({ sleep: '', ...programs })) {
      writeFileSync(join(dir, name), `#!/bin/bash\necho ${name} "$@" >>${log}\n${body}\n`, { mode: 0o755 });
    }
    const kind = kinds[it.kind];
    const verdict = kind?.judge(it, worldOf({ answers: answersTo(kind.asks(it), told) }));
    if (verdict?.verdict !== 'change') throw new Error('no change');
    for (const move of verdict.moves) if ('run' in move) bash(`PATH=${dir}:$PATH\n${move.run.bash}`, true);
    return readFileSync(log, 'utf8').trimEnd().split('\n');
  }
  const apt = '-y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold';
  const dpkg = 'dpkg --configure -a --force-confdef --force-confold';
  const flags = 'dpkg-query -W -f ${db:Status-Eflag} ${binary:Package}\\n';

  it('installs in one call, even if the lists cannot be had in the end', () => {
    const it = packages({ ...placed, packages: ['curl', 'snapd'] });
    const update = `apt-get ${apt} update`;
    expect(calls(it, ['6.8.0\n'], { 'apt-get': '[ "${@: -1}" != update ]' })).toEqual([
      ...[1, 2, 3, 4].flatMap(() => [update, 'sleep 15']),
      update,
      `apt-get ${apt} install curl snapd`,
    ]);
  });

  it('waits for the lock of dpkg before it repairs', () => {
    const locked = `[ $(wc -l <${join(dir, 'calls')}) -gt 2 ] || { echo 'dpkg frontend lock was locked by another process with pid 7' >&2; exit 2; }`;
    const found = calls(dpkgState(placed), ['0001\n'], { dpkg: locked, 'apt-get': '', 'dpkg-query': '' });
    expect(found).toEqual([dpkg, 'sleep 15', dpkg, flags, `apt-get ${apt} --no-remove -f install`]);
  });

  it('installs anew what was cut off while it was unpacked: neither dpkg nor apt repairs that of themselves', () => {
    const half = `printf 'ok adduser\\nreinstreq nfs-common\\nreinstreq keyutils\\n'`;
    const found = calls(dpkgState(placed), ['mess\n'], { dpkg: '', 'apt-get': '', 'dpkg-query': half });
    expect(found).toEqual([
      dpkg,
      flags,
      `apt-get ${apt} update`,
      `apt-get ${apt} install --reinstall nfs-common keyutils`,
      `apt-get ${apt} --no-remove -f install`,
    ]);
  });

  it('does not wait for what will not get better', () => {
    const broken = { dpkg: 'echo "dpkg: error processing package x (--configure)" >&2; exit 1', 'apt-get': '' };
    expect(() => calls(dpkgState(placed), ['0001\n'], broken)).toThrow();
    expect(readFileSync(join(dir, 'calls'), 'utf8')).toBe(`${dpkg}\n`);
  });
});
