import { createHash } from 'node:crypto';
import type { Json } from '../engine/types.ts';

/** Values of a chart, or any object as plain data. */
export type Data = { readonly [key: string]: Json };

/**
 * Values with others laid over them, as Helm does it with two `-f`: objects are merged, everything else is replaced. Null
 * stays: Helm takes a chart's own default away by it. The user's `values:` go over ours this way, last.
 */
export function mergeValues(below: Data, above: Data): Data {
  const merged: Record<string, Json> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = merged[key];
    merged[key] = isData(value) ? mergeValues(under !== undefined && isData(under) ? under : {}, value) : value;
  }
  return merged;
}

/** An object, not a list, not null. */
export function isData(value: Json): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same text for the same data, whatever the order of keys. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isData(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key] as Json)}`).join(',')}}`;
}

/** Short enough for the value of a label, which has 63 characters. */
export function digestOf(value: Json): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 40);
}

/** Each value that is no object by its path: `{a: {b: 1}}` is `a.b: 1`. One line each, in order, for people. */
export function flatLines(value: Data, path = ''): string[] {
  return Object.keys(value)
    .sort()
    .flatMap((key) => {
      const inner = value[key] as Json;
      const at = path === '' ? key : `${path}.${key}`;
      const isLeaf = !isData(inner) || Object.keys(inner).length === 0;
      return isLeaf ? [`${at}: ${canonical(inner)}`] : flatLines(inner, at);
    });
}
