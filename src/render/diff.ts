import { structuredPatch } from 'diff';
import type { Diff } from '../engine/types.ts';
import { clean, type Style } from './style.ts';

/** Lines of one diff that are shown; the journal has them all. */
const SHOWN = 40;
const CONTEXT = 2;

/** What changes in a file or a value, as a unified diff; a single short value as `before -> after`. */
export function diffLines(diff: Diff, style: Style): string[] {
  const { what, before, after } = diff;
  if (isShort(before) && isShort(after))
    return [`${what}: ${clean(before) || '(none)'} -> ${clean(after) || '(none)'}`];
  // Only a line end that comes or goes is worth a line.
  const isValue = ![before, after].some((text) => text.endsWith('\n'));
  const [old, fresh] = [before, after].map((text) => (isValue && text !== '' ? `${text}\n` : text)) as [string, string];
  const { hunks } = structuredPatch('', '', old, fresh, '', '', { context: CONTEXT });
  const lines = hunks.flatMap((hunk) => [
    style.paint('cyan', `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`),
    ...hunk.lines.map((line) => painted(clean(line), style)),
  ]);
  const more = lines.length - SHOWN;
  const shown = more > 1 ? [...lines.slice(0, SHOWN), `${style.symbols.ellipsis} ${more} more lines`] : lines;
  return [`${what}:`, ...shown.map((line) => `  ${line}`)];
}

function isShort(value: string): boolean {
  return !value.includes('\n') && value.length <= 60;
}

function painted(line: string, style: Style): string {
  if (line.startsWith('+')) return style.paint('green', line);
  return line.startsWith('-') ? style.paint('red', line) : line;
}
