import { money } from './money.ts';
import type { CostReport, Costs } from './report.ts';

/** Pixels. */
const WIDTH = 900;
const MARGIN = 28;
const TOP = 104;
const ROW = 58;
const BAR = 19;
/** Room on the right for an amount beside the longest bar. */
const AMOUNT = 110;
/** A bar this many times as long as all others is cut, or they would be too short to compare. */
const FAR = 10;
/** Most rows with bars that are cut: a namespace, and what is idle. */
const MOST_CUT = 2;
/** How far a bar that is cut goes beyond the longest that is not. */
const BEYOND = 24;
/** A letter of the labels on average, in the usual fonts without serifs; wide ones are less than twice that. */
const LETTER = 7.6;
const LONGEST_LABEL = 26;

const COLOURS = { cloud: '#3b6ea8', home: '#d9822b', text: '#222222', faint: '#666666', line: '#dddddd' };
const FONT = 'font-family="DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"';

const EDGE = 'paint-order="stroke" stroke="#ffffff" stroke-width="4" stroke-linejoin="round"';

/** A row of the picture. */
interface Bar extends Costs {
  readonly name: string;
}

/** The bill as a picture: for each machine or namespace what it costs in a cloud and at home. SVG, readable on white. */
export function plotOf(
  report: CostReport,
  by: 'node' | 'namespace',
  { cluster, simulated }: { readonly cluster: string; readonly simulated: boolean },
): string {
  const bars = barsOf(report, by);
  const labels = bars.map(({ name }) => shortened(name));
  const left = MARGIN + Math.max(70, ...labels.map((label) => [...label].length * LETTER)) + 14;
  const room = WIDTH - left - AMOUNT - MARGIN;
  const longest = longestShown(bars);
  const ticks = ticksTo(longest);
  const scale = room / (ticks.at(-1) || 1);
  const bottom = TOP + bars.length * ROW;
  const isCut = bars.some(({ cloud, home }) => Math.max(cloud, home) > longest);
  const cut = isCut ? ['A bar with a gap is longer than it is drawn.'] : [];
  const notes = [...cut, ...notesOf(report), ...(simulated ? ['A rehearsal: these machines are simulated.'] : [])];
  const height = bottom + 44 + notes.length * 18 + 14;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" ${FONT}>`,
    `<title>${escaped(`What ${cluster} costs in a month`)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(
      MARGIN,
      36,
      `What ${shortened(cluster)} costs in a month, in ${report.currency}`,
      'font-size="20" font-weight="bold"',
    ),
    text(
      MARGIN,
      60,
      `All together: ${money(report.total.cloud)} in a cloud, ${money(report.total.home)} at home.`,
      `font-size="14" fill="${COLOURS.faint}"`,
    ),
    ...legend(),
    ...ticks.flatMap((tick) => grid(left + tick * scale, bottom, tick)),
    ...bars.flatMap((bar, i) => rowOf(bar, labels[i] ?? '', { left, scale, longest, room, top: TOP + i * ROW })),
    ...notes.map((note, i) => text(MARGIN, bottom + 50 + i * 18, note, `font-size="12" fill="${COLOURS.faint}"`)),
    '</svg>',
    '',
  ].join('\n');
}

function barsOf(report: CostReport, by: 'node' | 'namespace'): Bar[] {
  if (by === 'node') {
    const { volumes, nodes } = report;
    return [...nodes, ...(volumes.gib > 0 ? [{ name: 'volumes', cloud: volumes.cloud, home: 0 }] : [])];
  }
  const byCost = [...report.namespaces].sort((a, b) => b.cloud - a.cloud || a.name.localeCompare(b.name));
  return [...byCost, { name: '(idle)', ...report.idle }];
}

/** The longest bar that is whole: that of the dearest row, but for those that are far dearer than two or more others. */
function longestShown(bars: readonly Costs[]): number {
  const sizes = bars.map(({ cloud, home }) => Math.max(cloud, home)).sort((a, b) => b - a);
  for (let n = MOST_CUT; n > 0; n--) {
    const [least = 0, next = 0, other = 0] = sizes.slice(n - 1);
    if (other > 0 && least >= FAR * next) return next;
  }
  return sizes[0] ?? 0;
}

function legend(): string[] {
  const entry = (x: number, colour: string, label: string) => [
    `<rect x="${x}" y="74" width="14" height="14" rx="2" fill="${colour}"/>`,
    text(x + 20, 86, label, 'font-size="13"'),
  ];
  return [
    ...entry(MARGIN, COLOURS.cloud, 'the same machines in a cloud'),
    ...entry(MARGIN + 260, COLOURS.home, 'electricity at home'),
  ];
}

function grid(x: number, bottom: number, tick: number): string[] {
  const at = round(x);
  return [
    `<line x1="${at}" y1="${TOP}" x2="${at}" y2="${bottom}" stroke="${COLOURS.line}"/>`,
    text(at, bottom + 18, String(tick), `font-size="12" text-anchor="middle" fill="${COLOURS.faint}"`),
  ];
}

interface RowPlace {
  readonly left: number;
  readonly top: number;
  readonly scale: number;
  readonly room: number;
  readonly longest: number;
}

function rowOf(bar: Bar, label: string, at: RowPlace): string[] {
  const one = (amount: number, top: number, colour: string) => {
    const isCut = amount > at.longest;
    // What costs something is seen.
    const width = amount < 0.005 ? 0 : isCut ? at.room + BEYOND : Math.max(2, amount * at.scale);
    return [
      `<rect x="${round(at.left)}" y="${top}" width="${round(width)}" height="${BAR}" rx="2" fill="${colour}"/>`,
      ...(isCut ? [gap(at.left + at.room, top)] : []),
      // With a white edge: lines of the grid run behind it.
      ...(width > 0 ? [text(at.left + width + 7, top + 14, money(amount), `font-size="12" ${EDGE}`)] : []),
    ];
  };
  return [
    `<g><title>${escaped(bar.name)}</title>`,
    text(at.left - 12, at.top + 33, label, 'font-size="13" text-anchor="end"'),
    ...one(bar.cloud, at.top + 8, COLOURS.cloud),
    ...one(bar.home, at.top + 8 + BAR + 2, COLOURS.home),
    '</g>',
  ];
}

/** Where a bar is cut. */
function gap(x: number, top: number): string {
  return `<path d="M${round(x)} ${top + BAR} l8 ${-BAR} h5 l-8 ${BAR} z" fill="#ffffff"/>`;
}

/** What the figures rest on. The dates are those of the oldest and the newest price. */
function notesOf({ sources, kilowattHour, currency, nodes, basis }: CostReport): string[] {
  const dates = sources.map(({ asOf }) => asOf).sort();
  const from = [...new Set(nodes.flatMap(({ draw }) => draw.from))].map((it) => WORDS[it]);
  const used = basis.from === 'opencost' ? 'by OpenCost' : 'what pods ask for';
  return [
    `Cloud: list prices and rates of ${dates[0]} to ${dates.at(-1)}, see mlk8s cost. Shares of namespaces: ${used}.`,
    `Home: ${kilowattHour} ${currency} for a kWh; watts ${from.join(', ')}.`,
    'What the machines cost to buy is not counted.',
  ];
}

const WORDS = { file: 'from the cluster file', measured: 'measured at one moment', table: 'from a table' } as const;

/** Round numbers from 0 to at least `most`, five or six of them. */
function ticksTo(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((it) => it * power).find((it) => it >= rough) ?? rough;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

function shortened(name: string): string {
  const letters = [...name];
  return letters.length <= LONGEST_LABEL ? name : `${letters.slice(0, LONGEST_LABEL - 1).join('')}…`;
}

function text(x: number, y: number, content: string, looks: string): string {
  const fill = looks.includes('fill=') ? '' : ` fill="${COLOURS.text}"`;
  return `<text x="${round(x)}" y="${y}" ${looks}${fill}>${escaped(content)}</text>`;
}

const round = (x: number): number => Math.round(x * 10) / 10;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as XML may have it: no markup, and none of the signs that XML forbids. */
export function escaped(content: string): string {
  return content
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replaceAll(/[&<>"']/g, (it) => ENTITIES[it] ?? '');
}
