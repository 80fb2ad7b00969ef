import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect } from 'vitest';
import type { Answer, Declared, InventoryRecord, Kind, Recorded, Verdict } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { kinds } from '../../src/resources/index.ts';
import { at, worldOf } from './world.ts';

/** Exit status of a script that was cut off on purpose. */
const CUT = 99;

interface Ran {
  readonly text: string;
  readonly status: number;
}

/**
 * A folder that stands for the machine rig1, a fresh one for each test of the file. The bash of this computer runs asks
 * and moves there: the state of mlk8s, `/var/snap` and `folders` of the root lie in it, programs in its `bin` come
 * before those of this computer, and who runs the test counts as root.
 */
export function machine(folders: readonly string[] = []) {
  // In memory where there is such a folder: the scripts sync, and a busy disk takes its time.
  const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'mlk8s-machine-'));
  const roots = folders.length > 0 ? new RegExp(`(?<![\\w/.-])/(${folders.join('|')})/`, 'g') : /$^/g;
  const owner = new RegExp(`(?<=^[a-z]* ?[0-7]+ )${userInfo().username}\\b`, 'gm');
  let dir = base;
  beforeEach(() => {
    dir = mkdtempSync(join(base, 'case-'));
    mkdirSync(join(dir, 'bin'));
  });
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  const inside = (...path: string[]): string => join(dir, ...path);

  function program(name: string, body: string): void {
    writeFileSync(inside('bin', name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
  }

  function bash(script: string, options: readonly string[] = []): Ran & { said: string } {
    const input = script
      .replaceAll('/var/lib/mlk8s', `${dir}/state`)
      .replaceAll('/var/snap', `${dir}/snap`)
      .replaceAll('PATH="/usr/local/sbin:', `PATH="${dir}/bin:`)
      .replaceAll(roots, `${dir}/$1/`);
    const env = { ...process.env, PATH: `${dir}/bin:/usr/bin:/bin`, INPUTS: inside('inputs'), LC_ALL: 'C.UTF-8' };
    const { stdout, stderr, status } = spawnSync('bash', options, { input, encoding: 'utf8', cwd: dir, env });
    const text = folders.reduce((shown, name) => shown.replaceAll(`${dir}/${name}/`, `/${name}/`), stdout);
    return { text: text.replaceAll(owner, 'root'), status: status ?? -1, said: stderr };
  }

  function debts(): string[] {
    return existsSync(inside('state/debts')) ? readdirSync(inside('state/debts')) : [];
  }

  function judge(
    kind: Kind | undefined,
    it: Declared,
    records: readonly InventoryRecord[] = [],
    leaving: readonly string[] = [],
  ): Verdict {
    if (!kind) throw new Error(it.kind);
    const answers = kind.asks(it).map((ask): [string, Answer] => {
      const { text, status } = bash(ask.sh.bash);
      return [at(ask.on, ask.key), { kind: 'bytes', cut: false, text, status }];
    });
    return kind.judge(it, { ...worldOf({ answers: new Map(answers), debts: debts(), records }), leaving });
  }

  /** Throws what a move that failed said. `commands`: cut off after so many of them; tells whether it came to its end. */
  function run(verdict: Verdict, commands?: number): boolean {
    if (verdict.verdict !== 'change') throw new Error(`nothing to do: ${JSON.stringify(verdict)}`);
    const captured = new Map<string, string>();
    const cut = commands === undefined ? '' : `n=0; trap 'n=$((n + 1)); [ $n -le ${commands} ] || exit ${CUT}' DEBUG\n`;
    for (const move of verdict.moves) {
      if (!('run' in move)) continue;
      mkdirSync(inside('inputs'), { recursive: true });
      for (const [name, input] of Object.entries(move.inputs ?? {})) {
        const value = 'secret' in input ? input.secret : (captured.get(input.captured) ?? '');
        writeFileSync(inside('inputs', name), value);
      }
      const { status, said, text } = bash(`${cut}${move.run.bash}`, ['-euo', 'pipefail']);
      rmSync(inside('inputs'), { recursive: true });
      if (move.capture !== undefined) captured.set(move.capture, text);
      if (commands !== undefined && status === CUT) return false;
      if (status !== 0) throw new Error(said);
    }
    return true;
  }

  /** One resource and its record. */
  function story(it: Declared) {
    const records: InventoryRecord[] = [];
    const look = () => judge(kinds[it.kind], it, records);
    const lookBack = () => judge(undoing(kinds)[it.kind], { ...it, ...records[0] } as Recorded, records, ['rig1']);
    const note = (state: InventoryRecord['state'], adopts = false) => {
      const { id, kind, on, spec } = it;
      const origin = records[0]?.origin ?? (adopts ? 'adopted' : 'created');
      records.splice(0, 1, { id, kind, on, spec, origin, state });
    };
    return {
      look,
      lookBack,
      note,
      /** As `run` does, with the record before and after. */
      apply(commands?: number): boolean {
        const verdict = look();
        note('pending', verdict.verdict === 'change' && verdict.adopts === true);
        const isDone = run(verdict, commands);
        if (isDone) note('done');
        return isDone;
      },
      undo() {
        run(lookBack());
        expect(lookBack().verdict).toBe('ok');
      },
    };
  }

  /** Paths of all that is there, but for the state of mlk8s and the programs. */
  function files(): string[] {
    return readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((name) => !/^(state|bin|inputs)\b/.test(name))
      .toSorted();
  }

  return { inside, program, debts, judge, run, story, files };
}
