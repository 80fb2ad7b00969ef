import * as z from 'zod';
import type { Problem } from '../errors.ts';
import { jsonOf } from '../resources/kube.ts';
import { plain } from './money.ts';
import type { Use } from './read.ts';

const GIB = 1024 ** 3;
/** Null is what it answers for what it cannot reckon: core/pkg/opencost/allocation_json.go of opencost/opencost. */
const number = z
  .number()
  .nullish()
  .transform((it) => it ?? 0);
const item = z.object({
  properties: z
    .object({ node: z.string().default(''), namespace: z.string().default('') })
    .nullish()
    .transform((it) => it ?? { node: '', namespace: '' }),
  minutes: number,
  cpuCoreHours: number,
  ramByteHours: number,
  gpuHours: number,
  cpuCost: number,
  totalCost: number,
});
/** facts: monitoring-and-cost sheet, 4.5 */
const envelope = z.object({ code: z.literal(200), data: z.array(z.record(z.string(), item).nullable()) });

/** What OpenCost counted since the beginning of its window. */
export interface Allocation {
  /** How long it has counted, at most the window. */
  readonly hours: number;
  /** On average over that time. */
  readonly uses: readonly Use[];
  /** What OpenCost says that it cost, in the currency of its prices. */
  readonly totalCost: number;
  readonly cores: readonly Cores[];
}

/** What the pods of one namespace took of the cores of one machine, and what OpenCost reckoned for that. */
export interface Cores {
  readonly node: string;
  /** Hours of a core. */
  readonly hours: number;
  readonly cost: number;
}

/** What its API answered; `empty` before it has data, undefined when that is no such answer. */
export function allocationOf(text: string): Allocation | 'empty' | undefined {
  const data = jsonOf(text, envelope)?.data;
  if (!data) return undefined;
  const items = data.flatMap((set) => Object.entries(set ?? {})).flatMap(([key, it]) => (isPods(key) ? [it] : []));
  const hours = Math.max(0, ...items.map(({ minutes }) => minutes)) / 60;
  if (hours === 0) return 'empty';
  return {
    hours,
    uses: items.map(({ properties, cpuCoreHours, ramByteHours, gpuHours }) => ({
      ...properties,
      cpu: cpuCoreHours / hours,
      memory: ramByteHours / GIB / hours,
      gpu: gpuHours / hours,
    })),
    totalCost: sum(items.map((it) => it.totalCost)),
    cores: items.map(({ properties: { node }, cpuCoreHours, cpuCost }) => ({
      node,
      hours: cpuCoreHours,
      cost: cpuCost,
    })),
  };
}

/** Idle time and volumes that no pod mounts are no pods: mlk8s reckons them itself. */
function isPods(key: string): boolean {
  return !key.includes('__idle__') && !key.includes('__unmounted__');
}

/** As much may it be off: it counts the edges of its window in its own way. facts: monitoring-and-cost sheet, 4.3 */
const TOLERANCE = 0.05;
/** It rounds each figure to five digits after the point: allocation_json.go, see above. */
const ROUNDED = 0.5e-5;

/** Below this share of a price it is taken for that of a month. */
const MONTHLY = 0.01;

/** Hours of a core, and what OpenCost reckoned for them, when that is not what was written. */
interface Off {
  readonly hours: number;
  readonly cost: number;
  /** What it reckoned of what it should have. */
  readonly factor: number;
}

/**
 * What is wrong with the price of a core; undefined when it is the one that was written, an hour in dollars, or when too
 * little was counted to tell. `withCards`: machines whose prices OpenCost does not take from there.
 * facts: monitoring-and-cost sheet, 4.3
 */
export function priceFault(
  cores: readonly Cores[],
  written: number,
  withCards: ReadonlySet<string>,
): Problem | undefined {
  const off = (are: boolean) =>
    offBy(
      cores.filter(({ node }) => withCards.has(node) === are),
      written,
    );
  const plain = off(false);
  if (plain) return otherPrice(plain, written);
  const cards = off(true);
  return cards ? splitPrice(cards, written, [...withCards].sort()) : undefined;
}

function offBy(rows: readonly Cores[], written: number): Off | undefined {
  const hours = sum(rows.map((it) => it.hours));
  const cost = sum(rows.map((it) => it.cost));
  const expected = hours * written;
  const rounding = rows.length * ROUNDED * (1 + written);
  const isRight = !(written > 0) || Math.abs(cost - expected) <= expected * TOLERANCE + rounding;
  return isRight ? undefined : { hours, cost, factor: cost / expected };
}

/** Releases up to 1.120 take prices for those of a month. */
function otherPrice(off: Off, written: number): Problem {
  return {
    where: 'OpenCost',
    seen: seenOf(off, written),
    why:
      off.factor < MONTHLY
        ? 'up to 1.120 OpenCost takes prices for those of a month, and divides them by 730'
        : 'its prices were changed, or it has figures of the time before they were written',
    next: ['mlk8s up   brings the release and the prices that mlk8s pins', 'look again after a day: mlk8s cost'],
  };
}

/** Of a machine with cards it makes one price, and splits that by ratios. facts: monitoring-and-cost sheet, 4.3 */
function splitPrice(off: Off, written: number, machines: readonly string[]): Problem {
  return {
    where: 'OpenCost',
    seen: `on ${machines.join(', ')} ${seenOf(off, written)}`,
    why: `of machines with graphics cards OpenCost does not take the written prices, a known fault (opencost/opencost#3160)${off.factor < MONTHLY ? '; up to 1.120 it also divides all prices by 730' : ''}`,
    next: ['take the money of this bill, not that of the pages of OpenCost; hours and shares are right in both'],
  };
}

function seenOf({ hours, cost, factor }: Off, written: number): string {
  const times = factor < 1 ? `${shown(1 / factor)} times too little` : `${shown(factor)} times too much`;
  const howFar = cost === 0 ? 'nothing at all' : `${Number(cost.toPrecision(2))}, ${times}`;
  return `for ${plain(hours)} hours of a core, at ${written} each, it reckons ${howFar}`;
}

const shown = (value: number): string => (value < 10 ? value.toFixed(1) : String(Math.round(value)));
const sum = (all: readonly number[]): number => all.reduce((total, it) => total + it, 0);
