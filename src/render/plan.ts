import type { PlanItem } from '../engine/events.ts';
import { diffLines } from './diff.ts';
import { type Group, grouped, NAME } from './group.ts';
import { problemLines } from './problem.ts';
import { type Colour, marked, row, type Style, wrap } from './style.ts';
import { count, idParts, withoutPlace } from './words.ts';

type Verdict = PlanItem['verdict'];

const COLOURS: { readonly [verdict in Verdict]: Colour } = {
  ok: 'green',
  stays: 'dim',
  change: 'yellow',
  later: 'cyan',
  settling: 'cyan',
  refused: 'red',
  dropped: 'red',
};
const INDENT = '      ';
/** Longest verdict: the names stand in one column. */
const WORD_WIDTH = 'settling'.length;

/** The word of a verdict with its sign. */
export function verdictMark(verdict: Verdict, style: Style): string {
  return markOf(verdict, COLOURS[verdict], style);
}

function markOf(word: Verdict | 'remove', colour: Colour, style: Style): string {
  return style.paint(colour, `${style.symbols[word]} ${word.padEnd(WORD_WIDTH)}`);
}

/** What `up` would do: by step, each change once with its machines and the fact that causes it. */
export function planLines(items: readonly PlanItem[], style: Style): string[] {
  const asked = items.filter((item) => item.verdict !== 'dropped');
  const steps = [...new Set(asked.map((item) => idParts(item.id).step))];
  const blocks = steps.flatMap((step) => {
    const own = asked.filter((item) => item.verdict !== 'ok' && idParts(item.id).step === step);
    return own.length === 0 ? [] : [style.paint('bold', step), ...stepLines(own, style), ''];
  });
  return [...blocks, ...droppedLines(items, style), ...warningLines(items, style), ...planCounts(items, style)];
}

/** `3 changes, 1 refused, 12 ok`; what there is none of is left out. */
function planCounts(items: readonly PlanItem[], style: Style): string[] {
  const of = (verdict: Verdict): number => items.filter((item) => item.verdict === verdict).length;
  const rest = (['later', 'settling', 'refused', 'dropped', 'stays', 'ok'] as const)
    .filter((verdict) => of(verdict) > 0)
    .map((verdict) => `${of(verdict)} ${verdict}`);
  const counts = [of('change') === 0 ? 'no changes' : count(of('change'), 'change'), ...rest].join(', ');
  return wrap(`Plan: ${counts}.`, '', style);
}

function stepLines(items: readonly PlanItem[], style: Style): string[] {
  const column = Math.max(...items.map((item) => withoutPlace(item.id).length));
  return grouped(items).flatMap((group) => groupLines(group, column, style));
}

function groupLines({ item, places, differ }: Group, column: number, style: Style): string[] {
  const names = places.join(', ');
  if (item.problem) {
    const about = places.length === 1 ? item.id : `${withoutPlace(item.id)}@${names}`;
    return problemLines(item.problem, style, item.verdict, about).map((line) => `  ${line}`);
  }
  const mark = item.removes ? markOf('remove', 'red', style) : verdictMark(item.verdict, style);
  const first = `  ${mark} ${withoutPlace(item.id).padEnd(column)}  `;
  return [
    ...row(first, differ ? `${names} (${NAME} is each one's own name)` : names, style),
    ...wrap(item.because, `${INDENT}because `, style),
    ...(item.does ?? []).flatMap((does) => wrap(does, `${INDENT}will `, style)),
    ...(item.disrupts ? wrap(item.disrupts, `${INDENT}disrupts `, style) : []),
    ...(item.diff ?? []).flatMap((diff) => diffLines(diff, style)).map((line) => `${INDENT}${line}`),
  ];
}

/** What a machine that dropped out leaves undone is counted: it all has the same cause. */
function droppedLines(items: readonly PlanItem[], style: Style): string[] {
  const dropped = items.filter((item) => item.verdict === 'dropped');
  const places = [...new Set(dropped.map((item) => idParts(item.id).place))];
  const lines = places.flatMap((place) => {
    const [first, ...rest] = dropped.filter((item) => idParts(item.id).place === place);
    if (!first) return [];
    return [
      ...row(`${verdictMark('dropped', style)} `, `${place}: ${count(rest.length + 1, 'thing')}`, style),
      ...wrap(first.because, '    because ', style),
    ];
  });
  return lines.length === 0 ? [] : [...lines, ''];
}

function warningLines(items: readonly PlanItem[], style: Style): string[] {
  const places = new Map<string, string[]>();
  for (const { id, warning } of items) {
    if (warning === undefined) continue;
    const key = JSON.stringify([withoutPlace(id), warning]);
    places.set(key, [...(places.get(key) ?? []), idParts(id).place]);
  }
  return [...places].flatMap(([key, machines]) => {
    const [name, warning] = JSON.parse(key) as [string, string];
    const text = `${name}@${machines.join(', ')}: ${warning}`;
    return marked(`${style.symbols.warning} warning`, 'yellow', text, style);
  });
}
