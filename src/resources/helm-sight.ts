import { posix } from 'node:path';
import * as z from 'zod';
import type { Ask, World } from '../engine/types.ts';
import { MACHINE_STATE } from '../shell/job.ts';
import { type Script, sh } from '../shell/script.ts';
import { jsonOf, kubectl } from './kube.ts';

/** Helm on a control plane. It has no deadline of its own for a request: every call stands in an ask or a move. */
export const helm: Script = sh`microk8s helm3`;

/**
 * Label of a release of ours, on the secret that Helm keeps it in: digest of chart, version and values, and the revision
 * that it was written for. An upgrade by hand keeps the labels of the revision before.
 */
export const DIGEST_LABEL = 'mlk8s.io/digest';

/**
 * Label beside it: how many workloads, Services and ConfigMaps the release brought, and the revision that they were
 * counted for: `2-1-3.5`. Helm itself does not look whether they are still there. A Deployment or StatefulSet of no
 * replicas is not counted.
 */
export const BROUGHT_LABEL = 'mlk8s.io/brought';

/** What earlier versions of mlk8s wrote in its place: workloads only, those of no replicas too. */
const WORKLOADS_LABEL = 'mlk8s.io/workloads';

/** What is printed of an object; tabs, because most fields may be missing. `owner`: path of what says whose it is. */
const fieldsOf = (owner: string) => [
  '{.kind}',
  '{.metadata.namespace}',
  '{.metadata.name}',
  owner,
  '{.metadata.generation}',
  '{.status.observedGeneration}',
  '{.spec.replicas}',
  '{.status.desiredNumberScheduled}',
  '{.status.readyReplicas}',
  '{.status.numberReady}',
  '{.status.updatedReplicas}',
];
const RELEASE =
  '{.metadata.annotations.meta\\.helm\\.sh/release-namespace}/{.metadata.annotations.meta\\.helm\\.sh/release-name}';
const POD = [
  '{.metadata.namespace}',
  '{.metadata.name}',
  '{.status.phase}',
  '{.status.conditions[?(@.type=="Ready")].status}',
  '{.status.conditions[?(@.type=="PodScheduled")].message}',
  '{.status.initContainerStatuses[*].state.waiting.reason}',
  '{.status.containerStatuses[*].state.waiting.reason}',
  '{.status.containerStatuses[*].state.waiting.message}',
];
const rows = (fields: readonly string[]) => `jsonpath={range .items[*]}${fields.join('{"\\t"}')}{"\\n"}{end}`;

/**
 * Objects of these types; the fourth column is what `owner` says, the seventh how many replicas are wanted. Workloads are
 * read by `workloadOf`. `which`: words that select some of them.
 */
export function listOf(types: string, owner: string, ...which: readonly string[]): Script {
  return sh`${kubectl} get ${types} -A ${which} -o ${rows(fieldsOf(owner))}`;
}

export const WORKLOADS = 'deployments,daemonsets,statefulsets';

/** Every workload, Service and ConfigMap that Helm brought; the fourth column is namespace and name of its release. */
export const listBrought: Script = listOf(
  `${WORKLOADS},services,configmaps`,
  RELEASE,
  '-l',
  'app.kubernetes.io/managed-by=Helm',
);

/** Stands between the parts of the answer. */
const RULE = '----';

/**
 * One question for all releases, what they brought, and pods. Labels of the secrets, not what is in them: as a table the API
 * sends no content, and `helm list` would fetch and unpack every revision. Only who has no label of ours is looked up
 * there, for the name of its chart. Jobs without an end: one of them may be the helm that a pending release waits for.
 */
export const helmAsk: Ask = {
  key: 'helm releases',
  on: 'cluster',
  sh: sh`
    set -e
    releases=$(${kubectl} get secrets -A -l ${'owner=helm,status!=superseded'} --show-labels --no-headers)
    printf '%s\n' "$releases" ${RULE}
    ${listBrought}
    echo ${RULE}
    ${kubectl} get pods -A -o ${rows(POD)}
    echo ${RULE}
    for job in ${{ bash: `${MACHINE_STATE}/jobs/*` }}; do [ ! -d "$job" ] || [ -e "$job/exit" ] || echo "$job"; done
    echo ${RULE}
    if printf '%s\n' "$releases" | grep -v ${`${DIGEST_LABEL}=`} | grep -q owner=helm; then ${helm} list -A -a -m 0 -o json; fi
  `,
  timeoutS: 60,
};

/** One revision of a release. */
export interface Revision {
  readonly number: number;
  /** Helm's word: deployed, failed, pending-install, pending-upgrade, pending-rollback, uninstalling, uninstalled. */
  readonly status: string;
  /** Undefined: nobody labelled it, so it is not ours. */
  readonly digest: string | undefined;
  /** The revision that the label was written for; another one means that somebody went on from ours. */
  readonly labelledFor: number;
  /** What it brought; undefined when nobody counted that for this revision. */
  readonly counted: Counted | undefined;
}

/** How many there were right behind Helm. */
export interface Counted {
  readonly workloads: number;
  /** Undefined both: an earlier version of mlk8s counted workloads only, those of no replicas too. */
  readonly services?: number;
  readonly configMaps?: number;
}

/** A workload, Service or ConfigMap that Helm brought. */
export interface Brought {
  readonly kind: string;
  /** `Deployment openebs/openebs-localpv-provisioner` */
  readonly title: string;
  readonly namespace: string;
  readonly name: string;
  /** Whose it is: namespace and name of its release, or the name of its stage; empty: neither's. */
  readonly owner: string;
}

/** A Deployment, DaemonSet or StatefulSet. */
export interface Workload extends Brought {
  readonly ready: number;
  readonly wanted: number;
  readonly isReady: boolean;
  /** It is to have no replicas. */
  readonly isOff: boolean;
}

/** A pod, and what is the matter with it. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  /** Why it is not ready; empty when it is, or has ended well. */
  readonly trouble: string;
}

