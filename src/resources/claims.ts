import type { Ask, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { refused, unanswered } from './answers.ts';
import { kubectl } from './kube.ts';

const CLAIM = ['{.metadata.namespace}', '{.metadata.name}', '{.spec.storageClassName}'];
const VOLUME = ['{.spec.claimRef.namespace}', '{.spec.claimRef.name}', '{.spec.storageClassName}', '{.metadata.name}'];
const rows = (fields: readonly string[]) => `jsonpath={range .items[*]}${fields.join('{"\\t"}')}{"\\n"}{end}`;

/** Stands between claims and volumes. */
const RULE = '----';

/** All claims and volumes of the cluster, with their classes: what would lose its data when a class goes. */
export const claimsAsk: Ask = {
  key: 'volume claims',
  on: 'cluster',
  sh: sh`
    set -e
    ${kubectl} get persistentvolumeclaims -A -o ${rows(CLAIM)}
    echo ${RULE}
    ${kubectl} get persistentvolumes -o ${rows(VOLUME)}
  `,
  timeoutS: 20,
};

/** A claim, or a volume whose claim is gone. */
export interface Claim {
  /** Empty for a volume without a claim. */
  readonly namespace: string;
  readonly name: string;
  readonly className: string;
}

/** Undefined: the API did not say all of it. */
export function claimsOf(world: World): readonly Claim[] | undefined {
  const answer = world.answer('cluster', claimsAsk.key);
  if (answer.kind !== 'bytes' || answer.status !== 0 || answer.cut) return undefined;
  const lines = answer.text.split('\n');
  const end = lines.indexOf(RULE);
  const columns = (part: readonly string[]) => part.filter((line) => line !== '').map((line) => line.split('\t'));
  const claims = columns(lines.slice(0, end)).map(([namespace = '', name = '', className = '']) => ({
    ...{ namespace, name, className },
  }));
  const isClaimed = (namespace: string, name: string) =>
    claims.some((it) => it.namespace === namespace && it.name === name);
  const lost = columns(lines.slice(end + 1)).flatMap(([namespace = '', claim = '', className = '', name = '']) =>
    isClaimed(namespace, claim) ? [] : [{ namespace: '', name, className }],
  );
  return end < 0 ? undefined : [...claims, ...lost];
}

/** `namespace/claim`, or the name of a volume that no claim has any more. */
function claimTitle({ namespace, name }: Claim): string {
  return namespace === '' ? `volume ${name}` : `${namespace}/${name}`;
}

/** Most claims that are named. */
const NAMED = 12;

function listed(claims: readonly Claim[]): string {
  const rest = claims.length - NAMED;
  return `${claims.slice(0, NAMED).map(claimTitle).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/**
 * Why what looks after the volumes of these classes must not be removed now: somebody's data is in them. Undefined when
 * no volume of them is left.
 */
export function inUse(id: string, classes: readonly string[], world: World): Verdict | undefined {
  if (classes.length === 0) return undefined;
  const answer = world.answer('cluster', claimsAsk.key);
  if (answer.kind !== 'bytes') return { verdict: 'refused', problem: unanswered(id, claimsAsk, answer) };
  const all = claimsOf(world);
  if (!all) return { verdict: 'settling', because: `${world.lead} does not list its volumes`, deadlineS: 300 };
  const used = all.filter((claim) => classes.includes(claim.className));
  const [first] = used;
  if (!first) return undefined;
  const remove =
    first.namespace === ''
      ? `microk8s kubectl delete persistentvolume ${first.name}`
      : `microk8s kubectl -n ${first.namespace} delete persistentvolumeclaim ${first.name}`;
  return refused(
    id,
    `data is in volumes of ${[...new Set(used.map((claim) => claim.className))].join(', ')}: ${listed(used)}`,
    'without it nobody can mount these volumes any more, or remove them',
    'to keep the data, put the section back into the cluster file',
    `to give it up, delete each claim: ${remove}   and run the same command again`,
  );
}
