/** Changing JSON: merge patch (RFC 7386), JSON patch (RFC 6902, minimal) and the three-way merge of `kubectl apply`. */
export type Json = { [key: string]: unknown };

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Equal as data, whatever the order of keys. */
export function same(a: unknown, b: unknown): boolean {
  if (isJson(a) && isJson(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => same(a[key], b[key]));
  }
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => same(item, b[i]));
  return a === b;
}

/** RFC 7386: null removes, objects are merged, everything else is replaced. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJson(patch)) return patch;
  const result: Json = isJson(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** What apply makes of a live object: fields of `last` that `next` no longer has go away, the rest is merged. */
export function threeWay(live: unknown, last: unknown, next: unknown): unknown {
  if (!isJson(next)) return next;
  const result: Json = isJson(live) ? { ...live } : {};
  if (isJson(last)) for (const key of Object.keys(last)) if (!(key in next)) delete result[key];
  for (const [key, value] of Object.entries(next)) {
    if (value === null) delete result[key];
    else result[key] = threeWay(result[key], isJson(last) ? last[key] : undefined, value);
  }
  return result;
}

/** RFC 6902 with add, replace, remove and test. Throws with what kubectl would print. */
export function jsonPatch(target: Json, operations: { op: string; path: string; value?: unknown }[]): Json {
  const result = structuredClone(target);
  for (const { op, path, value } of operations) {
    const words = path
      .split('/')
      .slice(1)
      .map((w) => w.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = words.pop() ?? '';
    const parent = words.reduce<unknown>((at, word) => (at as Json | undefined)?.[word], result);
    if (typeof parent !== 'object' || parent === null)
      throw new Error(`add operation does not apply: doc is missing path: "${path}": missing value`);
    change(parent as Json | unknown[], last, op, path, value);
  }
  return result;
}

function change(parent: Json | unknown[], last: string, op: string, path: string, value: unknown): void {
  const holder = parent as Json;
  if (op === 'test') {
    if (!same(holder[last], value)) throw new Error(`testing value ${path} failed: test failed`);
  } else if (op !== 'add' && !(last in holder)) {
    throw new Error(`${op} operation does not apply: doc is missing key: ${path}: missing value`);
  } else if (Array.isArray(parent)) {
    const index = last === '-' ? parent.length : Number(last);
    parent.splice(index, op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [value]));
  } else if (op === 'remove') {
    delete holder[last];
  } else {
    holder[last] = value;
  }
}