/** All that one question tells of the releases of a cluster. */
export interface Sight {
  /** Revisions that count, the newest first. */
  revisions(namespace: string, release: string): readonly Revision[];
  /** Chart and version of a release that is not ours, as Helm writes them: `openebs-4.4.0`. */
  foreignChart(namespace: string, release: string): string | undefined;
  workloads(namespace: string, release: string): readonly Workload[];
  services(namespace: string, release: string): readonly Brought[];
  configMaps(namespace: string, release: string): readonly Brought[];
  /** Pods of a workload that are not ready. */
  troubles(workload: Pick<Workload, 'namespace' | 'name'>): readonly Pod[];
  /** Names of jobs on the lead that have not ended. */
  readonly jobs: readonly string[];
}

const listed = z.array(z.object({ name: z.string(), namespace: z.string(), chart: z.string() }));

/** Undefined: the API does not answer, or not with all that was asked. */
export function sightOf(world: World): Sight | undefined {
  const answer = world.answer('cluster', helmAsk.key);
  if (answer.kind !== 'bytes' || answer.status !== 0 || answer.cut) return undefined;
  const parts = answer.text.split(new RegExp(`^${RULE}\\n`, 'm'));
  const [secrets, objects, pods, jobs, list] = parts.map((part) => part.split('\n').filter((line) => line !== ''));
  if (!secrets || !objects || !pods || !jobs || !list) return undefined;
  const foreign = jsonOf(list.join('\n') || '[]', listed);
  const releases = secrets.map(releaseOf);
  const brought = objects.map(broughtOf);
  const those = (kind: string) => (namespace: string, release: string) =>
    brought.filter((it) => it.kind === kind && it.owner === `${namespace}/${release}`);
  const unready = pods.map(podOf).filter((pod) => pod.trouble !== '');
  return {
    revisions: (namespace, release) =>
      releases.filter((it) => it.at === `${namespace}/${release}`).sort((a, b) => b.number - a.number),
    foreignChart: (namespace, release) =>
      foreign?.find((it) => it.name === release && it.namespace === namespace)?.chart,
    workloads: (namespace, release) =>
      brought.filter(isWorkload).filter((it) => it.owner === `${namespace}/${release}`),
    services: those('Service'),
    configMaps: those('ConfigMap'),
    troubles: ({ namespace, name }) =>
      unready.filter((pod) => pod.namespace === namespace && pod.name.startsWith(`${name}-`)),
    jobs: jobs.map((path) => posix.basename(path)),
  };
}

function releaseOf(row: string): Revision & { readonly at: string } {
  const columns = row.trim().split(/\s+/);
  const labels = new Map(
    columns
      .at(-1)
      ?.split(',')
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  const [digest, revision] = labels.get(DIGEST_LABEL)?.split('.') ?? [];
  const ofThis = (label: string) => {
    const [counts = '', countedFor] = labels.get(label)?.split('.') ?? [];
    return countedFor === labels.get('version') ? counts.split('-').map(Number) : [];
  };
  const [workloads = ofThis(WORKLOADS_LABEL)[0], services, configMaps] = ofThis(BROUGHT_LABEL);
  return {
    at: `${columns[0]}/${labels.get('name')}`,
    number: Number(labels.get('version') ?? 0),
    status: labels.get('status') ?? '',
    digest,
    labelledFor: Number(revision ?? 0),
    counted:
      workloads === undefined
        ? undefined
        : { workloads, ...(services === undefined || configMaps === undefined ? {} : { services, configMaps }) },
  };
}

function broughtOf(row: string): Brought | Workload {
  const [kind = '', namespace = '', name = '', owner = ''] = row.split('\t');
  const isPlain = kind === 'Service' || kind === 'ConfigMap';
  return isPlain ? { kind, title: `${kind} ${namespace}/${name}`, namespace, name, owner } : workloadOf(row);
}

const isWorkload = (it: Brought | Workload): it is Workload => 'isReady' in it;

/** A row of `listOf` those types. */
export function workloadOf(row: string): Workload {
  const [kind = '', namespace = '', name = '', owner = '', generation, observed = '0', replicas, ...counts] =
    row.split('\t');
  const [scheduled, readyReplicas, numberReady, updated] = counts.map(Number);
  const isDaemon = kind === 'DaemonSet';
  const wanted = (isDaemon ? scheduled : Number(replicas)) ?? 0;
  const ready = (isDaemon ? numberReady : readyReplicas) ?? 0;
  // Old pods of a Deployment are ready too while new ones come. The others may be told to keep their old pods.
  const isOld = kind === 'Deployment' && (updated ?? 0) < wanted;
  const isSeen = Number(observed) >= Number(generation);
  const isReady = isSeen && !isOld && ready >= wanted;
  const title = `${kind} ${namespace}/${name}`;
  return { kind, title, namespace, name, owner, ready, wanted, isReady, isOff: !isDaemon && wanted === 0 };
}

function podOf(row: string): Pod {
  const [namespace = '', name = '', phase = '', ready = '', ...rest] = row.split('\t');
  const [scheduling = '', init = '', waiting = '', message = ''] = rest;
  const isFine = ready === 'True' || phase === 'Succeeded';
  const reasons = [...new Set(`${init} ${waiting}`.split(' ').filter((word) => word !== ''))].join(', ');
  const words = [reasons || (scheduling === '' ? `${phase}, not ready` : phase), message || scheduling];
  return { namespace, name, trouble: isFine ? '' : words.filter((word) => word !== '').join(': ') };
}
