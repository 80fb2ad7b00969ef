import { describe, expect, it } from 'vitest';
import type { Kinds } from '../../src/engine/judge.ts';
import type { Declared, Id, InventoryRecord, Kind, World } from '../../src/engine/types.ts';
import { lastingNeeds, pruning, toUndo, undoing } from '../../src/engine/undo.ts';
import { sh } from '../../src/shell/script.ts';

const judge: Kind['judge'] = () => ({ verdict: 'ok', because: 'it is' });
const undo = () => ({ verdict: 'ok' as const, because: 'undone' });
const kinds: Kinds = {
  thing: { kind: 'thing', asks: () => [], judge, undo },
  giver: { kind: 'giver', asks: () => [], judge, undo, givesBack: true },
  check: { kind: 'check', transient: true, asks: () => [], judge },
};

const on = { host: 'a' };
const thing = (id: Id, needs: Id[] = [], kind = 'thing'): Declared => ({ kind, id, on, needs, spec: null });
const record = (id: Id, needs: Id[] | undefined, more: Partial<InventoryRecord> = {}): InventoryRecord => ({
  ...{ id, kind: 'thing', on, spec: null, origin: 'created', state: 'done' },
  ...(needs ? { needs } : {}),
  ...more,
});

describe('what a record says it was built on', () => {
  it('leaves out what leaves nothing behind, and takes what that was built on', () => {
    const all = [
      thing('s/base@a'),
      thing('s/base@b'),
      thing('s/check@a', ['s/base@a'], 'check'),
      thing('s/check@b', ['s/base@b'], 'check'),
      thing('s/top@a', ['s/check@*', 's/gone@a']),
      thing('s/led@cluster', ['s/check@lead', 's/top@a']),
    ];
    const of = (id: Id) => lastingNeeds(all.find((it) => it.id === id) as Declared, all, kinds);
    expect(of('s/top@a')).toEqual(['s/base@a', 's/base@b']);
    expect(of('s/led@cluster')).toEqual(['s/base@a', 's/base@b', 's/top@a']);
  });
});

describe('what there is to undo', () => {
  it('comes after all that was built on it, and needs that gone first', () => {
    const found = toUndo(
      [record('s/base@a', []), record('s/top@a', ['s/base@a']), record('s/old@a', undefined)],
      kinds,
    );
    expect(found.map(({ id, needs }) => [id, needs])).toEqual([
      ['s/top@a', []],
      ['s/base@a', ['s/top@a']],
      ['s/old@a', []],
    ]);
  });

  it('is nothing of a kind that lives elsewhere: who may write into the cluster must not reach the machines', () => {
    const all = undoing({ ...kinds, inside: { kind: 'inside', lives: 'cluster', asks: () => [], judge, undo } });
    const verdict = (kind: string, on: InventoryRecord['on']) =>
      all[kind]?.judge({ ...record('s/it@cluster', []), kind, on, needs: [] }, {} as World).verdict;
    expect(verdict('thing', on)).toBe('ok');
    expect(verdict('thing', 'cluster')).toBe('refused');
    expect(verdict('inside', 'cluster')).toBe('ok');
    expect(verdict('inside', on)).toBe('refused');
    const asking: Kind = {
      kind: 'asking',
      asks: () => [{ key: 'x', on: 'cluster', sh: sh`x`, timeoutS: 1 }],
      judge,
      undo,
    };
    const ask = undoing({ asking }).asking?.asks;
    expect(ask?.({ ...record('s/it@a', []), needs: [] })).toHaveLength(1);
    expect(ask?.({ ...record('s/it@a', []), on: 'cluster', needs: [] })).toEqual([]);
  });

  it('says where a record is that cannot be read', () => {
    const next = (where: InventoryRecord['on']) => {
      const verdict = undoing(kinds).thing?.judge({ ...record('s/it@a', []), needs: [], on: where }, {} as World);
      return verdict?.verdict === 'refused' ? verdict.problem.next[0] : '';
    };
    expect(next('cluster')).toContain('in the ConfigMap inventory of the namespace mlk8s-system');
    expect(next('workstation')).toContain('below ~/.local/state/mlk8s/inventory');
  });

  it('stays when something was there before, unless its kind gives it back', () => {
    const verdict = (more: Partial<InventoryRecord>) => {
      const [it] = toUndo([record('s/it@a', [], more)], kinds);
      return it && undoing(kinds)[it.kind]?.judge(it, {} as World);
    };
    expect(verdict({})).toEqual({ verdict: 'ok', because: 'undone' });
    expect(verdict({ state: 'pending' })).toEqual({ verdict: 'ok', because: 'undone' });
    expect(verdict({ origin: 'adopted' })).toMatchObject({ stays: true, because: 'it was there before mlk8s' });
    expect(verdict({ origin: 'adopted', kind: 'giver' })).toEqual({ verdict: 'ok', because: 'undone' });
    expect(verdict({ kind: 'of a newer version' })).toMatchObject({ verdict: 'refused' });
  });
});

