import type { CST } from 'yaml';

/** A list or mapping inside more others than any file of ours or of Kubernetes needs. */
const DEEPEST = 50;

/**
 * Where the tokens of YAML begin to nest too deeply, as an offset; undefined: nowhere. To be asked before a document is made of
 * it: the library does that by recursion, and V8 ends the whole process, not with an exception, when a pattern has to
 * be compiled with the stack nearly used up.
 */
export function tooDeepAt(tokens: readonly CST.Token[]): number | undefined {
  const open = tokens.map((token) => ({ token, depth: 0 }));
  for (let it = open.pop(); it; it = open.pop()) {
    const { token, depth } = it;
    if (depth > DEEPEST) return 'offset' in token ? token.offset : 0;
    const inner = token.type === 'document' ? [token.value] : parts(token);
    for (const part of inner) if (part) open.push({ token: part, depth: token.type === 'document' ? 0 : depth + 1 });
  }
  return undefined;
}

function parts(token: CST.Token): (CST.Token | null | undefined)[] {
  return 'items' in token ? token.items.flatMap(({ key, value }) => [key, value]) : [];
}
