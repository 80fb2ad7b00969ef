import { describe, expect, it } from 'vitest';
import { money, plain } from '../../src/cost/money.ts';
import { type CostReport, type CostSight, reportOf } from '../../src/cost/report.ts';
import { parsePrices, parseWatts, pricesOf, wattsOf } from '../../src/cost/tables.ts';
import { EUR, HOME, machine, RTX } from './sight.ts';

const report = (sight: Partial<CostSight> = {}, settings: Partial<Parameters<typeof reportOf>[1]> = {}) =>
  reportOf({ ...HOME, ...sight }, { ...EUR, ...settings }, pricesOf(), wattsOf());
const row = <T extends { readonly name: string }>(rows: readonly T[], name: string): T => {
  const found = rows.find((it) => it.name === name);
  if (!found) throw new Error(`there is no row ${name}`);
  return found;
};
const USD = { currency: 'USD' } as const;

describe('in a cloud', () => {
  it.each([
    // e2-standard-4, -8 and -16 as the sheet has them (5.1)
    [4, 16, 97.8],
    [8, 32, 195.7],
    [16, 64, 391.3],
  ])('%i cores and %i GiB cost what the sheet says', (cpu, memory, dollars) => {
    const { nodes } = report({ nodes: [machine('rig1', { capacity: { cpu, memory, gpu: 0 } })] }, USD);
    expect(nodes[0]?.cloud).toBeCloseTo(dollars, 0);
  });

  it.each([
    ['GeForce RTX 3090', undefined, 'NVIDIA A10G 24 GB', (1.006 - 4 * 0.021811 - 16 * 0.002923) * 730],
    ['GeForce RTX 3060', undefined, 'NVIDIA T4 16 GB', 0.35 * 730],
    ['NVIDIA 10de:2204', 24, 'NVIDIA A10G 24 GB', (1.006 - 4 * 0.021811 - 16 * 0.002923) * 730],
    ['Something new', 16, 'NVIDIA T4 16 GB', 0.35 * 730],
    ['Something new', 48, 'NVIDIA A100 40 GB', 2.74 * 730],
    ['A100 SXM4 80GB', undefined, 'NVIDIA A100 80 GB', 3.43 * 730],
    ['A100-PCIE-40GB', 40, 'NVIDIA A100 40 GB', 2.74 * 730],
    ['H100 PCIe', 80, 'NVIDIA H100 80 GB', 6.88 * 730],
    ['Something new', undefined, undefined, 0],
    ['Something tiny', 2, undefined, 0],
  ])('a card %s of %s GiB is like %s', (model, gib, cloudCard, dollars) => {
    const card = { slot: RTX.slot, model, ...(gib === undefined ? {} : { gib }) };
    const { nodes, gaps, sources } = report({ nodes: [machine('rig1', { cards: [card] })] }, USD);
    expect(nodes[0]?.cards[0]?.cloudCard).toBe(cloudCard);
    expect(nodes[0]?.cards[0]?.cloud).toBeCloseTo(dollars, 2);
    expect(gaps).toEqual(
      cloudCard ? [] : [`The price list has no card like ${model} of rig1: in a cloud they cost more.`],
    );
    expect(sources.some(({ what }) => cloudCard !== undefined && what.startsWith(cloudCard))).toBe(!!cloudCard);
  });

  it('is told in the currency of the file, at a rate with its date', () => {
    const dollars = report({}, USD);
    for (const currency of ['EUR', 'GBP', 'CHF'] as const) {
      const { total, sources } = report({}, { currency });
      const { rate, asOf } = pricesOf().exchange[currency];
      expect(total.cloud).toBeCloseTo(dollars.total.cloud * rate, 2);
      expect(sources.at(-1)).toMatchObject({ what: `1 USD = ${rate} ${currency}`, asOf });
    }
    expect(dollars.sources.some(({ what }) => what.includes('1 USD'))).toBe(false);
  });

  it('counts volumes apart from machines', () => {
    const { volumes, total, nodes } = report({}, USD);
    expect(volumes).toEqual({ gib: 120, cloud: 4.8 });
    expect(total.cloud).toBeCloseTo(
      nodes.reduce((sum, it) => sum + it.cloud, 4.8),
      2,
    );
  });
});