describe('what left the file', () => {
  const left: Kinds = pruning(
    {
      ...kinds,
      stuck: { kind: 'stuck', asks: () => [], judge, undo: () => ({ verdict: 'ok', because: 'data', stays: true }) },
      user: {
        ...{ kind: 'user', lives: 'cluster', asks: () => [], judge },
        undo: () => ({ verdict: 'ok', because: 'somebody uses it', stays: true, forGood: true }),
      },
      claim: {
        ...{ kind: 'claim', lives: 'cluster', asks: () => [], judge },
        undo: () => ({ verdict: 'ok', because: 'data', stays: true }),
      },
    },
    [{ key: 'records', on, sh: sh`true`, timeoutS: 1 }],
  );
  const verdictOf = (it: InventoryRecord, recorded = true) => {
    const world = { record: () => (recorded ? it : undefined) } as unknown as World;
    const verdict = left[`left ${it.kind}`]?.judge({ ...it, needs: [] }, world);
    return verdict?.verdict === 'change' ? verdict.moves.map(({ does }) => does) : verdict?.verdict;
  };
  const of = (kind: string, more: Partial<InventoryRecord> = {}) => record('s/it@a', [], { kind, ...more });

  it('is of kinds that do not clash with those of the file, and no trouble with it takes a host out', () => {
    expect(Object.keys(left).filter((name) => name in kinds)).toEqual([]);
    expect(Object.values(left).every(({ aside }) => aside)).toBe(true);
  });

  it('is forgotten when nothing is left of it, and then there is nothing more to do', () => {
    expect(verdictOf(of('thing'))).toEqual(['forget it']);
    expect(verdictOf(of('thing'), false)).toBe('ok');
  });

  it('stays and is forgotten when it was adopted or is never removed', () => {
    expect(verdictOf(of('thing', { origin: 'adopted' }))).toEqual(['leave it and forget it']);
    expect(verdictOf(of('stuck'))).toEqual(['leave it and forget it']);
  });

  it('is shown as it is when only its record goes', () => {
    const world = { record: () => of('thing') } as unknown as World;
    const forgets = (it: InventoryRecord) => left[`left ${it.kind}`]?.judge({ ...it, needs: [] }, world);
    expect(forgets(of('thing'))).toMatchObject({ forgets: 'ok' });
    expect(forgets(of('stuck'))).toMatchObject({ forgets: 'stays' });
  });

  it('stays and is forgotten when nobody will ever remove it', () => {
    expect(verdictOf(of('user', { on: 'cluster' }))).toEqual(['leave it and forget it']);
  });

  it('stays and is remembered when it is data in the cluster', () => {
    expect(verdictOf(of('claim', { on: 'cluster' }))).toBe('ok');
    expect(verdictOf(of('claim', { on: 'cluster', origin: 'adopted' }))).toEqual(['leave it and forget it']);
  });

  it('is refused when a newer version made it', () => {
    expect(verdictOf(of('unknown'))).toBe('refused');
  });

  it('asks for the records of its place, too: they tell that it is gone', () => {
    const keys = (place: InventoryRecord['on']) =>
      left['left thing']?.asks({ ...of('thing', { on: place }), needs: [] }).map(({ key }) => key);
    expect(keys(on)).toEqual(['records']);
    expect(keys({ host: 'b' })).toEqual([]);
  });
});
