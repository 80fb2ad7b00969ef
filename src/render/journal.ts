import type { JournalFile, JournalLine } from '../engine/journal.ts';
import { createStyle, type Style } from './style.ts';
import { teller } from './text.ts';
import { duration } from './words.ts';

/** One run in the list of those that are kept: how it ended. */
export function runLine({ run }: JournalFile, lines: readonly JournalLine[]): string {
  const end = lines.findLast((line) => line.event === 'summary');
  const how = end
    ? `exit code ${end.exitCode}, ${end.applied} applied, ${end.failed} failed, ${duration(end.seconds)}`
    : 'did not come to its end';
  return `${run}  ${how}`;
}

/** All that a run said. The time of day stands before the first line of an event. */
export function journalLines(lines: readonly JournalLine[], style: Style): string[] {
  // As wide as they come: a journal is searched and paged.
  const tell = teller({ ...style, columns: createStyle({ unicode: style.unicode, colour: false }).columns });
  return lines.flatMap((line) => tell(line).map((text, index) => `${time(line, index)}  ${text}`));
}

function time(line: JournalLine, index: number): string {
  return index === 0 ? new Date(line.at).toTimeString().slice(0, 8) : ' '.repeat(8);
}
