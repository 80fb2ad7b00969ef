import { describe, expect, it } from 'vitest';
import { clusterSchema } from '../../src/config/schema.ts';
import { checkNeeds, judgeAll, type Kinds, planItems } from '../../src/engine/judge.ts';
import { nextGroups } from '../../src/engine/planner.ts';
import type { Declared, Id, Move, Verdict, World } from '../../src/engine/types.ts';
import { sh } from '../../src/shell/script.ts';

const file = clusterSchema.parse({
  name: 'lab',
  nodes: ['a', 'b', 'c'].map((name, i) => ({ name, address: `10.0.0.${i + 1}`, role: 'control-plane' })),
});

interface Thing {
  id: Id;
  needs?: Id[];
  verdict?: 'ok' | 'change' | 'refused';
  alone?: true;
  settled?: true;
  /** Places of the moves; default its own. */
  moves?: string[];
}

function declared({ id, needs = [], verdict = 'change', alone, settled, moves }: Thing): Declared {
  const place = id.slice(id.indexOf('@') + 1);
  const on = place === 'cluster' ? place : { host: place };
  return {
    kind: 'thing',
    id,
    on,
    needs,
    spec: { verdict, ...(alone ? { alone } : {}), ...(settled ? { settled } : {}), ...(moves ? { moves } : {}) },
  };
}

const kinds: Kinds = {
  thing: {
    kind: 'thing',
    transient: true,
    asks: () => [],
    judge: (it): Verdict => {
      const spec = it.spec as unknown as Required<Thing>;
      if (spec.verdict === 'ok') return { verdict: 'ok', because: 'it is' };
      if (spec.verdict === 'refused') return { verdict: 'refused', problem: { where: it.id, seen: 'no', next: [] } };
      const places = spec.moves ?? [it.on === 'cluster' ? 'cluster' : (it.on as { host: string }).host];
      const moves = places.map(
        (p): Move => ({ does: 'x', on: p === 'cluster' ? p : { host: p }, run: sh`true`, deadlineS: 1 }),
      );
      return {
        verdict: 'change',
        because: 'it is not',
        moves,
        ...(spec.alone ? { alone: spec.alone } : {}),
        ...(spec.settled ? { settled: spec.settled } : {}),
      };
    },
  },
};

function judge(things: Thing[], options: { hosts?: string[]; dropped?: string[]; lead?: string } = {}) {
  const dropped = new Set(options.dropped);
  const hosts = (options.hosts ?? ['a', 'b', 'c']).filter((name) => !dropped.has(name));
  const world = { file, hosts, lead: options.lead ?? 'a' } as unknown as World;
  return judgeAll(things.map(declared), kinds, world, dropped);
}

function start(things: Thing[], running: Partial<Parameters<typeof nextGroups>[1]> = {}, parallel = 10, options = {}) {
  const idle = { machines: new Set<string>(), taken: new Set<Id>(), clusterAlone: false };
  const groups = nextGroups(judge(things, options).values(), { ...idle, ...running }, 'a', parallel);
  return groups.map(
    (g) => `${g.machine}: ${g.changes.map((c) => c.it.id).join(' ')}${g.sequence ? ' (one by one)' : ''}`,
  );
}

