import type { Summary } from '../engine/events.ts';
import { ExitCode } from '../errors.ts';
import { type Style, wrap } from './style.ts';
import { count, duration } from './words.ts';

/** How a command ended, what is there now, what to type next, how long it took. */
export function summaryLines(summary: Summary, style: Style): string[] {
  const good = summary.exitCode === ExitCode.done;
  const bad = summary.exitCode !== ExitCode.pending && !good;
  const colour = good ? 'green' : bad ? 'red' : 'yellow';
  const sign = good ? style.symbols.ok : bad ? style.symbols.failed : style.symbols.change;
  const [head = '', ...rest] = wrap(`${outcome(summary)} (${duration(summary.seconds)})`, `${sign} `, style);
  const notes = summary.notes.flatMap((note) => wrap(note, '  ', style));
  return [
    style.paint(colour, head),
    ...rest,
    ...notes,
    ...next(summary).flatMap((line) => wrap(line, '  ', style)),
    ...(summary.rehearsal ? wrap('This was a rehearsal: no real machine was touched.', '  ', style) : []),
  ];
}

function outcome(summary: Summary): string {
  const { exitCode, changes, applied, failed, refused, dropped, command } = summary;
  const counts = [
    `${count(applied, 'change')} applied`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(dropped.length > 0 ? [`dropped out: ${dropped.join(', ')}`] : []),
  ].join(', ');
  switch (exitCode) {
    case ExitCode.done:
      if (applied > 0) return `Done: ${count(applied, 'change')} applied.`;
      return command === 'status' ? 'Everything that the file asks for is there.' : 'Nothing to do.';
    case ExitCode.pending:
      if (command === 'status') return `Degraded: ${count(changes, 'thing')} not as the file asks.`;
      return `${count(changes, 'change')} to make.`;
    case ExitCode.partial:
      return `Partly done: ${counts}.`;
    case ExitCode.locked:
      return 'Locked by another run: nothing was changed.';
    case ExitCode.interrupted:
      return `Interrupted: ${counts}.`;
    default:
      return `Failed: ${counts}.`;
  }
}

function next(summary: Summary): string[] {
  const flag = summary.rehearsal ? ' --rehearse' : '';
  switch (summary.exitCode) {
    case ExitCode.done:
    case ExitCode.locked:
      return [];
    case ExitCode.pending:
      return [`To make the changes: mlk8s up${flag}`];
    case ExitCode.interrupted:
      return [`To go on: mlk8s up${flag}`];
    default:
      return [`All that was said: mlk8s logs --last 1${flag}`, `To try again: mlk8s up${flag}`];
  }
}
