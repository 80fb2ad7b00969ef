/**
 * Signs that drive a terminal or make it show another text than is there: C0 without line break and tab, DEL, C1, marks
 * of direction, line and paragraph separators, byte order marks.
 */
const DRIVING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** `text` without signs that drive a terminal. */
export function printable(text: string): string {
  return text.replaceAll(DRIVING, '');
}

/** The same in JSON, where such a sign may be written as an escape and lose nothing. */
export function printableJson(json: string): string {
  return json.replaceAll(DRIVING, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A copy of `value` with `change` applied to every text in it; keys stay. */
export function mapTexts<T>(value: T, change: (text: string) => string): T {
  const walk = (it: unknown): unknown => {
    if (typeof it === 'string') return change(it);
    if (Array.isArray(it)) return it.map(walk);
    if (typeof it !== 'object' || it === null) return it;
    return Object.fromEntries(Object.entries(it).map(([key, part]) => [key, walk(part)]));
  };
  return walk(value) as T;
}
