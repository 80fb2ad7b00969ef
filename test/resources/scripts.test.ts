import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Declared, Recorded, Verdict } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import type { Placed } from '../../src/resources/declare.ts';
import { directory } from '../../src/resources/directory.ts';
import { dpkgState } from '../../src/resources/dpkg-state.ts';
import { file } from '../../src/resources/file.ts';
import { blockOf, fileBlock } from '../../src/resources/file-block.ts';
import { kinds } from '../../src/resources/index.ts';
import { memoryCgroup } from '../../src/resources/memory-cgroup.ts';
import { packages } from '../../src/resources/package.ts';
import { sh } from '../../src/shell/script.ts';
import { machine } from './machine.ts';
import { answersTo, type Told, worldOf } from './world.ts';

const { inside, program, debts, judge, run, files } = machine();
const placed: Placed = { id: 'node/it@rig1', on: { host: 'rig1' }, needs: [] };

const observe = (it: Declared): Verdict => judge(kinds[it.kind], it);
const apply = (it: Declared): boolean => run(observe(it));

/** Texts that a shell would like to read something into. */
const nasty = fc.stringMatching(/^[ -~]{0,20}$/).map((text) => `${text}$(touch pwned)\`id\`'"\\\n\${HOME}\t`);

describe('file', () => {
  it('is absent, written, right, broken and written again', () => {
    const it = file({ ...placed, path: inside('new/a.conf'), content: 'a = 1\n', mode: '600' });
    expect(observe(it)).toMatchObject({ verdict: 'change', because: expect.stringContaining('does not exist') });
    apply(it);
    expect(observe(it).verdict).toBe('ok');
    expect(statSync(it.spec.path).mode & 0o777).toBe(0o600);
    writeFileSync(it.spec.path, 'a = 2\n');
    expect(observe(it)).toMatchObject({ verdict: 'change', because: expect.stringContaining('another content') });
    apply(it);
    expect(observe(it).verdict).toBe('ok');
    expect(readdirSync(inside('new'))).toEqual(['a.conf']);
  });

  it('replaces a link instead of writing where it leads', () => {
    writeFileSync(inside('target'), 'theirs');
    symlinkSync(inside('target'), inside('link'));
    apply(file({ ...placed, path: inside('link'), content: 'ours', mode: '644' }));
    expect(readFileSync(inside('target'), 'utf8')).toBe('theirs');
  });

  it('keeps names and contents data', () => {
    fc.assert(
      fc.property(nasty, nasty, (name, content) => {
        const path = inside(name.replaceAll('/', '_'));
        const it = file({ ...placed, path, content, mode: '644' });
        apply(it);
        expect(readFileSync(path, 'utf8')).toBe(content);
        expect(observe(it).verdict).toBe('ok');
        rmSync(path);
        expect(files()).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });

  it('owes what must follow until it ran', () => {
    const log = inside('log');
    const it = (run: string) =>
      file({
        ...placed,
        path: inside('a.conf'),
        content: 'a',
        mode: '644',
        afterwards: { does: 'tell', run: sh`${{ bash: run }}` },
      });
    expect(() => apply(it('false'))).toThrow();
    expect(readFileSync(inside('a.conf'), 'utf8')).toBe('a');
    expect(observe(it('true'))).toMatchObject({ verdict: 'change', because: expect.stringContaining('interruption') });
    apply(it(`echo told >>${log}`));
    expect(readFileSync(log, 'utf8')).toBe('told\n');
    expect(debts()).toEqual([]);
    expect(observe(it('true')).verdict).toBe('ok');
  });
});

describe('directory', () => {
  it('is absent, made, right, closed and opened again', () => {
    const it = directory({ ...placed, path: inside("it's/$(data)"), mode: '755' });
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
  const block = (lines: readonly string[]) => fileBlock({ ...placed, path: inside('hosts'), lines });
  const put = (text: string) => writeFileSync(inside('hosts'), Buffer.from(text, 'latin1'));
  const read = () => readFileSync(inside('hosts'), 'latin1');

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
        const seen = observe(block(lines));
        if (seen.verdict === 'change') {
          expect(linesOf(seen.diff?.[0]?.before ?? '')).toEqual(linesOf(blocks(rows)));
          apply(block(lines));
        }
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

  /** As the diff has them, which puts ends without a begin first. */
  const linesOf = (text: string) => text.split(/\r?\n/).toSorted();
  const outside = (rows: readonly string[]) => [...others(rows)].map((i) => rows[i]).join('');
  const blocks = (rows: readonly string[]) => {
    const kept = others(rows);
    return Buffer.from(rows.filter((_, i) => !kept.has(i)).join(''), 'latin1').toString('utf8');
  };

  /** Indices of what is nobody's block: written down a second time, as plainly as can be. */
  function others(rows: readonly string[]): Set<number> {
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
    return kept;
  }

  it('makes the file where there is none, and keeps its mode', () => {
    apply(block(['10.0.0.1 a']));
    expect(statSync(inside('hosts')).mode & 0o777).toBe(0o644);
    spawnSync('chmod', ['600', inside('hosts')]);
    apply(block(['10.0.0.2 a']));
    expect(statSync(inside('hosts')).mode & 0o777).toBe(0o600);
    expect(files()).toEqual(['hosts']);
  });

  it('takes lines of its own after a lost begin along, and no others', () => {
    put('# BEGIN mlk8s\n10.0.0.1 a\n192.168.0.9 printer\n');
    apply(block(['10.0.0.1 a']));
    expect(read()).toBe('# BEGIN mlk8s\n10.0.0.1 a\n# END mlk8s\n192.168.0.9 printer\n');
  });

  it('shows only lines that go, and not those of others after a lost begin', () => {
    put('# BEGIN mlk8s\n10.0.0.1 a\nTOKEN=theirs\n');
    const before = '# BEGIN mlk8s\n10.0.0.1 a\n';
    expect(observe(block(['10.0.0.1 a']))).toMatchObject({ diff: [{ before }] });
    const record: Recorded = { ...block(['10.0.0.1 a']), origin: 'created', state: 'done' };
    const back = judge(undoing(kinds)['file-block'], record);
    expect(back).toMatchObject({ diff: [{ before, after: '' }] });
    run(back);
    expect(read()).toBe('TOKEN=theirs\n');
  });
});

it('appends the flags of a Raspberry Pi to the one line of its command line', () => {
  const it = memoryCgroup(placed);
  const path = inside('cmdline.txt');
  writeFileSync(path, 'console=tty1 rootwait \n');
  const answers = answersTo(kinds['memory-cgroup']?.asks(it) ?? [], ['cpu io\n', `${path}\nconsole=tty1 rootwait \n`]);
  const verdict = kinds['memory-cgroup']?.judge(it, worldOf({ answers }));
  if (!verdict) throw new Error('no such kind');
  run(verdict);
  expect(readFileSync(path, 'utf8')).toBe('console=tty1 rootwait cgroup_enable=memory cgroup_memory=1\n');
  expect(debts()).toEqual(['reboot']);
});

describe('apt and dpkg', () => {
  /** Runs a move with programs that stand in for the real ones; returns the calls they got. */
  function calls(it: Declared, told: readonly Told[], programs: Record<string, string>): string[] {
    const log = inside('calls');
    for (const [name, body] of Object.entries({ sleep: '', ...programs })) {
      program(name, `echo ${name} "$@" >>${log}\n${body}`);
    }
    const kind = kinds[it.kind];
    if (!kind) throw new Error(it.kind);
    run(kind.judge(it, worldOf({ answers: answersTo(kind.asks(it), told) })));
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
    const locked = `[ $(wc -l <${inside('calls')}) -gt 2 ] || { echo 'dpkg frontend lock was locked by another process with pid 7' >&2; exit 2; }`;
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
    expect(readFileSync(inside('calls'), 'utf8')).toBe(`${dpkg}\n`);
  });
});
