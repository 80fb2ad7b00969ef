/**
 * Shell text. The only place where words are quoted; everything that is sent to a machine is built with `sh`.
 */

/** A piece of bash that was built by `sh` (or `raw`): interpolated values in it are quoted words. */
export interface Script {
  readonly bash: string;
}

/** What may stand in a `sh` template: words are quoted, arrays become several words, scripts are put in as they are. */
type Part = string | number | Script | readonly (string | number)[];

/** One shell word that means exactly `value`, whatever is in it. NUL cannot stand in a word and is refused. */
export function quote(value: string | number): string {
  const text = String(value);
  if (text.includes('\0')) throw new Error('a shell word cannot hold a NUL byte');
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Builds a script from a template: ``sh`install -d -m ${mode} ${path}` ``. Common indentation is removed. */
export function sh(strings: TemplateStringsArray, ...parts: Part[]): Script {
  const pieces = dedent(strings.raw.map((s) => s.replaceAll('\\`', '`').replaceAll('\\${', '${')));
  const bash = pieces.map((piece, i) => piece + (i < parts.length ? word(parts[i] as Part) : '')).join('');
  return { bash: bash.trim() };
}

/** Scripts one after the other, a line each. */
export function lines(...scripts: readonly Script[]): Script {
  return { bash: scripts.map((s) => s.bash).join('\n') };
}

function word(part: Part): string {
  if (typeof part === 'string' || typeof part === 'number') return quote(part);
  if (Array.isArray(part)) return part.map(quote).join(' ');
  return (part as Script).bash;
}

/** Only the literal pieces are dedented: a value with line breaks keeps every one of its blanks. */
function dedent(pieces: readonly string[]): string[] {
  const indents = pieces.flatMap((p) => [...p.matchAll(/\n([ \t]*)(?=\S)/g)].map((m) => (m[1] as string).length));
  const tail = (pieces.at(-1) ?? '').match(/\n([ \t]*)$/);
  const indent = Math.min(
    ...indents,
    tail && indents.length === 0 ? (tail[1] as string).length : Number.POSITIVE_INFINITY,
  );
  if (!Number.isFinite(indent) || indent === 0) return [...pieces];
  const cut = new RegExp(`\\n[ \\t]{1,${indent}}`, 'g');
  return pieces.map((p) => p.replace(cut, '\n'));
}
