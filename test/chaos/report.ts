import { describePoint, type Point } from './points.ts';
import type { Result } from './proof.ts';

/** What was asked for on the command line of scripts/chaos.mjs. */
export interface ChaosOptions {
  readonly points: number;
  readonly seed: number;
  /** Numbers of those that are played; none: all. */
  readonly only: readonly number[];
  /** On real machines instead of simulated ones. */
  readonly lab: boolean;
  /** Points that are played at the same time. */
  readonly atOnce: number;
  /** Path of the JSON report. */
  readonly report: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    chaos: ChaosOptions;
  }
}

/** One point in one line: where it was hit, what the next run did. */
export function resultLine(
  { point, during, first, followed, applied, seconds, wrong, kept }: Result,
  of: number,
): string {
  const number = `${point.number}/${of}`.padStart(7);
  const hit = `${describePoint(point)}, during ${during}: ${first}`;
  const next = `followed ${followed}, applied ${applied}, ${seconds.toFixed(1)} s`;
  const end = wrong.length === 0 ? 'ok' : `WRONG (${wrong.length})${kept === undefined ? '' : `, kept in ${kept}`}`;
  return `${number}  ${hit}; up again: ${next}  ${end}`;
}

/** How to play one point again. */
export function againCommand(point: Point, { points, seed, lab }: ChaosOptions): string {
  return `npm run test:chaos --${lab ? ' --lab' : ''} --points ${points} --seed ${seed} --point ${point.number}`;
}

/** What is wrong with a point, as far as a person reads it: the report has all of it. */
export function failure({ point, wrong }: Result, options: ChaosOptions): string {
  const lines = wrong.flatMap((each) => each.split('\n').slice(0, 40));
  const rest = lines.length > 100 ? [`… and more: ${options.report}`] : [];
  return [againCommand(point, options), ...lines.slice(0, 100), ...rest].join('\n');
}

/** All points by what happened to them. */
export function table(results: readonly Result[], seconds: number): string {
  const kinds = new Map<string, Result[]>();
  for (const result of results) {
    const { what, unit, next } = result.point;
    const kind = `${what} by ${unit}${next === 'other' ? ', other workstation' : ''}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), result]);
  }
  const rows = [...kinds].sort().map(([kind, of]) => row(kind, of));
  const head = ['what'.padEnd(34), 'points', ' wrong', 'followed', 'median s', 'slowest s'].join('  ');
  return ['', head, ...rows, row('all', results), `${seconds.toFixed(0)} s`, ''].join('\n');
}

function row(kind: string, of: readonly Result[]): string {
  const wrong = of.filter((result) => result.wrong.length > 0).length;
  const followed = of.filter((result) => result.followed > 0).length;
  const times = of.map((result) => result.seconds).sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)] ?? 0;
  const cells = [
    String(of.length).padStart(6),
    String(wrong).padStart(6),
    String(followed).padStart(8),
    median.toFixed(1).padStart(8),
    (times.at(-1) ?? 0).toFixed(1).padStart(9),
  ];
  return [kind.padEnd(34), ...cells].join('  ');
}
