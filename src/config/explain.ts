import type * as z from 'zod';
import { CHART_OF } from '../charts/keys.ts';
import { type KnownKey, knownKeys, pattern } from './keys.ts';
import { nearest } from './nearest.ts';
import { type Fault, quoted } from './rules.ts';
import { noPasswordOfUser } from './rules-kubeflow.ts';
import { noPlaceOfSecret, PLACE_OF_SECRET } from './rules-network.ts';
import type { Found, Path, Tree } from './tree.ts';

type Issue = z.core.$ZodIssue;

/** Says in plain words, with its place, what the schema does not like. `value` is the data that was checked. */
export function explain(found: readonly Issue[], value: unknown, tree: Tree): Found[] {
  const issues = found.flatMap((issue) => branchOf(issue, valueAt(value, issue.path)));
  const keys = issues.length > 0 ? knownKeys() : [];
  const misspelt = misspeltKeys(issues, keys);
  return issues.flatMap((issue) => {
    if (misspelt.has(JSON.stringify(issue.path)) && !tree.has(issue.path)) return [];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys
        .filter((key) => key !== '__proto__')
        .map((key) => ({ span: tree.keySpan([...issue.path, key]), fault: unknownKey(issue.path, key, keys) }));
    }
    if (issue.code === 'invalid_key') {
      return issue.issues.map((inner) => ({ span: tree.keySpan(issue.path), fault: ruleFault(inner) }));
    }
    const known = knownAt(issue.path, keys);
    return [{ span: tree.valueSpan(issue.path), fault: valueFault(issue, valueAt(value, issue.path), known, tree) }];
  });
}

/** Where a word or a list may stand: what is wrong with the one that does. */
function branchOf(issue: Issue, value: unknown): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const isWrongType = ([first]: readonly Issue[]) => first?.path.length === 0 && first.code === 'invalid_type';
  const isForWords = ([first]: readonly Issue[]) => first?.path.length === 0 && first.code === 'invalid_value';
  const [fits = []] = issue.errors.filter(
    (errors) => !isWrongType(errors) && !(Array.isArray(value) && isForWords(errors)),
  );
  return fits.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** The key at a path. An entry of a group whose names the user chooses, such as watts, has the schema of all its entries. */
function knownAt(path: Path, keys: readonly KnownKey[]): KnownKey | undefined {
  const known = keys.find((key) => key.path === pattern(path));
  const group = keys.find((key) => key.path === pattern(path.slice(0, -1)));
  const schema = group?.schema.additionalProperties;
  if (known || !group || typeof schema !== 'object') return known;
  return { path: pattern(path), parent: group.path, name: String(path.at(-1)), required: false, schema };
}

/** Paths of the keys that unknown ones are slips of: these are not reported as missing too. */
function misspeltKeys(issues: readonly Issue[], keys: readonly KnownKey[]): ReadonlySet<string> {
  const meant = issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [];
    return issue.keys.map((key) => JSON.stringify([...issue.path, nearest(key, siblingsAt(issue.path, keys))]));
  });
  return new Set(meant);
}

function siblingsAt(parent: Path, keys: readonly KnownKey[]): string[] {
  const wanted = pattern(parent);
  return keys.filter((key) => key.parent === wanted).map((key) => key.name);
}

function unknownKey(parent: Path, key: string, keys: readonly KnownKey[]): Fault {
  const siblings = siblingsAt(parent, keys);
  const meant = nearest(key, siblings);
  const seen = `unknown key ${quoted(key)}`;
  if (key === '<<') {
    return { seen, why: 'YAML 1.2 has no merge keys', next: ['Write the keys out.'] };
  }
  if (meant !== undefined) return { seen, why: `"${meant}" is meant, probably`, next: [`Write "${meant}" instead.`] };
  if (OF_CHARTS.includes(pattern(parent))) return unknownChart(key, siblings);
  if (pattern(parent) === 'kubeflow.users[]' && /pass/i.test(key)) return noPasswordOfUser(seen);
  const elsewhere = keys.filter((k) => k.name === key).map((k) => k.path);
  const known = siblings.join(', ');
  return {
    seen,
    why: elsewhere.length > 0 ? `this key has its place at ${elsewhere.join(' or ')}` : `known keys here: ${known}`,
    next: [elsewhere.length > 0 ? 'Move it there, or delete it.' : 'Use one of these keys, or delete this one.'],
  };
}

/** Keys below which charts are named. */
const OF_CHARTS = ['values', 'charts'];

/** Words of the cluster file that people take for the name of a chart. */
function unknownChart(key: string, charts: readonly string[]): Fault {
  const seen = `unknown key ${quoted(key)}`;
  const chart = CHART_OF[key];
  if (chart) return { seen, why: `what ${key} brings is the chart ${chart}`, next: [`Write "${chart}" instead.`] };
  const next = ['Use one of these keys, or delete this one.'];
  return { seen, why: `charts of mlk8s stand here: ${charts.join(', ')}`, next };
}

function valueFault(issue: Issue, value: unknown, known: KnownKey | undefined, tree: Tree): Fault {
  const { path } = issue;
  const key = label(path);
  if (!tree.has(path)) return missing(key, known);
  if (value === null && issue.code === 'invalid_type') return empty(key, known);
  if (issue.code === 'invalid_type' && known?.schema.pattern === PLACE_OF_SECRET.source) {
    return noPlaceOfSecret('NAME', 'NAME');
  }
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, value, key, tree.written(path), known);
    case 'invalid_value':
      return notInList(issue.values.map(String), value, key);
    case 'too_small':
    case 'too_big':
      return outOfRange(value, key, known, issue.code === 'too_big' ? Number(issue.maximum) : undefined);
    default:
      return ruleFault(issue);
  }
}

