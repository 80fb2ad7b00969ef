import type { PlanItem } from '../engine/events.ts';
import { diffLines } from './diff.ts';
import { problemLines } from './problem.ts';
import { type Colour, marked, type Style, wrap } from './style.ts';
import { count, idParts, withoutPlace } from './words.ts';

type Verdict = PlanItem['verdict'];

const COLOURS: { readonly [verdict in Verdict]: Colour } = {
  ok: 'green',
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
  return style.paint(COLOURS[verdict], `${style.symbols[verdict]} ${verdict.padEnd(WORD_WIDTH)}`);
}

/** What `up` would do: by place and step, each change with the fact that causes it. */
export function planLines(items: readonly PlanItem[], style: Style): string[] {
  const open = items.filter((item) => item.verdict !== 'ok');
  const places = [...new Set(open.map((item) => idParts(item.id).place))];
  const blocks = places.flatMap((place) => {
    const own = open.filter((item) => idParts(item.id).place === place);
    return [style.paint('bold', place), ...placeLines(own, style), ''];
  });
  const warnings = items.flatMap((item) =>
    item.warning ? marked(`${style.symbols.warning} warning`, 'yellow', `${item.id}: ${item.warning}`, style) : [],
  );
  return [...blocks, ...warnings, ...wrap(`Plan: ${planCounts(items)}.`, '', style)];
}

/** `3 changes, 1 refused, 12 ok`; what there is none of is left out. */
function planCounts(items: readonly PlanItem[]): string {
  const of = (verdict: Verdict): number => items.filter((item) => item.verdict === verdict).length;
  const rest = (['later', 'settling', 'refused', 'dropped', 'ok'] as const)
    .filter((verdict) => of(verdict) > 0)
    .map((verdict) => `${of(verdict)} ${verdict}`);
  return [of('change') === 0 ? 'no changes' : count(of('change'), 'change'), ...rest].join(', ');
}

/** What a host that dropped out leaves undone is counted: it all has the same cause. */
function placeLines(items: readonly PlanItem[], style: Style): string[] {
  const dropped = items.filter((item) => item.verdict === 'dropped');
  const [first] = dropped;
  return [
    ...items.filter((item) => item.verdict !== 'dropped').flatMap((item) => itemLines(item, style)),
    ...(first ? [`  ${verdictMark('dropped', style)} ${count(dropped.length, 'thing')}`] : []),
    ...(first ? wrap(first.because, `${INDENT}because `, style) : []),
  ];
}

function itemLines(item: PlanItem, style: Style): string[] {
  if (item.problem) {
    return problemLines(item.problem, style, item.verdict, item.id).map((line) => `  ${line}`);
  }
  return [
    `  ${verdictMark(item.verdict, style)} ${withoutPlace(item.id)}`,
    ...wrap(item.because, `${INDENT}because `, style),
    ...(item.does ?? []).flatMap((does) => wrap(does, `${INDENT}will `, style)),
    ...(item.disrupts ? wrap(item.disrupts, `${INDENT}disrupts `, style) : []),
    ...(item.diff ?? []).flatMap((diff) => diffLines(diff, style)).map((line) => `${INDENT}${line}`),
  ];
}