describe('at home', () => {
  it.each([
    // the table of the sheet (5.2): 24 hours a day
    [20, 0.1802, 2.63],
    [90, 0.2872, 18.87],
    [280, 0.1802, 36.83],
    [760, 0.2872, 159.34],
  ])('%i W at %d cost what the sheet says', (watts, kilowattHour, costs) => {
    const { total } = report({ nodes: [machine('rig1')] }, { watts: { rig1: watts }, kilowattHour });
    expect(total.home).toBeCloseTo(costs, 1);
  });

  it('takes no watts of the file for a machine that is called like something every object has', () => {
    const { nodes } = report({ nodes: [machine('constructor')] });
    expect(nodes[0]?.draw.from).toEqual(['table']);
  });
});

describe('a namespace', () => {
  it('has what its pods take, its volumes, and its share of what their machines draw', () => {
    const { nodes, namespaces } = report({}, USD);
    const rig4 = row(nodes, 'rig4');
    const llm = row(namespaces, 'llm');
    // 1 of the 2 shares of the card; what runs on a machine that is gone has a price, but draws nothing
    const card = (rig4.cards[0]?.cloud ?? 0) / 2;
    const pods = (4 * 0.021811 + 16 * 0.002923) * 730 + card;
    expect(llm.cloud).toBeCloseTo(pods + 0.021811 * 730 + 4, 1);
    expect(llm.home).toBeCloseTo((rig4.home * pods) / rig4.cloud, 2);
    expect(row(namespaces, 'old')).toMatchObject({ volumes: 20, cloud: 0.8, home: 0 });
  });

  it('and what is idle make the whole', () => {
    const { namespaces, idle, total } = report({ uses: HOME.uses.filter(({ node }) => node !== 'gone') });
    for (const key of ['cloud', 'home'] as const) {
      expect(namespaces.reduce((sum, it) => sum + it[key], idle[key])).toBeCloseTo(total[key], 1);
    }
  });

  it('never takes more of a machine than it draws', () => {
    const uses = [{ node: 'rig1', namespace: 'greedy', cpu: 800, memory: 3200, gpu: 9 }];
    const { namespaces, nodes } = report({ uses });
    expect(row(namespaces, 'greedy').home).toBe(row(nodes, 'rig1').home);
  });
});

it('says of which machines nothing is known', () => {
  const { cards: _, power: __, ...silent } = machine('rig9');
  const { gaps, nodes } = report({ nodes: [silent] });
  expect(gaps).toEqual(['Of rig9 the cards are not known, and watts are those of the table.']);
  expect(nodes[0]?.draw).toMatchObject({ watts: 50, from: ['table'] });
});

it('is made for a cluster without anything', () => {
  const empty: CostReport = report({ nodes: [], uses: [], volumes: [] });
  expect([empty.total, empty.idle, empty.namespaces]).toEqual([{ cloud: 0, home: 0 }, { cloud: 0, home: 0 }, []]);
});

describe('the tables', () => {
  it('are what they must be', () => {
    expect(pricesOf().gpus.length).toBeGreaterThan(3);
    expect(wattsOf().machines.at(-1)).not.toHaveProperty('chassis');
  });

  it.each([
    ['a price without a date', "asOf: '2024-10-24'", "asOf: 'lately'"],
    ['a price without a source', ', source: ', ', sauce: '],
    ['a price of nothing', 'perHour: 0.021811', 'perHour: 0'],
    ['a pattern that is none', "models: '\\bH(100|200)\\b'", "models: '('"],
  ])('refuse %s', async (_, from, to) => {
    const { readFileSync } = await import('node:fs');
    const yaml = readFileSync(new URL('../../templates/cost/prices.yaml', import.meta.url), 'utf8');
    expect(yaml).toContain(from);
    expect(() => parsePrices(yaml.replace(from, to))).toThrow();
    expect(() => parseWatts(yaml)).toThrow();
  });
});

it.each([
  [0, undefined, '0'],
  [0.001, undefined, '<0.01'],
  [-0.001, 67, '0'],
  [1.234, undefined, '1.23'],
  [9.996, undefined, '10.0'],
  [99.96, undefined, '100'],
  [1234.5, undefined, '1235'],
  [2.63, 67, '2.6'],
  [1.43, 1709, '1'],
  [0.3, 1709, '<1'],
])('an amount of %d beside %s is shown as %s', (amount, beside, text) => {
  expect(money(amount, beside)).toBe(text);
});

it.each([
  [0, '0'],
  [0.01, '<0.1'],
  [0.25, '0.3'],
  [16, '16'],
])('%d is shown as %s', (value, text) => expect(plain(value)).toBe(text));
