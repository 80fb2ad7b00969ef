import { stripVTControlCharacters, styleText } from 'node:util';
import { printable } from './printable.ts';

const UNICODE = {
  ok: '✓',
  stays: '=',
  change: '~',
  remove: '-',
  later: '›',
  settling: '◌',
  refused: '✗',
  failed: '✗',
  dropped: '!',
  warning: '!',
  dot: '·',
  bar: '│',
  ellipsis: '…',
} as const;

const ASCII: Symbols = {
  ...UNICODE,
  ok: '+',
  later: '>',
  settling: 'o',
  refused: 'x',
  failed: 'x',
  dot: '-',
  bar: '|',
  ellipsis: '...',
};

/** The signs that stand beside words; never in place of one. */
export type Symbols = { readonly [key in keyof typeof UNICODE]: string };
export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';

/** How text looks on one output. */
export interface Style {
  /** Columns to fit in; Infinity when nobody looks at a screen. */
  readonly columns: number;
  readonly unicode: boolean;
  readonly symbols: Symbols;
  /** How the program has to be called here: `mlk8s`, or `npx mlk8s`. */
  readonly program: string;
  paint(colour: Colour, text: string): string;
}

/** The parts of a standard stream that matter here. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?(env?: object): boolean;
  write(text: string): unknown;
}

const NARROWEST = 40;

interface Look {
  readonly columns?: number;
  readonly unicode: boolean;
  readonly colour: boolean;
  readonly program?: string;
}

export function createStyle(look: Look): Style {
  const { columns = Number.POSITIVE_INFINITY, unicode, colour, program = 'mlk8s' } = look;
  return {
    columns: Math.max(columns, NARROWEST),
    unicode,
    symbols: unicode ? UNICODE : ASCII,
    program,
    paint: (name, text) => (colour ? styleText(name, text, { validateStream: false }) : text),
  };
}

/** The style that an output and the user's settings ask for. */
export function styleFor(out: Output, env: NodeJS.ProcessEnv): Style {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return createStyle({
    ...(out.isTTY && out.columns ? { columns: out.columns } : {}),
    unicode: /utf-?8/i.test(locale),
    colour: wantsColour(out, env),
    program: programName(env),
  });
}

/** How the program was called: npm leaves its marks in the environment of what npx starts. */
export function programName(env: NodeJS.ProcessEnv): string {
  return env.npm_execpath || env.npm_command === 'exec' ? 'npx mlk8s' : 'mlk8s';
}

function wantsColour(out: Output, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return !['0', 'false'].includes(env.FORCE_COLOR);
  return out.isTTY === true && (out.hasColors?.(env) ?? false);
}

/** Text of others as it may be shown: no escape codes, no control characters, tabs as blanks. */
export function clean(text: string): string {
  return printable(stripVTControlCharacters(text)).replaceAll('\t', '    ').replaceAll('\n', '');
}

/** Cuts to `columns`, wide characters counted as two, and says so by an ellipsis. */
export function cut(text: string, columns: number, style: Style): string {
  if (width(text) <= columns) return text;
  const room = columns - style.symbols.ellipsis.length;
  let used = 0;
  let kept = '';
  for (const char of text) {
    used += width(char);
    if (used > room) break;
    kept += char;
  }
  return kept + style.symbols.ellipsis;
}

/** From U+1100 on the wide scripts begin; the signs from U+2000 to U+2E7F among them are narrow. */
function width(text: string): number {
  let columns = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    columns += code >= 0x1100 && !(code >= 0x2000 && code < 0x2e80) ? 2 : 1;
  }
  return columns;
}

/**
 * Breaks text at blanks so that it fits. The first line starts with `first`, the others with as many blanks. A word
 * that is too long stays whole: commands and paths are copied. So does a line that is laid out with blanks, such as an
 * excerpt of a file with a mark below.
 */
export function wrap(text: string, first: string, style: Style): string[] {
  const room = style.columns - first.length;
  const lines = text
    .split('\n')
    .map(clean)
    .flatMap((line) => (/^ | {2}/.test(line) ? [line] : broken(line, room)));
  return lines.map((line, index) => (index === 0 ? first : ' '.repeat(first.length)) + line);
}

function broken(line: string, room: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    if (current !== '' && current.length + 1 + word.length > room) {
      lines.push(current);
      current = word;
    } else {
      current = current === '' ? word : `${current} ${word}`;
    }
  }
  return [...lines, current];
}

/** Text that starts with a painted mark, and fits. */
export function marked(mark: string, colour: Colour, text: string, style: Style): string[] {
  const first = `${mark}${mark.includes(' ') ? '  ' : ' '}`;
  return wrap(text, first, style).map((line, index) =>
    index === 0 ? style.paint(colour, mark) + line.slice(mark.length) : line,
  );
}

/** One row of a table; on a narrow screen the last column goes below. */
export function row(first: string, text: string, style: Style): string[] {
  const plain = stripVTControlCharacters(first).length;
  if (style.columns - plain < 20) return [first.trimEnd(), ...wrap(text, '      ', style)];
  const [head = '', ...rest] = wrap(text, ' '.repeat(plain), style);
  return [first + head.slice(plain), ...rest];
}
