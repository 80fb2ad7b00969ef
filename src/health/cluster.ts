import * as z from 'zod';
import type { World } from '../engine/types.ts';
import { jsonOf } from '../resources/kube.ts';
import { claimEventsAsk, claimsAsk, classesAsk, logsAsk, podsAsk, RULE, warningsAsk } from './asks.ts';
import { type Evidence, oneLine } from './evidence.ts';
import { PATIENCE_MIN, podsOf, type SeenPod } from './pods.ts';

const text = z.string();
const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });

const metadata = z.object({
  name: text,
  namespace: text.default(''),
  annotations: z.record(text, text).default({}),
  deletionTimestamp: text.optional(),
  finalizers: z.array(text).default([]),
});
const events = listOf(
  z.object({
    involvedObject: z.object({ kind: text.default(''), namespace: text.default(''), name: text.default('') }),
    reason: text.nullish(),
    message: text.nullish(),
  }),
);
const claims = listOf(
  z.object({
    metadata,
    spec: z.object({ storageClassName: text.optional() }).default({}),
    status: z.object({ phase: text.optional() }).default({}),
  }),
);
const classes = listOf(z.object({ metadata, volumeBindingMode: text.optional() }));
type Claim = z.infer<typeof claims>['items'][number];
type Class = z.infer<typeof classes>['items'][number];

/** Newer servers know the first one only. facts: storage sheet, 1.1 */
const DEFAULT_CLASS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

/** What pods, claims and classes say. Undefined parts: nobody answered, or not in a way that can be read. */
export interface Workloads {
  readonly pods: readonly SeenPod[] | undefined;
  readonly claims: readonly Claim[] | undefined;
  readonly evidence: readonly Evidence[];
}

/** What the world says of pods, their logs and events, of claims and of classes. */
export function workloadsOf(world: World): Workloads {
  const told = (key: string): string | undefined => {
    const answer = world.answer('cluster', key);
    return answer.kind === 'bytes' && answer.status === 0 ? answer.text : undefined;
  };
  const { pods, now = 0 } = podsOf(told(podsAsk.key) ?? '') ?? {};
  const claimed = jsonOf(told(claimsAsk.key) ?? '', claims)?.items;
  const named = jsonOf(told(classesAsk.key) ?? '', classes)?.items;
  const pending = (claimed ?? []).filter((it) => it.status.phase !== 'Bound' && !it.metadata.deletionTimestamp);
  const warned = [warningsAsk, claimEventsAsk].flatMap(({ key }) => jsonOf(told(key) ?? '', events)?.items ?? []);
  const inTrouble = new Set([
    ...(pods ?? []).filter((it) => !it.fine).map((it) => it.object),
    ...pending.map(({ metadata }) => titleOf(metadata)),
  ]);
  return {
    pods,
    claims: claimed,
    evidence: [
      ...(pods ?? []).flatMap((it) => it.evidence),
      ...logsOf(told(logsAsk.key) ?? '', pods ?? []),
      ...warned.flatMap((event) => eventOf(event, inTrouble, pods ?? [])),
      ...pending.flatMap((claim) => pendingOf(claim, named, pods ?? [])),
      ...(claimed ?? []).flatMap((claim) => terminatingOf(claim, now)),
      ...defaultsOf(named ?? []),
    ],
  };
}

const titleOf = ({ namespace, name }: { namespace: string; name: string }) =>
  `PersistentVolumeClaim ${namespace}/${name}`;

/** Old news of what works now are none: an event of a pod or a claim counts while that is in trouble. */
function eventOf(
  { involvedObject: { kind, namespace, name }, reason, message }: z.infer<typeof events>['items'][number],
  inTrouble: ReadonlySet<string>,
  pods: readonly SeenPod[],
): Evidence[] {
  const object = namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
  if ((kind === 'Pod' || kind === 'PersistentVolumeClaim') && !inTrouble.has(object)) return [];
  const machine = kind === 'Node' ? name : pods.find((pod) => pod.object === object)?.machine;
  const words = oneLine(`${reason ?? ''}: ${message ?? ''}`);
  return [{ looks: 'event', object, namespace, name, text: words, ...(machine ? { machine } : {}) }];
}

function logsOf(answer: string, pods: readonly SeenPod[]): Evidence[] {
  return answer.split(new RegExp(`^${RULE} `, 'm')).flatMap((part): Evidence[] => {
    const [title = '', ...lines] = part.split('\n');
    const pod = pods.find((it) => it.object === `Pod ${title}` && !it.fine);
    if (!pod) return [];
    const { object, namespace, name, machine } = pod;
    const about = { looks: 'log', object, namespace, name, ...(machine ? { machine } : {}) } as const;
    return lines.map((line) => ({ ...about, text: oneLine(line) })).filter((it) => it.text !== '');
  });
}

/** Why a claim waits, as far as claim, classes and pods say it: Kubernetes' own words, which its events lose in minutes. */
function pendingOf(claim: Claim, named: readonly Class[] | undefined, pods: readonly SeenPod[]): Evidence[] {
  const { namespace, name } = claim.metadata;
  const wanted = claim.spec.storageClassName;
  const found = named?.find((it) => (wanted === undefined ? isDefault(it) : it.metadata.name === wanted));
  const isMounted = pods.some((pod) => pod.namespace === namespace && pod.claims.includes(name));
  const about = { looks: 'claim', object: titleOf(claim.metadata), namespace, name } as const;
  const words =
    named === undefined || wanted === ''
      ? undefined
      : !found && wanted === undefined
        ? 'no persistent volumes available for this claim and no storage class is set'
        : !found
          ? `storageclass.storage.k8s.io "${wanted}" not found`
          : found.volumeBindingMode === 'WaitForFirstConsumer' && !isMounted
            ? 'waiting for first consumer to be created before binding'
            : undefined;
  const phase = claim.status.phase ?? 'Pending';
  const reason = words === undefined ? [] : [{ ...about, text: words }];
  return [...reason, { ...about, text: `${phase}, class ${wanted ?? found?.metadata.name ?? 'none'}`, open: true }];
}

function terminatingOf({ metadata }: Claim, now: number): Evidence[] {
  const { namespace, name, deletionTimestamp, finalizers } = metadata;
  const minutes = Math.floor((now - Date.parse(deletionTimestamp ?? '')) / 60_000);
  if (!(minutes >= PATIENCE_MIN)) return [];
  const words = `Terminating for ${minutes} min, held by ${finalizers.join(', ') || 'nothing that is named'}`;
  return [{ looks: 'claim', object: titleOf(metadata), namespace, name, text: words, open: true }];
}

const isDefault = ({ metadata }: Class) => DEFAULT_CLASS.some((key) => metadata.annotations[key] === 'true');

function defaultsOf(named: readonly Class[]): Evidence[] {
  const defaults = named.filter(isDefault).map((it) => it.metadata.name);
  if (named.length === 0 || defaults.length === 1) return [];
  const names = (defaults.length === 0 ? named.map((it) => it.metadata.name) : defaults).join(', ');
  const words =
    defaults.length === 0
      ? `no StorageClass is the default; there are ${names}`
      : `${defaults.length} StorageClasses are the default: ${names}`;
  return [{ looks: 'class', object: 'StorageClasses', text: words, open: true }];
}
