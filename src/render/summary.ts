import type { Summary } from '../engine/events.ts';
import { ExitCode } from '../errors.ts';
import { quote } from '../shell/script.ts';
import { doctorOutcome } from './doctor.ts';
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
    ...next(summary, style).flatMap((line) => wrap(line, '  ', style)),
    ...(summary.rehearsal ? wrap('This was a rehearsal: no real machine was touched.', '  ', style) : []),
  ];
}

function outcome(summary: Summary): string {
  const ofDoctor = doctorOutcome(summary);
  if (ofDoctor !== undefined) return ofDoctor;
  const { exitCode, applied, command } = summary;
  const isLook = command === 'plan' || command === 'status' || command === 'cost';
  switch (exitCode) {
    case ExitCode.done:
      if (command === 'cost') return 'Reckoned.';
      if (command === 'verify') return applied > 0 ? `Done: ${count(applied, 'proof')} made.` : 'Nothing to prove.';
      if (applied > 0) return `Done: ${count(applied, 'change')} applied.`;
      if (command === 'reset') return 'Nothing to undo.';
      return command === 'status' ? 'Everything that the file asks for is there.' : 'Nothing to do.';
    case ExitCode.pending:
      return pending(summary);
    case ExitCode.partial:
      return `${isLook ? 'Not all could be seen' : 'Partly done'}: ${counts(summary, isLook)}.`;
    case ExitCode.locked:
      return 'Locked by another run: nothing was changed.';
    case ExitCode.interrupted:
      return `Interrupted: ${counts(summary, isLook)}.`;
    default:
      return isLook ? inTheWay(summary) : `Failed: ${counts(summary, isLook)}.`;
  }
}

function pending({ command, changes }: Summary): string {
  if (command === 'status') return 'Degraded: not everything is as the file asks.';
  const left = changes === 0 ? 'not everything is ready yet' : `${count(changes, 'change')} to make`;
  if (command !== 'plan') return `Nothing was changed: ${left}.`;
  return changes === 0 ? `No changes to make, but ${left}.` : `${left}.`;
}

function inTheWay({ changes, refused }: Summary): string {
  if (refused === 0) return 'Stopped by the problem above.';
  const rest = changes === 0 ? 'nothing else to change' : `${count(changes, 'change')} to make`;
  return `Refused: ${count(refused, 'thing')}, for the reason above; ${rest}.`;
}

function counts({ changes, applied, failed, refused, dropped }: Summary, isLook: boolean): string {
  const parts = [
    ...(isLook && changes > 0 ? [`${count(changes, 'change')} to make`] : []),
    ...(isLook ? [] : [`${count(applied, 'change')} applied`]),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(dropped.length > 0 ? [`dropped out: ${dropped.join(', ')}`] : []),
  ];
  return parts.length === 0 ? 'nothing was changed' : parts.join(', ');
}

function next(summary: Summary, { program }: Style): string[] {
  const flag = `${summary.rehearsal ? ' --rehearse' : ''}${summary.file === undefined ? '' : ` -f ${quote(summary.file)}`}`;
  if (summary.command === 'doctor') return [`To look again: ${program} doctor${flag}`];
  if (summary.command === 'cost') return [];
  const again = summary.command === 'verify' ? 'verify' : `up${prunes(summary)}`;
  if (summary.command === 'reset') return nextOfReset(summary, `${program} logs --last 1${flag}`);
  switch (summary.exitCode) {
    case ExitCode.done:
    case ExitCode.locked:
      return [];
    case ExitCode.pending:
      if (summary.changes > 0) return [`To make the changes: ${program} ${again}${flag}`];
      return summary.refused > 0
        ? ['What to do about it stands above, with what is refused.', `To look again: ${program} status${flag}`]
        : [`To wait until all is ready: ${program} up${flag}`];
    case ExitCode.interrupted:
      return [`To go on: ${program} ${again}${flag}`];
    default:
      // There was nothing to look at: what to do first stands above.
      if (summary.command === 'verify' && wasRefused(summary)) return [];
      return [
        `To read it all again: ${program} logs --last 1${flag}`,
        `To go on after that: ${program} ${again}${flag}`,
      ];
  }
}

function prunes({ prune, deleteData = [] }: Summary): string {
  return prune ? ` --prune${deleteData.map((name) => ` --delete-data ${name}`).join('')}` : '';
}

/** The run ended before there was a plan. */
function wasRefused({ changes, failed, refused, dropped }: Summary): boolean {
  return changes + failed + refused + dropped.length === 0;
}

/** The same words again, and no others: without its --host a reset ends the whole cluster. */
function nextOfReset({ exitCode }: Summary, logs: string): string[] {
  const again = 'To go on: run the same command again.';
  if (exitCode === ExitCode.interrupted) return [again];
  if (exitCode === ExitCode.failed || exitCode === ExitCode.partial) return [`To read it all again: ${logs}`, again];
  return [];
}