describe('what is started next', () => {
  it('puts the ready changes of one host into one job, hosts beside each other', () => {
    expect(start([{ id: 'n/x@a' }, { id: 'n/y@a' }, { id: 'n/x@b' }, { id: 'n/z@b', verdict: 'ok' }])).toEqual([
      'a: n/x@a n/y@a',
      'b: n/x@b',
    ]);
  });

  it('holds back what needs something that does not stand, through several levels', () => {
    const things: Thing[] = [
      { id: 'n/x@a' },
      { id: 'n/y@a', verdict: 'ok', needs: ['n/x@a'] },
      { id: 'n/z@a', needs: ['n/y@a'] },
    ];
    expect(start(things)).toEqual(['a: n/x@a']);
  });

  it('lets a change follow in the same job when that job brings all that it needs', () => {
    const things: Thing[] = [
      { id: 'n/x@a' },
      { id: 'n/y@a', needs: ['n/x@a'] },
      { id: 'n/z@a', needs: ['n/x@a', 'n/w@b'] },
      { id: 'n/w@b' },
      { id: 'm/v@a', needs: ['n/y@a'], alone: true },
    ];
    expect(start(things)).toEqual(['a: n/x@a n/y@a', 'b: n/w@b']);
  });

  it('lets what must find its needs settled begin when they stand, and then beside others', () => {
    const proof: Thing = { id: 'b/proof@a', needs: ['b/one@a'], settled: true };
    expect(start([{ id: 'b/one@a' }, proof, { id: 'b/two@a' }])).toEqual(['a: b/one@a b/two@a']);
    expect(start([{ id: 'b/one@a', verdict: 'ok' }, proof, { id: 'b/two@a' }])).toEqual(['a: b/proof@a b/two@a']);
  });

  it('waits with @* for every host that is still in the run, and only for those', () => {
    const things: Thing[] = [
      { id: 'n/x@a', verdict: 'ok' },
      { id: 'n/x@b', verdict: 'ok' },
      { id: 'n/x@c' },
      { id: 'm/join@b', needs: ['n/x@*'] },
    ];
    expect(start(things)).toEqual(['c: n/x@c']);
    expect(start(things, {}, 10, { dropped: ['c'] })).toEqual(['b: m/join@b']);
  });

  it('leaves a busy machine and what was taken before alone', () => {
    const things: Thing[] = [{ id: 'n/x@a' }, { id: 'n/x@b' }, { id: 'n/x@c' }];
    expect(start(things, { machines: new Set(['a']), taken: new Set<Id>(['n/x@b']) })).toEqual(['c: n/x@c']);
  });

  it('works on no more machines than --parallel allows, those at work counted', () => {
    const things: Thing[] = [{ id: 'n/x@a' }, { id: 'n/x@b' }, { id: 'n/x@c' }];
    expect(start(things, {}, 2)).toEqual(['a: n/x@a', 'b: n/x@b']);
    expect(start(things, { machines: new Set(['a']) }, 2)).toEqual(['b: n/x@b']);
  });

  it('starts one change at a time of those that must be alone in the cluster', () => {
    const things: Thing[] = [{ id: 'm/join@b', alone: true }, { id: 'm/join@c', alone: true }, { id: 'n/x@c' }];
    expect(start(things)).toEqual(['b: m/join@b', 'c: n/x@c']);
    expect(start(things, { clusterAlone: true })).toEqual(['c: n/x@c']);
  });

  it('never puts a change that must be alone into a job with others', () => {
    expect(start([{ id: 'n/x@a', alone: true }, { id: 'n/y@a' }])).toEqual(['a: n/x@a']);
    expect(start([{ id: 'n/y@a' }, { id: 'n/x@a', alone: true }])).toEqual(['a: n/y@a']);
  });

  it('runs moves that go from machine to machine one by one', () => {
    expect(start([{ id: 'm/join@b', moves: ['b', 'cluster', 'b'] }, { id: 'n/x@b' }])).toEqual([
      'b: m/join@b (one by one)',
    ]);
  });

  it('gives what belongs to the cluster to the lead', () => {
    expect(start([{ id: 'm/dns@cluster' }])).toEqual(['a: m/dns@cluster']);
  });

  it('starts nothing that is refused, nor what needs it', () => {
    expect(
      start([
        { id: 'n/x@a', verdict: 'refused' },
        { id: 'n/y@a', needs: ['n/x@a'] },
      ]),
    ).toEqual([]);
  });
});

describe('needs', () => {
  it('takes steps and hosts that are left out as fulfilled', () => {
    expect(start([{ id: 'm/snap@a', needs: ['n/x@a', 'n/x@*'] }])).toEqual(['a: m/snap@a']);
  });

  it('resolves @lead to the lead', () => {
    const things: Thing[] = [
      { id: 'm/ready@a', verdict: 'ok' },
      { id: 'm/ready@b' },
      { id: 'm/cluster@cluster', needs: ['m/ready@lead'] },
    ];
    expect(start(things)).toEqual(['b: m/ready@b', 'a: m/cluster@cluster']);
    expect(judge(things, { lead: 'b' }).get('m/cluster@cluster')?.waitsFor).toEqual(['m/ready@b']);
  });

  it('throws for a need that no step lists, and for a circle: both are bugs', () => {
    expect(() => checkNeeds([{ id: 'n/x@a', needs: ['n/typo@a'] } as Thing].map(declared))).toThrow(
      'which no step lists',
    );
    expect(() => checkNeeds([{ id: 'n/x@a', needs: ['m/y@a', 'n/x@*'] } as Thing].map(declared))).not.toThrow();
    const circle: Thing[] = [
      { id: 'n/x@a', needs: ['n/y@a'] },
      { id: 'n/y@a', needs: ['n/x@a'] },
    ];
    expect(() => judge(circle)).toThrow('need each other');
  });
});

describe('what waits for something that is refused', () => {
  const things: Thing[] = [
    { id: 's/no@a', verdict: 'refused' },
    { id: 's/next@a', needs: ['s/no@a'] },
    { id: 's/after@a', needs: ['s/next@a', 's/free@a'] },
    { id: 's/free@a' },
    { id: 's/late@a', needs: ['s/free@a'] },
  ];
  it('is shown as waiting, and not as a change', () => {
    const items = planItems(things.map(declared), judge(things));
    expect(items.map(({ id, verdict, because, blocked }) => [id, verdict, because, blocked])).toEqual([
      ['s/no@a', 'refused', 'no', undefined],
      ['s/next@a', 'later', 'it waits for s/no@a, which is refused', true],
      ['s/after@a', 'later', 'it waits for s/no@a, which is refused', true],
      ['s/free@a', 'change', 'it is not', undefined],
      ['s/late@a', 'change', 'it is not', undefined],
    ]);
  });
});
