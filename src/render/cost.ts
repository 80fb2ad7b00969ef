import { money, plain } from '../cost/money.ts';
import type { CostReport, NodeCosts } from '../cost/report.ts';
import { clean, cut, row, type Style, wrap } from './style.ts';

/** One line of a table: the first cell is text, the others are numbers; the last text goes below on a narrow screen. */
interface Row {
  readonly cells: readonly string[];
  readonly last?: string;
}

const LONGEST_NAME = 30;

/** The bill for people: by machine, by namespace, and where its figures are from. */
export function costLines(report: CostReport, by: 'node' | 'namespace' | undefined, style: Style): string[] {
  const head = `What it costs in a month of ${report.hoursPerMonth} hours, in ${report.currency}:`;
  return [
    '',
    style.paint('bold', head),
    ...(by === 'namespace' ? [] : ['', ...table(nodeRows(report), style)]),
    ...(by === 'node' ? [] : ['', ...table(namespaceRows(report), style)]),
    '',
    ...sourceLines(report, style),
    '',
  ];
}

function nodeRows({ nodes, volumes, total }: CostReport): Row[] {
  const ofVolumes = {
    cells: ['volumes', '', plain(volumes.gib), '', money(volumes.cloud, total.cloud), '', ''],
  };
  return [
    { cells: ['machine', 'cores', 'GiB', 'cards', 'in a cloud', 'at home', 'watts'], last: 'watts are from' },
    ...nodes.map((node) => ({
      cells: [
        node.name,
        plain(node.capacity.cpu),
        plain(node.capacity.memory),
        node.cards.length === 0 ? '-' : String(node.cards.length),
        money(node.cloud, total.cloud),
        money(node.home, total.home),
        String(Math.round(node.draw.watts)),
      ],
      last: node.draw.says,
    })),
    ...(volumes.gib > 0 ? [ofVolumes] : []),
    { cells: ['all', '', '', '', money(total.cloud), money(total.home), String(Math.round(allWatts(nodes)))] },
  ];
}

const allWatts = (nodes: readonly NodeCosts[]): number => nodes.reduce((sum, { draw }) => sum + draw.watts, 0);

function namespaceRows({ namespaces, idle, total }: CostReport): Row[] {
  return [
    { cells: ['namespace', 'cores', 'GiB', 'cards', 'GiB disk', 'in a cloud', 'at home'] },
    ...namespaces.map(({ name, used, volumes, cloud, home }) => ({
      cells: [
        name,
        plain(used.cpu),
        plain(used.memory),
        plain(used.gpu),
        plain(volumes),
        money(cloud, total.cloud),
        money(home, total.home),
      ],
    })),
    { cells: ['(idle)', '', '', '', '', money(idle.cloud, total.cloud), money(idle.home, total.home)] },
    { cells: ['all', '', '', '', '', money(total.cloud), money(total.home)] },
  ];
}

function table(rows: readonly Row[], style: Style): string[] {
  const shown = rows.map(({ cells, last }) => ({
    last,
    cells: cells.map((it) => cut(clean(it), LONGEST_NAME, style)),
  }));
  const widths = (shown[0]?.cells ?? []).map((_, i) => Math.max(...shown.map(({ cells }) => cells[i]?.length ?? 0)));
  return shown.flatMap(({ cells, last }, index) => {
    const padded = cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)));
    const line = `  ${padded.join('  ')}`;
    const lines = last === undefined ? [line.trimEnd()] : row(`${line}  `, last, style);
    return index === 0 ? lines.map((it) => style.paint('dim', it)) : lines;
  });
}

function sourceLines(
  { basis, kilowattHour, currency, sources, gaps, openCostTotal, nodes }: CostReport,
  style: Style,
): string[] {
  const isMeasured = nodes.some(({ draw }) => draw.from.includes('measured'));
  const shares =
    basis.from === 'opencost'
      ? `Namespaces: what their pods took in the last ${timeWords(basis.hours)}, by OpenCost, which itself reckons ${money(openCostTotal ?? 0)} USD for that time.`
      : 'Namespaces: what their pods ask for now. (idle) is what nobody asks for.';
  return [
    ...wrap(shares, '  ', style),
    ...wrap(
      `At home: electricity at ${kilowattHour} ${currency} for a kWh. What the machines cost to buy is not counted.`,
      '  ',
      style,
    ),
    ...(isMeasured ? wrap('Measured watts are those of this moment, taken for the whole month.', '  ', style) : []),
    ...wrap('In a cloud, on demand:', '  ', style),
    ...sources.flatMap(({ what, asOf, source }) => wrap(`${what}: ${asOf}, ${source}`, '    ', style)),
    ...gaps.flatMap((gap) => wrap(gap, `  ${style.symbols.warning} `, style)),
  ];
}

/** How long OpenCost has counted: it starts at nothing. */
const timeWords = (hours: number): string =>
  hours < 2 ? `${Math.round(hours * 60)} min` : `${Math.round(hours * 10) / 10} h`;
