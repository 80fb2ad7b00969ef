import type { Summary } from '../engine/events.ts';
import { ExitCode } from '../errors.ts';
import { count } from './words.ts';

/** How `doctor` ended: it counts what it found, and never says that all is well where it could not look. */
export function doctorOutcome({
  command,
  exitCode,
  findings = 0,
  changes,
  refused,
  dropped,
}: Summary): string | undefined {
  if (command !== 'doctor') return undefined;
  const found = findings === 0 ? 'Nothing was found' : `Found: ${count(findings, 'thing')}, each with what to do`;
  switch (exitCode) {
    case ExitCode.done:
      return changes === 0
        ? 'Nothing was found.'
        : `Nothing was found, but up has ${count(changes, 'change')} to make.`;
    case ExitCode.pending:
      return `${found}${findings === 0 && refused > 0 ? ', but up refuses something' : ''}.`;
    case ExitCode.partial:
      return `Not all could be seen: dropped out: ${dropped.join(', ')}. ${found}.`;
    default:
      return undefined;
  }
}
