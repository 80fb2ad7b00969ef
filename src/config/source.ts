import { isAbsolute, relative } from 'node:path';
import { LineCounter } from 'yaml';
import type { Problem } from '../errors.ts';
import type { Fault } from './rules.ts';

/** A piece of the text: offsets in UTF-16 units, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const BOM = '\uFEFF';
const MAX_EXCERPT = 100;
const MAX_CARETS = 60;

/** The text of a file and the places in it. Lines and columns count from 1; a byte order mark is no column. */
export class Source {
  readonly path: string;
  readonly text: string;
  readonly #lines = new LineCounter();
  #hidden: readonly Span[] = [];

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
    this.#lines.addNewLine(0);
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lines.addNewLine(at + 1);
  }

  /** Line number of an offset. */
  line(offset: number): number {
    return this.#lines.linePos(offset).line;
  }

  /** No message shows what is there, but for its length. */
  hide(spans: readonly Span[]): void {
    this.#hidden = spans;
  }

  /** The fault as a problem, with the line it is in and carets under the place. */
  problem(span: Span, fault: Fault): Problem {
    const { line, col } = this.#lines.linePos(span.start);
    const column = line === 1 && this.text.startsWith(BOM) ? Math.max(1, col - 1) : col;
    return {
      where: `${shownPath(this.path)}:${line}:${column}`,
      seen: `${printable(fault.seen)}\n${this.#excerpt(span, line, column)}`,
      ...(fault.why === undefined ? {} : { why: printable(fault.why) }),
      next: fault.next.map(printable),
    };
  }

  #excerpt(span: Span, line: number, column: number): string {
    const start = span.start - (column - 1);
    const newline = this.text.indexOf('\n', span.start);
    const whole = this.#withoutHidden(start, newline < 0 ? this.text.length : newline).replace(/\r$/, '');
    const cut = whole.length > MAX_EXCERPT ? Math.max(0, column - 1 - 40) : 0;
    const shown = whole.slice(cut, cut + MAX_EXCERPT);
    const before = shown.slice(0, column - 1 - cut).replace(/[^\t]/g, ' ');
    const width = Math.min(span.end - span.start, shown.length - before.length, MAX_CARETS);
    const number = `  ${line} | `;
    const lead = cut > 0 ? '…' : '';
    const tail = cut + MAX_EXCERPT < whole.length ? '…' : '';
    const carets = `${' '.repeat(number.length - 2)}| ${lead && ' '}${before}${'^'.repeat(Math.max(1, width))}`;
    return `${number}${lead}${printable(shown)}${tail}\n${carets}`;
  }

  #withoutHidden(start: number, end: number): string {
    let shown = this.text.slice(start, end);
    for (const span of this.#hidden) {
      const [from, to] = [Math.max(span.start - start, 0), Math.min(span.end - start, shown.length)];
      if (from < to) shown = shown.slice(0, from) + '*'.repeat(to - from) + shown.slice(to);
    }
    return shown;
  }
}

/** The path as people want to read it: relative when the file lies below the current folder. */
export function shownPath(path: string): string {
  if (!isAbsolute(path)) return path;
  const inside = relative(process.cwd(), path);
  return inside === '' || inside.startsWith('..') ? path : inside;
}

/** Control characters could drive the terminal, direction marks could show another text than the file's. */
function printable(text: string): string {
  return text.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, '\uFFFD');
}
