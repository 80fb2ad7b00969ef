import { describe, expect, it } from 'vitest';
import { allocationOf, type Cores, priceFault } from '../../src/cost/allocation.ts';

const GIB = 1024 ** 3;
const item = (node: string, namespace: string, more: object = {}) => ({
  ...{ name: `${node}/${namespace}`, properties: { cluster: 'home', node, namespace }, minutes: 120 },
  ...{ cpuCoreHours: 4, ramByteHours: 8 * GIB, gpuHours: 0, cpuCost: 0.087244, totalCost: 0.11 },
  ...more,
});
const answer = (...sets: unknown[]) => JSON.stringify({ code: 200, status: 'success', data: sets });

describe('what OpenCost counted', () => {
  it('is an average over the time that it counted', () => {
    const set = { 'rig1/llm': item('rig1', 'llm'), 'rig1/web': item('rig1', 'web', { minutes: 60, cpuCoreHours: 1 }) };
    expect(allocationOf(answer(set))).toEqual({
      hours: 2,
      uses: [
        { cluster: 'home', node: 'rig1', namespace: 'llm', cpu: 2, memory: 4, gpu: 0 },
        { cluster: 'home', node: 'rig1', namespace: 'web', cpu: 0.5, memory: 4, gpu: 0 },
      ].map(({ cluster: _, ...use }) => use),
      totalCost: 0.22,
      cores: [
        { node: 'rig1', hours: 4, cost: 0.087244 },
        { node: 'rig1', hours: 1, cost: 0.087244 },
      ],
    });
  });

  it('has no idle time and no volumes that nobody mounts', () => {
    const set = { __idle__: item('', ''), 'rig1/__unmounted__': item('rig1', ''), 'rig1/llm': item('rig1', 'llm') };
    expect(allocationOf(answer(set))).toMatchObject({ uses: [{ namespace: 'llm' }] });
  });

  it('counts nothing for a figure that it cannot reckon, and keeps the others', () => {
    const set = { 'rig1/llm': item('rig1', 'llm', { totalCost: null, gpuHours: null }), '/web': item('', 'web') };
    expect(allocationOf(answer(set, { '': { ...item('', ''), properties: null } }))).toMatchObject({
      uses: [{ namespace: 'llm', cpu: 2, gpu: 0 }, { namespace: 'web' }, { node: '', namespace: '' }],
      totalCost: 0.22,
    });
  });

  it.each([
    ['no set', answer()],
    ['an empty set', answer({})],
    ['a set that is null', answer(null)],
    ['no time', answer({ 'rig1/llm': item('rig1', 'llm', { minutes: 0 }) })],
  ])('is nothing yet: %s', (_, text) => expect(allocationOf(text)).toBe('empty'));

  it.each([
    ['nothing', ''],
    ['words', 'error trying to reach service: dial tcp 10.1.2.3:9003: connect: connection refused'],
    ['a failure', JSON.stringify({ code: 500, status: 'error', message: 'no', data: null })],
    ['another shape', answer({ a: { minutes: 'many' } })],
  ])('is no answer: %s', (_, text) => expect(allocationOf(text)).toBeUndefined());
});

/** What OpenCost says of so many hours of a core in each row, rounded as its API rounds. */
const rows = (perHour: number, ...hours: number[]) =>
  hours.map((it) => ({ node: 'rig1', hours: it, cost: Math.round(it * perHour * 1e5) / 1e5 }));
const WRITTEN = 0.021811;
const fault = (cores: readonly Cores[], written = WRITTEN, withCards: readonly string[] = []) =>
  priceFault(cores, written, new Set(withCards));

describe('the price that OpenCost reckons with', () => {
  it.each<[what: string, cores: Cores[], written?: number]>([
    ['is the one that was written', rows(WRITTEN, 12, 40)],
    ['is off by less than its windows are', rows(0.0222, 12, 40)],
    ['is not known before anything was counted', []],
    ['is not known where nobody used a core', rows(WRITTEN, 0)],
    ['is not known when there is none in the values', rows(WRITTEN, 12), Number.NaN],
    // its first minutes, a few thousandths of a core: 0.00001 where it should be 0.000013
    ['is not judged by its rounding', rows(WRITTEN, 0.0006, 0.0006, 0.0006)],
    ['is not judged by what rounding hides', rows(WRITTEN / 730, 0.0002)],
  ])('%s', (_, cores, written) => expect(fault(cores, written)).toBeUndefined());

  it('is that of a month in old releases, and that is said', () => {
    const found = fault(rows(WRITTEN / 730, 120));
    expect(found?.seen).toBe('for 120 hours of a core, at 0.021811 each, it reckons 0.0036, 729 times too little');
    expect(found?.why).toContain('divides them by 730');
  });

  it('is that of a month also when all of it is rounded to nothing', () => {
    const found = fault(rows(WRITTEN / 730, 0.05, 0.05));
    expect(found?.seen).toBe('for 0.1 hours of a core, at 0.021811 each, it reckons nothing at all');
    expect(found?.why).toContain('divides them by 730');
  });

  it('was changed by somebody', () => {
    expect(fault(rows(1.25, 4))?.seen).toContain('57 times too much');
    expect(fault(rows(0.02, 400))).toMatchObject({ why: expect.stringContaining('were changed') });
  });

  it('is its own on a machine with cards, which says nothing of the others', () => {
    const cards = rows(0.0008, 48).map((it) => ({ ...it, node: 'rig4' }));
    const found = fault([...rows(WRITTEN, 48), ...cards], WRITTEN, ['rig4']);
    expect(found?.seen).toMatch(/^on rig4 for 48 hours of a core, .* 27 times too little$/);
    expect(found?.why).toContain('opencost/opencost#3160');
    expect(fault([...rows(WRITTEN / 730, 48), ...cards], WRITTEN, ['rig4'])?.why).toContain('divides them by 730');
    const old = rows(WRITTEN / 730, 48);
    expect(fault(old, WRITTEN, ['rig1'])?.why).toMatch(/#3160.*up to 1\.120/);
    expect(fault([...cards, ...rows(WRITTEN, 48)])).toMatchObject({ why: expect.stringContaining('were changed') });
  });
});
