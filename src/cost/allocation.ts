import * as z from 'zod';
import type { Problem } from '../errors.ts';
import { jsonOf } from '../resources/kube.ts';
import type { Use } from './read.ts';

const GIB = 1024 ** 3;
const number = z.number().default(0);
const item = z.object({
  properties: z.object({ node: z.string().default(''), namespace: z.string().default('') }).default({
    node: '',
    namespace: '',
  }),
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
  /** What it reckoned a core to cost for an hour; NaN when nothing used one. */
  readonly perCoreHour: number;
}

/** What its API answered; `empty` before it has data, undefined when that is no such answer. */
export function allocationOf(text: string): Allocation | 'empty' | undefined {
  const data = jsonOf(text, envelope)?.data;
  if (!data) return undefined;
  const items = data.flatMap((set) => Object.entries(set ?? {})).flatMap(([key, it]) => (isPods(key) ? [it] : []));
  const hours = Math.max(0, ...items.map(({ minutes }) => minutes)) / 60;
  if (hours === 0) return 'empty';
  const total = (of: (it: z.infer<typeof item>) => number) => items.reduce((sum, it) => sum + of(it), 0);
  return {
    hours,
    uses: items.map(({ properties, cpuCoreHours, ramByteHours, gpuHours }) => ({
      ...properties,
      cpu: cpuCoreHours / hours,
      memory: ramByteHours / GIB / hours,
      gpu: gpuHours / hours,
    })),
    totalCost: total((it) => it.totalCost),
    perCoreHour: total((it) => it.cpuCost) / total((it) => it.cpuCoreHours),
  };
}

/** Idle time and volumes that no pod mounts are no pods: mlk8s reckons them itself. */
function isPods(key: string): boolean {
  return !key.includes('__idle__') && !key.includes('__unmounted__');
}

/** As much may it be off: OpenCost rounds, and counts the edges of its window in its own way. */
const TOLERANCE = 0.05;

/**
 * What is wrong with the price of a core; undefined when it is the one that was written. Releases up to 1.120 take prices
 * for those of a month. facts: monitoring-and-cost sheet, 4.3
 */
export function priceFault(seen: number, written: number): Problem | undefined {
  if (!Number.isFinite(seen) || !(written > 0)) return undefined;
  const factor = seen / written;
  if (Math.abs(factor - 1) <= TOLERANCE) return undefined;
  const times = factor < 1 ? `${shown(1 / factor)} times too little` : `${shown(factor)} times too much`;
  return {
    where: 'OpenCost',
    seen: `it reckons ${seen.toPrecision(3)} for an hour of a core where ${written} was written: ${times}`,
    why:
      factor < 0.01
        ? 'up to 1.120 OpenCost takes prices for those of a month, and divides them by 730'
        : 'its prices were changed, or it has figures of the time before they were written',
    next: ['mlk8s up   brings the release and the prices that mlk8s pins', 'look again after a day: mlk8s cost'],
  };
}

const shown = (factor: number): string => (factor < 10 ? factor.toFixed(1) : String(Math.round(factor)));
