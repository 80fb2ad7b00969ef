import type { Ask, Verdict, World } from '../engine/types.ts';
import { STAGE_LABEL } from '../kubeflow/overlay.ts';
import { sh } from '../shell/script.ts';
import { listOf, WORKLOADS, type Workload, workloadOf } from './helm-sight.ts';
import { kubectl, withoutNoise } from './kube.ts';
import { unseen } from './manifest.ts';
import { listReceipts, UNFINISHED } from './stage-receipt.ts';

/** Stands between the parts of the answer. */
const RULE = '----';

/** Groups of types that every cluster has; a type of another one is gone when its definition was deleted. */
const BUILT_IN = [
  '',
  'apps',
  'batch',
  'autoscaling',
  'policy',
  'rbac.authorization.k8s.io',
  'networking.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
];

/**
 * Types of the objects in receipts as kubectl takes them, with commas between: built-in ones, or all others. Those may
 * not be there while a stage is not applied to its end.
 */
const TYPES = `
NF == 3 { skip = custom && $3 == "${UNFINISHED}" }
NF == 4 && !skip {
  group = index($1, "/") ? substr($1, 1, index($1, "/") - 1) : ""
  if ((index(builtin, "," group ",") == 0) == custom && !seen[$2 "." group]++) {
    list = list (list == "" ? "" : ",") $2 (group == "" ? "" : "." group)
  }
}
END { print list }`;

/** What kubectl says of a type that is not there, and of one that it remembers from before. */
const NO_TYPE = "doesn't have a resource type|could not find the requested resource";

const stageOf = `{.metadata.labels.${STAGE_LABEL.replaceAll('.', '\\.')}}`;

/**
 * One question for all stages: the receipts, which objects are there, and how many pods of all workloads are ready.
 * Objects as a table: the API sends no content then. Of types that a cluster may lack the errors come with the answer;
 * where one is not there, each is asked for by itself.
 */
export const stagesAsk: Ask = {
  key: 'kubeflow stages',
  on: 'cluster',
  sh: sh`
    set -e
    receipts=$(${listReceipts})
    types() { printf '%s\n' "$receipts" | awk -v builtin=${`,${BUILT_IN.join(',')},`} -v custom="$1" ${TYPES}; }
    printf '%s\n' "$receipts" ${RULE}
    if [ -n "$(types 0)" ]; then ${kubectl} get "$(types 0)" -A -l ${STAGE_LABEL} --no-headers --show-kind; fi
    echo ${RULE}
    ask() { ${kubectl} get "$1" -A -l ${STAGE_LABEL} --no-headers --show-kind 2>&1; }
    custom=$(types 1)
    if [ -z "$custom" ]; then :
    elif said=$(ask "$custom"); then printf '%s\n' "$said"
    elif printf '%s\n' "$said" | grep -qE ${NO_TYPE}; then
      for type in $(printf %s "$custom" | tr , ' '); do ask "$type" || echo "failed $type"; done
    else printf '%s\n' "$said" failed; fi
    echo ${RULE}
    ${listOf(WORKLOADS, stageOf)}
  `,
  timeoutS: 90,
};

/** An object of a receipt. */
export interface StageObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for one that is in no namespace. */
  readonly namespace: string;
  readonly name: string;
}

/** `Deployment auth/dex` */
export function titleOf({ kind, namespace, name }: StageObject): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}

/** What was applied as a stage. */
export interface StageReceipt {
  readonly digest: string;
  /** In the order in which they were applied. */
  readonly objects: readonly StageObject[];
}

export interface Stages {
  /** Undefined: it was never applied to its end. */
  receipt(stage: string): StageReceipt | undefined;
  /** Objects of the receipt that are not there; those of types that cannot be asked for do not count. */
  missing(stage: string): readonly StageObject[];
  /** Why not all objects of the receipt could be asked for; undefined: they could. */
  unasked(stage: string): string | undefined;
  workloads(stage: string): readonly Workload[];
  /** Workloads of these, as `namespace/name`, that no stage brought. */
  foreign(names: readonly string[]): readonly Workload[];
  /** Objects of the receipt that another stage's names, too: they moved there. */
  elsewhere(stage: string): readonly StageObject[];
  /** Whether a receipt names an object, by its row in a table. */
  isOurs(row: string): boolean;
}

