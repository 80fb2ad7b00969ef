import * as z from 'zod';
import type { Ask, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { refused, unanswered } from './answers.ts';
import { jsonOf, kubectl } from './kube.ts';
import { DIGEST } from './objects.ts';
import { someOf } from './some.ts';

const CLASS = '{.spec.storageClassName}';
const SIZE = '{.spec.resources.requests.storage}';
const OURS = `{.metadata.annotations.${DIGEST.replaceAll('.', '\\.')}}`;
const CLAIM = [
  ...['{.metadata.namespace}', '{.metadata.name}', CLASS, '{.spec.volumeName}', SIZE, '{.metadata.labels}', OURS],
];
const VOLUME = ['{.metadata.name}', CLASS, '{.metadata.annotations.pv\\.kubernetes\\.io/provisioned-by}'];
const POD = ['{.metadata.namespace}', '{.metadata.name}', '{.spec.volumes[*].persistentVolumeClaim.claimName}'];
const STORAGE_CLASS = ['{.metadata.name}', '{.provisioner}'];
const rows = (fields: readonly string[]) => `jsonpath={range .items[*]}${fields.join('{"\\t"}')}{"\\n"}{end}`;

/** Stands between claims, volumes and classes. */
const RULE = '----';

/** All claims and volumes of the cluster, with their classes and the pods that use them: what would lose its data when a class goes. */
export const claimsAsk: Ask = {
  key: 'volume claims',
  on: 'cluster',
  sh: sh`
    set -e
    ${kubectl} get persistentvolumeclaims -A -o ${rows(CLAIM)}
    echo ${RULE}
    ${kubectl} get persistentvolumes -o ${rows(VOLUME)}
    echo ${RULE}
    ${kubectl} get storageclasses -o ${rows(STORAGE_CLASS)}
    echo ${RULE}
    ${kubectl} get pods -A -o ${rows(POD)}
  `,
  timeoutS: 20,
};

/** A claim, or a volume whose claim is gone. */
export interface Claim {
  /** Empty for a volume without a claim. */
  readonly namespace: string;
  readonly name: string;
  readonly className: string;
  /** What it asks for, as Kubernetes writes amounts; empty for a volume without a claim. */
  readonly size: string;
  readonly labels: Readonly<Record<string, string>>;
  /** mlk8s wrote it itself; what an operator makes for something of ours is not. */
  readonly isOurs: boolean;
  /** Pods of its namespace that have it. */
  readonly pods: readonly string[];
}

/** Claims and lost volumes, and who makes the volumes of each class: a class may be gone while its volumes are there. */
interface Claims {
  readonly all: readonly Claim[];
  readonly makers: ReadonlyMap<string, string>;
}

const NO_CLAIM = { namespace: '', size: '', labels: {}, isOurs: false, pods: [] };

function seen(world: World): Claims | undefined {
  const answer = world.answer('cluster', claimsAsk.key);
  if (answer.kind !== 'bytes' || answer.status !== 0 || answer.cut) return undefined;
  const parts = answer.text.split(new RegExp(`^${RULE}\\n`, 'm'));
  const [claims, volumes, classes, pods] = parts.map((part) =>
    part.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')])),
  );
  if (!claims || !volumes || !classes || !pods) return undefined;
  const bound = new Set(claims.map((row) => row[3]));
  const lost = volumes.filter(([name]) => !bound.has(name));
  const podsOf = (namespace: string, claim: string): string[] =>
    pods.flatMap(([ns, pod = '', names = '']) => (ns === namespace && names.split(' ').includes(claim) ? [pod] : []));
  return {
    all: [
      ...claims.map(([namespace = '', name = '', className = '', , size = '', labels = '', digest = '']) => ({
        ...{ namespace, name, className, size },
        labels: jsonOf(labels, z.record(z.string(), z.string())) ?? {},
        isOurs: digest !== '',
        pods: podsOf(namespace, name),
      })),
      ...lost.map(([name = '', className = '']) => ({ ...NO_CLAIM, name, className })),
    ],
    makers: new Map([
      ...volumes.map(([, className = '', maker = '']) => [className, maker] as const),
      ...classes.map(([name = '', maker = '']) => [name, maker] as const),
    ]),
  };
}

/** Undefined: the API did not say all of it. */
export function claimsOf(world: World): readonly Claim[] | undefined {
  return seen(world)?.all;
}

/** `claims`: the name of one, or a label that they have, as `key=value`; left out: all of the namespace. */
export function isMeant(claim: Claim, of: { readonly namespace: string; readonly claims?: string }): boolean {
  if (claim.namespace !== of.namespace) return false;
  if (of.claims === undefined) return true;
  const [key = '', value] = of.claims.split('=');
  return value === undefined ? claim.name === key : claim.labels[key] === value;
}

/** `namespace/claim (used by pod a)`, or the name of a volume that no claim has any more. */
function claimTitle({ namespace, name, pods }: Claim): string {
  if (namespace === '') return `volume ${name}`;
  const users = pods.length === 0 ? '' : ` (used by pod${pods.length === 1 ? '' : 's'} ${pods.join(', ')})`;
  return `${namespace}/${name}${users}`;
}

/** Most claims that are named. */
const NAMED = 12;

/**
 * Why what looks after the volumes of these classes must not be removed now: somebody's data is in them. Undefined when
 * no volume of them is left. `maker`: the namespace of what makes the volumes, if that is to go. Then volumes that it
 * made for other classes count too, but for those that it keeps its own data in.
 */
export function inUse(id: string, classes: readonly string[], world: World, maker?: string): Verdict | undefined {
  if (classes.length === 0) return undefined;
  const answer = world.answer('cluster', claimsAsk.key);
  if (answer.kind !== 'bytes') return { verdict: 'refused', problem: unanswered(id, claimsAsk, answer) };
  const found = seen(world);
  if (!found) return { verdict: 'settling', because: `${world.lead} does not list its volumes`, deadlineS: 300 };
  const { all, makers } = found;
  const made = new Set(maker === undefined ? [] : classes.flatMap((name) => makers.get(name) || []));
  const isMade = (it: Claim) => it.namespace !== maker && made.has(makers.get(it.className) ?? '');
  const used = all.filter((claim) => classes.includes(claim.className) || isMade(claim));
  if (used.length === 0) return undefined;
  return refused(
    id,
    `data is in volumes of ${[...new Set(used.map((claim) => claim.className))].join(', ')}: ${someOf(used.map(claimTitle), NAMED)}`,
    'without it nobody can mount these volumes any more, or remove them',
    'to keep the data, put the section back into the cluster file',
    ...giveUp(used),
    'then run the same command again',
  );
}

/** Names to fill in, on purpose: whoever deletes data is to have read whose it is. */
function giveUp(used: readonly Claim[]): string[] {
  const [isClaim, isVolume] = [used.some((it) => it.namespace !== ''), used.some((it) => it.namespace === '')];
  return [
    ...(isClaim
      ? [
          'to give it up for good, first remove the pods that use a claim, with what makes them, then each claim: microk8s kubectl -n NAMESPACE delete persistentvolumeclaim NAME',
        ]
      : []),
    ...(isVolume ? ['to give up a volume without a claim: microk8s kubectl delete persistentvolume NAME'] : []),
  ];
}
