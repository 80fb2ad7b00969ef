import type { PlanItem } from '../engine/events.ts';
import { verdictMark } from './plan.ts';
import { problemLines } from './problem.ts';
import { row, type Style, wrap } from './style.ts';
import { idParts } from './words.ts';

/** How everything stands that the file asks for: a line per step, and below it what is not ok, with its cause. */
export function statusLines(items: readonly PlanItem[], style: Style): string[] {
  const steps = [...new Set(items.map((item) => idParts(item.id).step))];
  const column = Math.max(...steps.map((step) => step.length));
  const lines = steps.flatMap((step) => {
    const own = items.filter((item) => idParts(item.id).step === step);
    const good = own.filter((item) => item.verdict === 'ok').length;
    const mark =
      good === own.length ? verdictMark('ok', style) : style.paint('red', `${style.symbols.failed} not ok  `);
    const head = `${mark} ${style.paint('bold', step.padEnd(column))}  ${good} of ${own.length} ok`;
    return [head, ...stepLines(own, style), ...droppedLines(own, style)];
  });
  return [...lines, ''];
}

/** What is ok is counted above; some of it is worth a line of its own: which card it is, when it was proved. */
function stepLines(items: readonly PlanItem[], style: Style): string[] {
  const told = items.filter(({ verdict, shown }) => verdict !== 'dropped' && (verdict !== 'ok' || shown));
  const column = Math.max(...told.map((item) => idParts(item.id).name.length));
  const lines = told.flatMap((item) => {
    const { name, place } = idParts(item.id);
    const first = `  ${verdictMark(item.verdict, style)} ${name.padEnd(column)}  `;
    const problem = item.problem ? problemLines(item.problem, style, item.verdict) : [];
    return [...row(first, `${place}: ${item.because}`, style), ...problem.map((line) => `    ${line}`)];
  });
  return [...lines, ...items.flatMap((item) => warned(item, style))];
}

/** A host that dropped out has one line: nothing is known about anything there. */
function droppedLines(items: readonly PlanItem[], style: Style): string[] {
  const places = new Set(items.filter((item) => item.verdict === 'dropped').map((item) => idParts(item.id).place));
  return places.size === 0
    ? []
    : row(`  ${verdictMark('dropped', style)} `, `not known: ${[...places].join(', ')}`, style);
}

function warned(item: PlanItem, style: Style): string[] {
  return item.warning ? wrap(`${item.id}: ${item.warning}`, `    ${style.symbols.warning} warning  `, style) : [];
}
