import type { Ask, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { listReceipts } from './stage-receipt.ts';
import { listIn, theirsAmong } from './theirs.ts';

/** Stands before what is in a namespace. */
const IN = '---- ';

/** Names of the namespaces that came with a stage, in a list of all receipts. */
const NAMESPACES = 'NF == 3 { own = ($2 == "stage-" stage) } NF == 4 && own && $2 == "Namespace" { print $4 }';

/** What is in the namespaces of a stage, and who made it. */
export function besidesAsk(stage: string): Ask {
  const script = sh`
    set -e
    receipts=$(${listReceipts})
    for name in $(printf '%s\n' "$receipts" | awk -v stage=${stage} ${NAMESPACES}); do
      printf '%s\n' ${IN}"$name"
      ${listIn({ bash: '"$name"' })}
    done
  `;
  return { key: `what is in the namespaces of ${stage}`, on: 'cluster', sh: script, timeoutS: 60 };
}

/**
 * What neither mlk8s nor a stage put into the namespaces that came with a stage, claims left out: people did, or what
 * runs there and does not own it. Namespaces in `staying` do not count. Undefined: the API does not list it.
 */
export function besidesOf(world: World, stage: string, staying: ReadonlySet<string>): readonly string[] | undefined {
  const answer = world.answer('cluster', besidesAsk(stage).key);
  if (answer.kind !== 'bytes' || answer.status !== 0 || answer.cut) return undefined;
  const parts = answer.text.split(new RegExp(`^${IN}`, 'm')).slice(1);
  return parts.flatMap((part) => {
    const [namespace = '', ...rows] = part.split('\n');
    return staying.has(namespace) ? [] : theirsAmong(namespace, rows);
  });
}
