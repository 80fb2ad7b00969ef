import { ProcessOutput, Spinner } from 'listr2';
import { cut, type Output, type Style } from './style.ts';

/** The lowest lines of a terminal, drawn again and again, with finished lines scrolling away above them. */
export interface Live {
  start(): void;
  /** Prints lines that stay. */
  print(lines: readonly string[]): void;
  stop(): void;
}

/** The screen of a person. */
export interface Screen extends Output {
  readonly rows?: number;
}

const ERASE_LINE = '\u001b[2K';
const CURSOR_UP = '\u001b[1A';
/** Rows that stay free, so that what scrolled away is never drawn over. */
const FREE_ROWS = 2;

class AsciiSpinner extends Spinner {
  protected override readonly spinner = ['-', '\\', '|', '/'];
}

/**
 * listr2's own renderer wants all tasks before it starts and keeps the finished ones in the part that is drawn again,
 * which breaks when that is taller than the screen. So its spinner and its guard of the standard streams (what others
 * print meanwhile comes out below, not into the drawing) are used with a drawing of our own.
 */
export function liveArea(screen: Screen, style: Style, rows: () => readonly string[]): Live {
  const spinner = style.unicode ? new Spinner() : new AsciiSpinner();
  const guard = new ProcessOutput(screen as NodeJS.WriteStream, process.stderr, { leaveEmptyLine: false });
  let drawn = 0;
  let running = false;
  const erase = (): string => `${CURSOR_UP}${ERASE_LINE}`.repeat(drawn);
  const draw = (): string => {
    const shown = fitting(rows(), (screen.rows ?? 24) - FREE_ROWS);
    drawn = shown.length;
    const columns = (screen.columns ?? style.columns) - 1;
    return shown.map((row) => `${cut(`${spinner.fetch()} ${row}`, columns, style)}\n`).join('');
  };
  return {
    start: () => {
      if (running) return;
      running = true;
      guard.hijack();
      spinner.start(() => guard.toStdout(erase() + draw(), false));
    },
    print: (lines) => {
      const text = lines.map((line) => `${line}\n`).join('');
      if (running) guard.toStdout(erase() + text + draw(), false);
      else screen.write(text);
    },
    stop: () => {
      if (!running) return;
      running = false;
      spinner.stop();
      guard.toStdout(erase(), false);
      drawn = 0;
      guard.release();
    },
  };
}

function fitting(rows: readonly string[], room: number): readonly string[] {
  if (rows.length <= room) return rows;
  const shown = Math.max(0, room - 1);
  return [...rows.slice(0, shown), `and ${rows.length - shown} more`];
}
