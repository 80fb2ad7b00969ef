import type { PlanItem } from '../engine/events.ts';
import { verdictMark } from './plan.ts';
import { problemLines } from './problem.ts';
import { row, type Style, wrap } from './style.ts';
import { idParts } from './words.ts';

/** How everything stands that the file asks for: a table per step, with the cause of what is not ok. */
export function statusLines(items: readonly PlanItem[], style: Style): string[] {
  const steps = [...new Set(items.map((item) => idParts(item.id).step))];
  return steps.flatMap((step) => {
    const own = items.filter((item) => idParts(item.id).step === step);
    const good = own.filter((item) => item.verdict === 'ok').length;
    return [
      `${style.paint('bold', step)}  ${good} of ${own.length} ok`,
      ...stepLines(own, style),
      ...droppedLines(own, style),
      '',
    ];
  });
}

function stepLines(items: readonly PlanItem[], style: Style): string[] {
  const asked = items.filter((item) => item.verdict !== 'dropped');
  const names = [...new Set(asked.map((item) => idParts(item.id).name))];
  const column = Math.max(...names.map((name) => name.length));
  return names.flatMap((name) => {
    const own = asked.filter((item) => idParts(item.id).name === name);
    const good = own.filter((item) => item.verdict === 'ok');
    const quiet = good.filter((item) => !item.shown);
    const first = (item: PlanItem): string => `  ${verdictMark(item.verdict, style)} ${name.padEnd(column)}  `;
    const ok = quiet[0] ? row(first(quiet[0]), quiet.map((item) => idParts(item.id).place).join(', '), style) : [];
    const shown = good.filter((item) => item.shown);
    const told = shown.flatMap((item) => row(first(item), `${idParts(item.id).place}: ${item.because}`, style));
    return [
      ...ok,
      ...told,
      ...own.flatMap((item) => notOk(item, first(item), style)),
      ...good.flatMap((i) => warned(i, style)),
    ];
  });
}

/** A host that dropped out has one line: nothing is known about anything there. */
function droppedLines(items: readonly PlanItem[], style: Style): string[] {
  const places = new Set(items.filter((item) => item.verdict === 'dropped').map((item) => idParts(item.id).place));
  return places.size === 0
    ? []
    : row(`  ${verdictMark('dropped', style)} `, `not known: ${[...places].join(', ')}`, style);
}

function notOk(item: PlanItem, first: string, style: Style): string[] {
  if (item.verdict === 'ok') return [];
  const { place } = idParts(item.id);
  return [
    ...row(first, `${place}: ${item.because}`, style),
    ...(item.problem ? problemLines(item.problem, style, item.verdict).map((line) => `    ${line}`) : []),
  ];
}

function warned(item: PlanItem, style: Style): string[] {
  return item.warning ? wrap(`${item.id}: ${item.warning}`, `    ${style.symbols.warning} warning  `, style) : [];
}
