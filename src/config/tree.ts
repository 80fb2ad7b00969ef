import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Pair,
  Parser,
  visit,
  type YAMLMap,
} from 'yaml';
import { literalSecrets } from './literal-secrets.ts';
import { tooDeepAt } from './nesting.ts';
import { type Fault, quoted } from './rules.ts';
import type { Source, Span } from './source.ts';
import { syntaxFault, TOO_DEEP } from './syntax.ts';

/** Where in the data: keys and list positions from the top. */
export type Path = readonly PropertyKey[];

/** A fault and the piece of text that shows it. */
export interface Found {
  readonly span: Span;
  readonly fault: Fault;
}

/** Most `*name` references in a file, and most values that they may unfold to. */
const MAX_ALIASES = 1000;

/** Deepest nesting, in steps of the YAML library: about two for each level that people see. */
const MAX_PATH = 100;

/** A YAML document, its data and the places of it. `faults`: keys that YAML allows and a cluster file does not. */
export class Tree {
  readonly document: Document.Parsed;
  readonly value: unknown;
  readonly faults: readonly Found[];
  readonly #pairs = new WeakMap<YAMLMap, Map<string, Pair>>();

  constructor(document: Document.Parsed, value: unknown, faults: readonly Found[]) {
    this.document = document;
    this.value = value;
    this.faults = faults;
  }

  has(path: Path): boolean {
    return this.#walk(path).found;
  }

  /** The text of the value at a path; of its nearest parent when it is missing. */
  valueSpan(path: Path): Span {
    const { node, key, found } = this.#walk(path);
    const span = spanOf(node);
    return found && span.end === span.start && key !== undefined ? spanOf(key) : span;
  }

  /** The text of the key at a path. */
  keySpan(path: Path): Span {
    const { key, found } = this.#walk(path);
    return found && key !== undefined ? spanOf(key) : this.valueSpan(path);
  }

  /** A value as it is written in the file: `1.30`, not 1.3. */
  written(path: Path): string | undefined {
    const { node, found } = this.#walk(path);
    return found && isScalar(node) ? node.source : undefined;
  }

  #walk(path: Path): { node: unknown; key?: unknown; found: boolean } {
    let node: unknown = this.document.contents;
    let key: unknown;
    for (const segment of path) {
      const here = isAlias(node) ? node.resolve(this.document) : node;
      if (isMap(here)) {
        const pair = this.#pair(here, String(segment));
        if (pair === undefined) return { node, key, found: false };
        node = pair.value;
        key = pair.key;
      } else if (isSeq(here) && typeof segment === 'number' && segment in here.items) {
        node = here.items[segment];
        key = undefined;
      } else {
        return { node, key, found: false };
      }
    }
    return { node, key, found: true };
  }

  #pair(map: YAMLMap, key: string): Pair | undefined {
    let pairs = this.#pairs.get(map);
    if (pairs === undefined) {
      pairs = new Map(map.items.map((pair) => [keyText(pair.key), pair]));
      this.#pairs.set(map, pairs);
    }
    return pairs.get(key);
  }
}

/** Reads YAML 1.2. Gives the tree, or what is wrong with the text as YAML: at most one fault for each line. */
export function readTree(source: Source): Tree | readonly Found[] {
  const tokens = [...new Parser().parse(source.text)];
  const tooDeep = tooDeepAt(tokens);
  if (tooDeep !== undefined) return [{ span: { start: tooDeep, end: tooDeep + 1 }, fault: TOO_DEEP }];
  const options = {
    version: '1.2',
    schema: 'core',
    resolveKnownTags: false,
    prettyErrors: false,
    // An own check below does it: the library compares every key with every other, which takes minutes for long files.
    uniqueKeys: false,
    keepSourceTokens: true,
    logLevel: 'error',
  } as const;
  const [document, second] = [...new Composer(options).compose(tokens, true, source.text.length)] as Document.Parsed[];
  if (document === undefined) return [];
  source.hide(literalSecrets(document, source.text));
  const errors = [...document.errors, ...document.warnings].map((e) => ({
    span: { start: e.pos[0], end: e.pos[1] },
    fault: syntaxFault(e.code, e.message),
  }));
  if (errors.length > 0) return onePerLine(source, errors);
  if (second !== undefined) return [{ span: spanOf(second), fault: SEVERAL_DOCUMENTS }];
  return treeOf(source, document);
}

