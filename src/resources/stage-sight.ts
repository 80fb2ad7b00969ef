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
const NO_TYPE = /doesn't have a resource type|could not find the requested resource/;

const stageOf = `{.metadata.labels.${STAGE_LABEL.replaceAll('.', '\\.')}}`;

/**
 * One question for all stages: the receipts, which objects are there, and how many pods of all workloads are ready.
 * Objects as a table: the API sends no content then. Of types that a cluster may lack the errors come with the answer.
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
    if [ -n "$(types 1)" ]; then
      ${kubectl} get "$(types 1)" -A -l ${STAGE_LABEL} --no-headers --show-kind 2>&1 || echo failed
    fi
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
  const lost = custom.find((line) => NO_TYPE.test(line));
  const isFailed = custom.includes('failed');
  // What is there has its type before its name in one of the first two columns.
  const isError = (line: string) =>
    line !== 'failed' &&
    !line
      .trim()
      .split(/\s+/, 2)
      .some((word) => word.includes('/'));
  const error = isFailed && lost === undefined ? (custom.find(isError) ?? '') : undefined;
  return { receipts, builtIn, custom, rows, lost, isFailed, error };
}

/** Undefined: the API does not answer, or not with all that was asked. */
export function stagesOf(world: World): Stages | undefined {
  const parts = partsOf(world);
  if (!parts || parts.error !== undefined) return undefined;
  const { builtIn, custom, lost, isFailed } = parts;
  const there = new Set([...builtIn, ...custom].map(titleOfRow));
  const all = receiptsOf(parts.receipts);
  const workloads = parts.rows.map(workloadOf);
  const isAsked = ({ apiVersion }: StageObject, { digest }: StageReceipt) =>
    BUILT_IN.includes(groupOf(apiVersion)) || (!isFailed && digest !== UNFINISHED);
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
      const receipt = all.get(stage);
      return receipt?.objects.every((it) => isAsked(it, receipt)) ? undefined : lost?.replace(/^error: /, '');
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

/** Names of the types that only the receipt of one stage names, in a list of all. */
const TYPES_OF = `
NF == 3 { own = ($2 == "stage-" stage) }
NF == 4 && $2 == "CustomResourceDefinition" { if (own) mine[$4]; else others[$4] }
END { for (name in mine) if (!(name in others)) print name }`;

/**
 * What is there of the types that came with a stage, but for those that another one brings, too. Of types that are there
 * only: with one that is not, nothing is said of the others.
 */
export function instancesAsk(stage: string): Ask {
  const script = sh`
    set -e
    receipts=$(${listReceipts})
    names=$(printf '%s\n' "$receipts" | awk -v stage=${stage} ${TYPES_OF})
    if [ -n "$names" ]; then
      types=$(${kubectl} get customresourcedefinitions $names --ignore-not-found -o name)
      types=$(printf '%s\n' "$types" | sed 's|.*/||' | paste -sd , -)
      if [ -n "$types" ]; then ${kubectl} get "$types" -A --no-headers --show-kind; fi
    fi
  `;
  return { key: `kubeflow objects of ${stage}`, on: 'cluster', sh: script, timeoutS: 60 };
}

/** An object that no receipt names: users and controllers made it. */
export interface Instance {
  /** As kubectl takes it: `notebook.kubeflow.org` */
  readonly type: string;
  readonly name: string;
  /** `notebook.kubeflow.org kubeflow-anna/first` */
  readonly title: string;
}

/** Objects of a stage's types that are not ours. Undefined: the API does not say. */
export function instancesOf(world: World, stage: string): readonly Instance[] | undefined {
  const answer = world.answer('cluster', instancesAsk(stage).key);
  const stages = stagesOf(world);
  if (!stages || answer.kind !== 'bytes' || answer.status !== 0 || answer.cut) return undefined;
  const rows = withoutNoise(answer.text)
    .split('\n')
    .filter((row) => row.includes('/'));
  return rows.map(titleOfRow).flatMap((title) => {
    const [, namespace = '', type = '', name = ''] = /^(\S*) (\S+?)\/(\S+)$/.exec(title) ?? [];
    if (type === '' || stages.isOurs(title)) return [];
    return [{ type, name, title: `${type} ${namespace === '' ? '' : `${namespace}/`}${name}` }];
  });
}

/** `NAMESPACE kind.group/name …`; without a namespace what is in none. */
function titleOfRow(row: string): string {
  const [first = '', second = ''] = row.trim().split(/\s+/);
  return first.includes('/') ? ` ${first}` : `${first} ${second}`;
}