/** The parts of the answer, by lines. Undefined: the API does not answer. */
function partsOf(world: World) {
  const answer = world.answer('cluster', stagesAsk.key);
  if (answer.kind !== 'bytes' || answer.status !== 0 || answer.cut) return undefined;
  const parts = answer.text.split(new RegExp(`^${RULE}\\n`, 'm'));
  const [receipts, builtIn, mixed, rows] = parts.map((part) => part.split('\n').filter((line) => line !== ''));
  if (!receipts || !builtIn || !mixed || !rows) return undefined;
  const custom = withoutNoise(mixed.join('\n')).split('\n');
  // What is there has its type before its name in one of the first two columns.
  const isError = (line: string) =>
    line !== 'failed' &&
    !line
      .trim()
      .split(/\s+/, 2)
      .some((word) => word.includes('/'));
  const whole = custom.includes('failed') ? [custom.find(isError) ?? ''] : [];
  const failed = custom.flatMap((line, i) =>
    line.startsWith('failed ') ? [[line.slice(7), custom[i - 1] ?? '']] : [],
  );
  const noType = new RegExp(NO_TYPE);
  /** Why a type, `Gateway.networking.istio.io`, cannot be asked for. */
  const lost = new Map(failed.filter(([, why = '']) => noType.test(why)) as [string, string][]);
  const [error] = [...whole, ...failed.flatMap(([type = '', why = '']) => (lost.has(type) ? [] : [why]))];
  return { receipts, builtIn, custom, rows, lost, error };
}

/** Undefined: the API does not answer, or not with all that was asked. */
export function stagesOf(world: World): Stages | undefined {
  const parts = partsOf(world);
  if (!parts || parts.error !== undefined) return undefined;
  const { builtIn, custom, lost } = parts;
  const there = new Set([...builtIn, ...custom].map(titleOfRow));
  const all = receiptsOf(parts.receipts);
  const workloads = parts.rows.map(workloadOf);
  const typeOf = ({ apiVersion, kind }: StageObject) => `${kind}.${groupOf(apiVersion)}`;
  const isAsked = (it: StageObject, { digest }: StageReceipt) =>
    BUILT_IN.includes(groupOf(it.apiVersion)) || (!lost.has(typeOf(it)) && digest !== UNFINISHED);
  // kustomize puts a type that it does not know into a namespace, the API takes it out again where there is none.
  const isThere = (it: StageObject) => there.has(key(it)) || there.has(key({ ...it, namespace: '' }));
  const named = [...all.values()].flatMap(({ objects }) => objects);
  const ours = new Set(named.flatMap((it) => [key(it), key({ ...it, namespace: '' })]));
  return {
    receipt: (stage) => all.get(stage),
    missing: (stage) => {
      const receipt = all.get(stage);
      return receipt?.objects.filter((it) => isAsked(it, receipt) && !isThere(it)) ?? [];
    },
    unasked: (stage) => {
      const types = all.get(stage)?.objects.map(typeOf) ?? [];
      return lost.get(types.find((type) => lost.has(type)) ?? '')?.replace(/^error: /, '');
    },
    workloads: (stage) => workloads.filter((it) => it.owner === stage),
    foreign: (names) => workloads.filter((it) => it.owner === '' && names.includes(`${it.namespace}/${it.name}`)),
    isOurs: (row) => ours.has(row),
    elsewhere: (stage) => {
      const others = new Set([...all].flatMap(([name, { objects }]) => (name === stage ? [] : objects.map(key))));
      return all.get(stage)?.objects.filter((it) => others.has(key(it))) ?? [];
    },
  };
}

/** Why `stagesOf` says nothing. */
export function unseenStages(world: World): Verdict {
  return unseen(world, partsOf(world)?.error);
}

function receiptsOf(lines: readonly string[]): ReadonlyMap<string, StageReceipt> {
  const found = new Map<string, { digest: string; objects: StageObject[] }>();
  let last: StageObject[] = [];
  for (const line of lines) {
    const [first = '', second = '', third = '', fourth] = line.split(' ');
    if (first === 'stage' && fourth === undefined) {
      last = [];
      found.set(second.replace(/^stage-/, ''), { digest: third, objects: last });
    } else if (fourth !== undefined) {
      last.push({ apiVersion: first, kind: second, namespace: third === '-' ? '' : third, name: fourth });
    }
  }
  return found;
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

/** As kubectl begins the row of a table in which there are several types. */
function key({ apiVersion, kind, namespace, name }: StageObject): string {
  const group = groupOf(apiVersion);
  return `${namespace} ${kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${name}`;
}

/** `NAMESPACE kind.group/name …`; without a namespace what is in none. */
export function titleOfRow(row: string): string {
  const [first = '', second = ''] = row.trim().split(/\s+/);
  return first.includes('/') ? ` ${first}` : `${first} ${second}`;
}
