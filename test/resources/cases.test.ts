import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Declared, Json, Kind, Verdict } from '../../src/engine/types.ts';
import { kinds } from '../../src/resources/index.ts';
import { answersTo, cluster, node, type Told, worldOf } from './world.ts';

/** One file in test/cases: a kind, what is declared, and situations with what must come of them. */
interface Table {
  readonly kind: string;
  readonly spec: Json;
  readonly cases: readonly {
    readonly when: string;
    readonly spec?: Json;
    /** In the order of the kind's asks. */
    readonly answers: readonly Told[];
    readonly debts?: readonly string[];
    readonly role?: 'control-plane' | 'worker';
    /** The verdict without its moves; `does` and `runs` stand for those. `runs`: lines that the script must hold. */
    readonly verdict: Record<string, unknown> & { readonly verdict: Verdict['verdict'] };
    readonly does?: readonly string[];
    readonly runs?: readonly string[];
  }[];
}

const folder = new URL('../cases/', import.meta.url);
const tables = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Table);

function declared(table: Table, spec: Json = table.spec): Declared {
  return { kind: table.kind, id: `node/it@rig1`, on: { host: 'rig1' }, needs: [], spec };
}

describe.each(tables)('$kind', (table) => {
  const kind = kinds[table.kind];
  if (!kind) throw new Error(`no kind ${table.kind}`);

  it.each(table.cases)('$when', ({ spec, answers, debts, role, verdict, does, runs }) => {
    const resource = declared(table, spec);
    const file = cluster([node('rig1', { role: role ?? 'worker' })]);
    const world = worldOf({ file, answers: answersTo(kind.asks(resource), answers), debts: debts ?? [] });
    const found = kind.judge(resource, world);
    const moves = found.verdict === 'change' ? found.moves : [];
    expect({ ...found, moves: undefined }).toEqual({ ...verdict, moves: undefined });
    expect(moves.map((move) => move.does)).toEqual(does ?? []);
    const script = moves.flatMap((move) => ('run' in move ? [move.run.bash] : [`reboot: ${move.reboot}`])).join('\n');
    for (const line of runs ?? []) expect(script.split('\n')).toContain(line);
  });
});

const asking = tables.filter((table) => kinds[table.kind]?.asks(declared(table)).length);

describe.each(asking)('$kind', (table) => {
  it.each(['timeout', 'unreachable'] as const)('concludes nothing from %s', (silence) => {
    const kind = kinds[table.kind] as Kind;
    const asks = kind.asks(declared(table));
    for (const [i] of asks.entries()) {
      const told = asks.map((_, k): Told => (k === i ? { kind: silence } : ''));
      const found = kind.judge(declared(table), worldOf({ answers: answersTo(asks, told) }));
      expect(found.verdict).toBe('refused');
    }
  });
});

it('has a table for every kind that lives on a host', () => {
  const hostKinds = [
    'debt',
    'directory',
    'dpkg-state',
    'file',
    'file-block',
    'health-check',
    'hostname',
    'hugepages',
    'kernel-module',
  ];
  hostKinds.push('memory-cgroup', 'package', 'service', 'sysctl', 'time-sync', 'ufw-rules', 'unit-masked');
  hostKinds.push(
    'git-identity',
    'group-member',
    'home-block',
    'miniforge',
    'release-file',
    'source-tree',
    'vscode-extensions',
  );
  expect(tables.map((table) => table.kind).sort()).toEqual(expect.arrayContaining(hostKinds.sort()));
});

it('says why in every case, also why nothing is to be done', () => {
  for (const { verdict } of tables.flatMap((table) => table.cases)) {
    if (verdict.verdict !== 'refused') expect(verdict.because).toMatch(/\w/);
  }
});
