import { describe, expect, it } from 'vitest';
import { allocationOf, priceFault } from '../../src/cost/allocation.ts';

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
      perCoreHour: (2 * 0.087244) / 5,
    });
  });

  it('has no idle time and no volumes that nobody mounts', () => {
    const set = { __idle__: item('', ''), 'rig1/__unmounted__': item('rig1', ''), 'rig1/llm': item('rig1', 'llm') };
    expect(allocationOf(answer(set))).toMatchObject({ uses: [{ namespace: 'llm' }] });
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

describe('the price that OpenCost reckons with', () => {
  it.each([
    [0.021811, 0.021811],
    [0.0222, 0.021811],
    [Number.NaN, 0.021811],
    [0.02, Number.NaN],
  ])('%d where %d was written is right, or says nothing', (seen, written) =>
    expect(priceFault(seen, written)).toBeUndefined(),
  );

  it('is that of a month in old releases, and that is said', () => {
    const fault = priceFault(0.021811 / 730, 0.021811);
    expect(fault?.seen).toBe(
      'it reckons 0.0000299 for an hour of a core where 0.021811 was written: 730 times too little',
    );
    expect(fault?.why).toContain('divides them by 730');
  });

  it('was changed by somebody', () => {
    expect(priceFault(1.25, 0.021811)?.seen).toContain('57 times too much');
    expect(priceFault(0.02, 0.021811)).toMatchObject({ why: expect.stringContaining('were changed') });
  });
});