function missing(key: string, known: KnownKey | undefined): Fault {
  return {
    seen: `${key} is missing`,
    why: known?.schema.description ?? 'it is required',
    next: [`Add the key ${key} here.`],
  };
}

function empty(key: string, known: KnownKey | undefined): Fault {
  return {
    seen: `${key} has no value`,
    why: known?.schema.description ?? 'a key or a "-" without a value means nothing',
    next: [emptyNext(known)],
  };
}

function emptyNext(known: KnownKey | undefined): string {
  if (known?.required !== false) return 'Write a value after it.';
  if (known.schema.type !== 'object') return 'Write a value after it, or delete the line.';
  return 'Write {} after it for all its defaults, or keys below it, or delete the line.';
}

const WANTED: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a whole number',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
};

/** Why only that will do. */
const SENSE: Readonly<Record<string, string>> = {
  string: 'it is one text',
  boolean: 'it is switched on or off',
  int: 'it is a count or a size, without a fraction',
  array: 'it may have several entries',
  object: 'it has keys of its own',
  record: 'it has keys of its own',
};

const HOW: Readonly<Record<string, string>> = {
  array: 'Start each entry on a line of its own with "- ".',
  object: 'Write "key: value" lines, indented by two more spaces.',
  record: 'Write "key: value" lines, indented by two more spaces.',
};

function wrongType(
  expected: string,
  value: unknown,
  key: string,
  written: string | undefined,
  known: KnownKey | undefined,
): Fault {
  const text = (written ?? '').slice(0, 80);
  if (known?.schema.type === 'number') return noNumber(value, key, text);
  const seen = `${key} must be ${WANTED[expected] ?? expected}, not ${kindOf(value)}`;
  if (expected === 'object' && typeof value === 'boolean' && known?.required === false) {
    return { seen, why: 'it is there if it is named', next: [switchedNext(value, known)] };
  }
  if (expected === 'string' && text !== '') {
    const why = `without quotes YAML reads ${text} as ${kindOf(value)}`;
    const { pattern: allowed = '', default: example } = known?.schema ?? {};
    if (new RegExp(allowed).test(text)) return { seen, why, next: [`Put it in quotes: ${quoted(text)}`] };
    return {
      seen,
      why,
      next: [example === undefined ? 'Write a text here.' : `Write for example: ${String(example)}`],
    };
  }
  if (expected === 'boolean' && /^(yes|on|y|no|off|n|true|false)$/i.test(text)) {
    return { seen, why: 'YAML 1.2 knows only true and false', next: [`Write ${/^(y|on|t)/i.test(text)}.`] };
  }
  if (expected === 'int' && /^\d+$/.test(text)) return { seen, why: QUOTED, next: [`Write ${text} without quotes.`] };
  return {
    seen,
    why: SENSE[expected] ?? 'nothing else has a meaning here',
    next: [HOW[expected] ?? `Write ${WANTED[expected] ?? expected} here.`],
  };
}

/** People write `docker: true` where its keys belong. */
function switchedNext(isOn: boolean, { name, schema }: KnownKey): string {
  if (!isOn) return 'Delete the line.';
  return schema.required?.length ? (HOW.object as string) : `Write: ${name}: {}`;
}

const QUOTED = 'in quotes it is text';

/** Where fractions are allowed. */
function noNumber(value: unknown, key: string, text: string): Fault {
  const seen = `${key} must be a number, not ${kindOf(value)}`;
  if (/^\d+(\.\d+)?$/.test(text)) return { seen, why: QUOTED, next: [`Write ${text} without quotes.`] };
  if (!/^\d+,\d+$/.test(text)) return { seen, why: 'it is reckoned with', next: ['Write a number, such as 0.30.'] };
  return { seen, why: 'YAML wants a point before the fraction', next: [`Write ${text.replace(',', '.')}.`] };
}

function notInList(values: readonly string[], value: unknown, key: string): Fault {
  const meant = typeof value === 'string' ? nearest(value, values) : undefined;
  const shown = typeof value === 'string' ? `${quoted(value)}` : kindOf(value);
  return {
    seen: `${key} cannot be ${shown}`,
    why: `it is one of ${values.join(', ')}`,
    next: [`Write ${meant ?? values.join(' or ')}.`],
  };
}

function outOfRange(value: unknown, key: string, known: KnownKey | undefined, maximum: number | undefined): Fault {
  if (Array.isArray(value)) {
    return maximum === undefined
      ? {
          seen: `the list ${key} is empty`,
          why: 'without an entry it means nothing',
          next: ['Add at least one entry.'],
        }
      : { seen: `${key} has ${value.length} entries`, why: `at most ${maximum} are allowed`, next: ['Remove some.'] };
  }
  const { minimum, maximum: most } = known?.schema ?? {};
  return {
    seen: `${key} cannot be ${String(value)}`,
    why: `it goes from ${minimum} to ${most}`,
    next: [`Write a number from ${minimum} to ${most}.`],
  };
}

/** The fault that a rule of the schema found. */
function ruleFault(issue: Issue): Fault {
  const fault = issue.code === 'custom' ? (issue.params?.fault as Fault | undefined) : undefined;
  return fault ?? { seen: issue.message, why: 'the value is not allowed here', next: ['Correct this value.'] };
}

/** What people call a place: a key in quotes, or an entry of a list, counted from 1. */
function label(path: Path): string {
  const name = path.findLast((segment) => typeof segment !== 'number') ?? 'file';
  const last = path.at(-1);
  return typeof last === 'number' ? `entry ${last + 1} of ${quoted(String(name))}` : `${quoted(String(name))}`;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a group of keys';
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? 'a yes/no value' : `the number ${String(value)}`;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((here, key) => (here as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
}
