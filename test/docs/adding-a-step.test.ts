import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { motdStep } from '../../docs/examples/adding-a-step/motd.ts';
import table from '../../docs/examples/adding-a-step/symlink.json' with { type: 'json' };
import { type SymlinkSpec, symlink, symlinkKind } from '../../docs/examples/adding-a-step/symlink.ts';
import { judgeAll, type Kinds } from '../../src/engine/judge.ts';
import type { Answer, Declared, Id, Json, Kind, Recorded, Verdict, World } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { kinds as known } from '../../src/resources/index.ts';
import { answersTo, at, cluster, node, type Told, worldOf } from '../resources/world.ts';
import { pageOf } from './page.ts';

const page = pageOf('docs/adding-a-step.md');
const examples = new URL('../../docs/examples/adding-a-step/', import.meta.url);
const kinds: Kinds = { ...known, symlink: symlinkKind };

describe('the page', () => {
  it.each(readdirSync(examples))('quotes %s as it is', (name) => {
    const text = readFileSync(new URL(name, examples), 'utf8');
    expect(page).toContain(`\`\`\`${name.split('.').at(-1)}\n${text}\`\`\`\n`);
  });
});

describe('the case table of the new kind', () => {
  const declared = (): Declared<SymlinkSpec> =>
    symlink({ id: 'node/it@rig1', on: { host: 'rig1' }, needs: [], ...table.spec });

  it.each(table.cases)('$when', ({ answers, verdict, does, runs }) => {
    const it = declared();
    const found = symlinkKind.judge(it, worldOf({ answers: answersTo(symlinkKind.asks(it), answers as Told[]) }));
    const moves = found.verdict === 'change' ? found.moves : [];
    expect({ ...found, moves: undefined }).toEqual({ ...verdict, moves: undefined });
    expect(moves.map((move) => move.does)).toEqual(does ?? []);
    const lines = moves.flatMap((move) => ('run' in move ? move.run.bash.split('\n') : []));
    for (const line of runs ?? []) expect(lines).toContain(line);
  });

  it.each(['timeout', 'unreachable'] as const)('concludes nothing from %s', (kind) => {
    const it = declared();
    const answers = answersTo(symlinkKind.asks(it), [{ kind }]);
    expect(symlinkKind.judge(it, worldOf({ answers })).verdict).toBe('refused');
  });
});

