import { type Document, isNode, isScalar, visit } from 'yaml';
import { PLACE_OF_SECRET } from './rules-network.ts';
import type { Span } from './source.ts';

/** Keys that hold a secret when somebody misunderstood them, slips and wrong places included. */
const SECRET_KEY = /pass?w|token|secret/i;

/** Where somebody wrote a secret itself into the file `text`, and not its place: no message may show it. */
export function literalSecrets(document: Document, text: string): Span[] {
  const found: Span[] = [];
  // Of a text that is no YAML the value may end too early: at a quote inside of it, for example.
  const isWhole = document.errors.length === 0;
  visit(document, {
    Pair: (_, { key, value }, ancestors) => {
      if (!isNode(value) || !value.range) return undefined;
      const name = isScalar(key) ? String(key.value) : '';
      if (!SECRET_KEY.test(name) && !(name === 'url' && isInWebhook(ancestors))) return undefined;
      if (isScalar(value) && PLACE_OF_SECRET.test(String(value.value))) return undefined;
      const [start, end] = value.range;
      const newline = isWhole ? end : text.indexOf('\n', end);
      found.push({ start, end: newline < 0 ? text.length : newline });
      return visit.SKIP;
    },
  });
  return found;
}

/** Its address may hold a secret. */
function isInWebhook(ancestors: readonly unknown[]): boolean {
  const parent = ancestors.at(-2) as { key?: unknown } | undefined;
  return isScalar(parent?.key) && parent.key.value === 'webhook';
}
