import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { templatePath } from '../templates.ts';

/** What a text that is looked at comes from. `output`: a change that failed; its words are held against all entries. */
const ASPECTS = [
  'pod',
  'log',
  'event',
  'claim',
  'class',
  'node',
  'object',
  'journal',
  'kernel',
  'unit',
  'disk',
  'driver',
  'firewall',
  'output',
] as const;

export type Aspect = (typeof ASPECTS)[number];

const text = z.string().min(1);
const pattern = text.transform((source, context) => {
  try {
    return new RegExp(source, 'i');
  } catch (error) {
    context.issues.push({ code: 'custom', input: source, message: String(error) });
    return z.NEVER;
  }
});

const entry = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/),
  /** What is in trouble, as people call it. */
  component: text,
  looks: z.array(z.enum(ASPECTS)).min(1),
  /** Of the object that the text is about, where the text alone says too little. */
  object: pattern.optional(),
  pattern,
  /** Lines of one place that must match before it counts. */
  least: z.int().min(2).optional(),
  /** Says little by itself: left out where something else is known about the same object. */
  general: z.literal(true).optional(),
  /** Explains what is as it should be. */
  harmless: z.literal(true).optional(),
  why: text,
  /** What to type; `{machine}`, `{namespace}` and `{name}` stand for those of the first object. */
  next: z.array(text).min(1),
  /** Fact sheet, section and, in its table, the number: `microk8s 6/7`. */
  sources: z.array(z.string().regex(/^[a-z][a-z0-9-]+ \d+(\.\d+)?(\/\d+)?$/)).min(1),
});

/** One known failure: how it shows, what causes it, what to do about it. */
export type Entry = z.infer<typeof entry>;

/** Checks the text of one file of the catalogue. Throws what zod throws. */
export function parseEntries(yaml: string): Entry[] {
  return z.array(entry).parse(parse(yaml));
}

let loaded: readonly Entry[] | undefined;

/** All that is in `templates/health`. Read when first asked for. Throws when two entries have the same id. */
export function catalogue(): readonly Entry[] {
  loaded ??= distinct(filesOf(templatePath('health')).flatMap((path) => parseEntries(readFileSync(path, 'utf8'))));
  return loaded;
}

function filesOf(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return names.toSorted().map((name) => join(folder, name));
}

function distinct(entries: readonly Entry[]): readonly Entry[] {
  const ids = entries.map((it) => it.id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new Error(`two entries of the catalogue are called ${twice}`);
  return entries;
}

/**
 * What the last words of a command say about why it failed: the entry that its last telling line matches. What is about
 * a named object, or is no trouble, explains no failure.
 */
export function explain(lines: readonly string[]): Entry | undefined {
  const entries = catalogue().filter((it) => it.object === undefined && !it.harmless && it.least === undefined);
  for (const line of lines.toReversed()) {
    const found = entries.find((it) => it.pattern.test(line));
    if (found) return found;
  }
  return undefined;
}

const NOT_FILLED = { machine: 'MACHINE', namespace: 'NAMESPACE', name: 'NAME' };

/** The remedies of an entry for one object; what is not known of it stays a word to be replaced. */
export function remedies(next: readonly string[], about: Partial<typeof NOT_FILLED> = {}): string[] {
  const words: Record<string, string> = { ...NOT_FILLED, ...about };
  return next.map((line) => line.replaceAll(/\{(machine|namespace|name)\}/g, (_, key: string) => words[key] ?? key));
}