describe('the step', () => {
  const base = mkdtempSync(join(tmpdir(), 'mlk8s-docs-'));
  let dir = base;
  beforeEach(() => {
    dir = mkdtempSync(join(base, 'machine-'));
  });
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  const file = cluster([node('rig1', { role: 'control-plane' })]);

  /** The step's resources on a machine whose disk is the folder of the test. */
  function resources(): Declared[] {
    return motdStep.resources(file).map((it) => {
      const spec = JSON.parse(JSON.stringify(it.spec).replaceAll('"/etc/', `"${dir}/etc/`)) as Json;
      return { ...it, spec };
    });
  }

  /** The user of the test counts as root, and the machine's own state lies in the folder of the test. */
  function bash(script: string, options: readonly string[]): { text: string; status: number } {
    const env = { ...process.env, LC_ALL: 'C.UTF-8' };
    const input = script.replaceAll('/var/lib/mlk8s', join(dir, 'state'));
    const { status, stdout } = spawnSync('bash', options, { input, encoding: 'utf8', cwd: dir, env });
    return { text: stdout.replace(new RegExp(`^(\\d+) ${userInfo().username} `), '$1 root '), status: status ?? -1 };
  }

  function observe(): World {
    const asks = resources().flatMap((it) => kindOf(it).asks(it));
    const answers = asks.map((ask): [string, Answer] => [
      at(ask.on, ask.key),
      { kind: 'bytes', cut: false, ...bash(ask.sh.bash, []) },
    ]);
    return worldOf({ file, answers: new Map(answers) });
  }

  function kindOf(it: Declared): Kind {
    const kind = kinds[it.kind];
    if (!kind) throw new Error(it.kind);
    return kind;
  }

  const judge = () => judgeAll(resources(), kinds, observe(), new Set());
  const verdicts = () => new Map([...judge()].map(([id, { verdict }]) => [id, verdict]));
  const changes = () => [...verdicts()].filter(([, it]) => it.verdict === 'change').map(([id]) => id);

  function apply(id: Id): void {
    const verdict: Verdict | undefined = verdicts().get(id);
    if (verdict?.verdict !== 'change') throw new Error(`nothing to apply: ${JSON.stringify(verdict)}`);
    for (const move of verdict.moves) {
      if ('run' in move) expect(bash(move.run.bash, ['-euo', 'pipefail'])).toMatchObject({ status: 0 });
    }
  }

  function mend(): void {
    for (const id of changes()) apply(id);
    expect(changes()).toEqual([]);
  }

  it('is absent, made in its order, and then right', () => {
    expect(changes()).toEqual(['motd/text@rig1', 'motd/console@rig1']);
    expect(judge().get('motd/console@rig1')).toMatchObject({ ready: false, waitsFor: ['motd/text@rig1'] });
    apply('motd/text@rig1');
    expect(judge().get('motd/console@rig1')).toMatchObject({ ready: true });
    apply('motd/console@rig1');
    expect([...judge().values()].map(({ stands }) => stands)).toEqual([true, true]);
    const shown = readFileSync(join(dir, 'etc/motd.d/10-mlk8s'), 'utf8');
    expect(shown).toBe('rig1 is a control-plane of the cluster home. mlk8s looks after it.\n');
  });

  it('names exactly what was broken, and mends it', () => {
    mend();
    rmSync(join(dir, 'etc/motd.d/10-mlk8s'));
    expect(changes()).toEqual(['motd/text@rig1']);
    mend();
    rmSync(join(dir, 'etc/issue.d/10-mlk8s.issue'));
    symlinkSync('/nowhere', join(dir, 'etc/issue.d/10-mlk8s.issue'));
    expect(changes()).toEqual(['motd/console@rig1']);
    mend();
  });

  it('goes on after it was interrupted between any two commands', () => {
    for (const [id, left] of [
      ['motd/text@rig1', 'etc/motd.d'],
      ['motd/console@rig1', 'etc/issue.d'],
    ] as const) {
      const verdict = verdicts().get(id);
      const move = verdict?.verdict === 'change' ? verdict.moves[0] : undefined;
      const commands = move && 'run' in move ? move.run.bash.split('\n') : [];
      for (const [done] of commands.entries()) {
        bash(commands.slice(0, done).join('\n'), ['-euo', 'pipefail']);
        expect(changes()).toContain(id);
      }
      apply(id);
      expect(readdirSync(join(dir, left))).toHaveLength(1);
    }
    expect(changes()).toEqual([]);
  });

  it('leaves alone what is not its own', () => {
    mend();
    const path = join(dir, 'etc/issue.d/10-mlk8s.issue');
    rmSync(path);
    writeFileSync(path, 'theirs');
    expect(verdicts().get('motd/console@rig1')?.verdict).toBe('refused');
  });

  it('is undone, and what was changed since stays', () => {
    mend();
    const [, console] = resources();
    const record = { ...(console as Declared), origin: 'created', state: 'done' } as Recorded;
    const undo = () => undoing(kinds)[record.kind]?.judge(record, observe());
    const verdict = undo();
    if (verdict?.verdict !== 'change') throw new Error(`nothing to undo: ${JSON.stringify(verdict)}`);
    for (const move of verdict.moves) if ('run' in move) bash(move.run.bash, ['-euo', 'pipefail']);
    expect(undo()).not.toHaveProperty('stays');
    expect(changes()).toEqual(['motd/console@rig1']);
    symlinkSync('/elsewhere', join(dir, 'etc/issue.d/10-mlk8s.issue'));
    expect(undo()).toMatchObject({ verdict: 'ok', stays: true });
  });
});
