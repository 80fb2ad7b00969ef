import { escaped } from '../../src/cost/plot.ts';

/** A command as somebody types it, and what it printed, escape codes and all. */
export interface Typed {
  readonly command: string;
  readonly printed: string;
}

/** A terminal has so many; what is longer goes on in the next line. */
const COLUMNS = 100;
/** Pixels. */
const LETTER = 8;
const LINE = 19;
const MARGIN = 20;
const HEAD = 36;

const FONT = 'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13"';
const SHADES: Readonly<Record<string, string>> = {
  '1': 'font-weight="bold"',
  '2': 'fill="#8b949e"',
  '31': 'fill="#ff7b72"',
  '32': 'fill="#7ee787"',
  '33': 'fill="#e3b341"',
  '36': 'fill="#79c0ff"',
};

interface Cell {
  readonly char: string;
  /** Attributes of SVG; empty: as the terminal has it. */
  readonly look: string;
}

/** What one sees on a terminal, as SVG; readable on a white and on a black page. */
export function terminalPicture(title: string, typed: readonly Typed[]): string {
  const lines = typed.flatMap(({ command, printed }, i) => [
    ...(i === 0 ? [] : [[]]),
    ...rowsOf(`\u001b[32m$\u001b[39m \u001b[1m${command}\u001b[22m`),
    ...rowsOf(printed.replace(/\n$/, '')),
  ]);
  const width = COLUMNS * LETTER + 2 * MARGIN;
  const height = HEAD + MARGIN + lines.length * LINE;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ${FONT}>`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#1f2329"/>`,
    ...['#ff5f57', '#febc2e', '#28c840'].map(
      (colour, i) => `<circle cx="${MARGIN + i * 20}" cy="18" r="6" fill="${colour}"/>`,
    ),
    ...lines.map((line, i) => textOf(line, HEAD + 14 + i * LINE)),
    '</svg>',
    '',
  ].join('\n');
}

/** Rows of the screen. */
function rowsOf(printed: string): Cell[][] {
  const rows: Cell[][] = [[]];
  let look = '';
  for (const [token, code] of printed.matchAll(/\u001b\[(\d+)m|[\s\S]/gu)) {
    if (code !== undefined) look = SHADES[code] ?? '';
    else if (token === '\n') rows.push([]);
    else {
      if (rows.at(-1)?.length === COLUMNS) rows.push(lastWord(rows.at(-1) ?? []));
      rows.at(-1)?.push({ char: token, look });
    }
  }
  return rows;
}

/** Takes what stands behind the last blank out of a row. */
function lastWord(row: Cell[]): Cell[] {
  const blank = row.findLastIndex(({ char }) => char === ' ');
  return row.splice(blank < 0 ? row.length : blank + 1);
}

/** Its length is given, so that columns stand below each other in every font. */
function textOf(row: readonly Cell[], y: number): string {
  const pieces: Cell[] = [];
  for (const { char, look } of row) {
    const last = pieces.at(-1);
    if (last?.look === look) pieces[pieces.length - 1] = { char: last.char + char, look };
    else pieces.push({ char, look });
  }
  const spans = pieces.map(({ char, look }) =>
    look === '' ? escaped(char) : `<tspan ${look}>${escaped(char)}</tspan>`,
  );
  const length = `textLength="${row.length * LETTER}" lengthAdjust="spacingAndGlyphs"`;
  return `<text x="${MARGIN}" y="${y}" ${row.length === 0 ? '' : length} xml:space="preserve" fill="#e6edf3">${spans.join('')}</text>`;
}