function onePerLine(source: Source, found: readonly Found[]): Found[] {
  const first = new Map<number, Found>();
  for (const one of [...found].sort((a, b) => a.span.start - b.span.start)) {
    const line = source.line(one.span.start);
    if (!first.has(line)) first.set(line, one);
  }
  return [...first.values()];
}

function treeOf(source: Source, document: Document.Parsed): Tree | readonly Found[] {
  const fatal = shapeFaults(document);
  if (fatal.length > 0) return fatal;
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return new Tree(document, value, keyFaults(source, document));
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return [{ span: spanOf(document.contents), fault: TOO_MANY_ALIASES }];
  }
}

/** References that lead nowhere, too many of them, and nesting without end: no data can be made of these. */
function shapeFaults(document: Document.Parsed): Found[] {
  const found: Found[] = [];
  const anchors = new Set<string>();
  let aliases = 0;
  visit(document, (_, node, path) => {
    if (path.length > MAX_PATH) {
      found.push({ span: spanOf(isPair(node) ? node.key : node), fault: TOO_DEEP });
      return visit.BREAK;
    }
    if (isNode(node) && 'anchor' in node && node.anchor !== undefined) anchors.add(node.anchor);
    if (!isAlias(node)) return undefined;
    aliases += 1;
    if (!anchors.has(node.source)) found.push({ span: spanOf(node), fault: noAnchor(node.source) });
    if (aliases <= MAX_ALIASES) return undefined;
    found.push({ span: spanOf(node), fault: TOO_MANY_ALIASES });
    return visit.BREAK;
  });
  return found;
}

/** Keys that stand twice, and `__proto__`, which JavaScript would take as an order. */
function keyFaults(source: Source, document: Document.Parsed): Found[] {
  const found: Found[] = [];
  visit(document, { Map: (_, map) => void found.push(...faultsOfKeys(source, map)) });
  return found;
}

function faultsOfKeys(source: Source, map: YAMLMap): Found[] {
  const seen = new Map<string, number>();
  return map.items.flatMap(({ key }) => {
    const text = keyText(key);
    const span = spanOf(key);
    if (text === '__proto__') return [{ span, fault: PROTO }];
    const before = seen.get(text);
    if (before !== undefined) return [{ span, fault: twice(text, before) }];
    seen.set(text, source.line(span.start));
    return [];
  });
}

const PROTO: Fault = {
  seen: 'unknown key "__proto__"',
  why: 'no cluster file has it; programs take it for an order',
  next: ['Delete this line.'],
};

const SEVERAL_DOCUMENTS: Fault = {
  seen: 'a second document starts here',
  why: 'a line with --- starts a new YAML document; a cluster file has only one',
  next: ['Delete the --- line, or move what follows into a file of its own.'],
};

const TOO_MANY_ALIASES: Fault = {
  seen: 'too many references (*name)',
  why: `a cluster file may unfold to at most ${MAX_ALIASES} referenced values`,
  next: ['Write the values out.'],
};

function noAnchor(name: string): Fault {
  return {
    seen: `*${name.slice(0, 80)} refers to nothing`,
    why: `no value above is marked with &${name.slice(0, 80)}`,
    next: ['Put the value in quotes if it is meant as text; else mark the value that is meant.'],
  };
}

function twice(key: string, line: number): Fault {
  return {
    seen: `the key ${quoted(key)} stands twice`,
    why: `it stands in line ${line} already; which of the two is meant cannot be known`,
    next: ['Delete one of the two.'],
  };
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value ?? '') : String(key ?? '');
}

function spanOf(node: unknown): Span {
  const range = (node as { range?: readonly [number, number, number] | null } | null)?.range;
  return range ? { start: range[0], end: range[1] } : { start: 0, end: 0 };
}
