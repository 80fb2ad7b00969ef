import * as z from 'zod';
import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { jsonOf, kubectl, withoutNoise } from './kube.ts';

/** A Cluster of CloudNativePG is healthy, with all its instances, and its databases are as they were asked for. */
export type PostgresClusterSpec = {
  readonly namespace: string;
  /** Name of the Cluster. */
  readonly cluster: string;
  readonly instances: number;
  /** Seconds until all of them must be ready, slow image pulls included. */
  readonly readyS: number;
  /** What to type to go on without data that is lost. */
  readonly anew: string;
};

export function postgresCluster({
  id,
  on,
  needs,
  ...spec
}: Placed & PostgresClusterSpec): Declared<PostgresClusterSpec> {
  return { kind: 'postgres-cluster', id, on, needs, spec };
}

export const postgresClusterKind: Kind<PostgresClusterSpec> = {
  kind: 'postgres-cluster',
  transient: true,
  asks: (it) => [ask(it)],
  judge,
};

/** What the operator says when all is well. facts: storage-and-databases sheet, 3.1 */
const HEALTHY = 'Cluster in healthy state';
/** Bus error: initdb touched a hugepage that its pod may not have. facts: storage-and-databases sheet, 5/19 */
const BUS_ERROR = '135';
/** What it says when the last claim is gone: its sources, 1.30 (cluster_create.go). */
const LOST = /no PersistentVolumeClaims/;

const RULE = '----';
const POD = [
  '{.metadata.name}',
  '{.status.phase}',
  '{.status.conditions[?(@.type=="Ready")].status}',
  '{.status.containerStatuses[*].state.terminated.exitCode}',
  '{.status.containerStatuses[*].state.waiting.reason}',
  '{.status.conditions[?(@.type=="PodScheduled")].message}',
  '{.metadata.labels.cnpg\\.io/podRole}',
];
const PODS = `jsonpath={range .items[*]}${POD.join('{"\\t"}')}{"\\n"}{end}`;

/** Errors come with the answer: only by their words a type that is not there differs from an API that is away. */
function ask({ spec: { namespace, cluster } }: Declared<PostgresClusterSpec>): Ask {
  const script = sh`
    ${kubectl} -n ${namespace} get clusters.postgresql.cnpg.io ${cluster} --ignore-not-found -o json 2>&1
    echo ${RULE}
    ${kubectl} -n ${namespace} get databases.postgresql.cnpg.io -o json 2>&1
    echo ${RULE}
    ${kubectl} -n ${namespace} get pods -l ${`cnpg.io/cluster=${cluster}`} -o ${PODS}
  `;
  return { key: `postgres ${namespace}/${cluster}`, on: 'cluster', sh: script, timeoutS: 30 };
}

const text = z.string();
const clusterShape = z.object({
  spec: z.object({ instances: z.number().optional() }).optional(),
  status: z
    .object({
      phase: text.optional(),
      phaseReason: text.optional(),
      instances: z.number().optional(),
      readyInstances: z.number().optional(),
      currentPrimary: text.optional(),
    })
    .optional(),
});
const databases = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: text }),
      status: z.object({ applied: z.boolean().optional(), message: text.optional() }).optional(),
    }),
  ),
});

function judge(it: Declared<PostgresClusterSpec>, world: World): Verdict {
  const { namespace, cluster, instances, readyS } = it.spec;
  const settling = (because: string): Verdict => ({ verdict: 'settling', because, deadlineS: readyS });
  if (world.identity === undefined) return settling('there is no cluster yet');
  return judged(it, world, [ask(it)], (answer) => {
    const [first = '', second = '', third = ''] = withoutNoise(answer.text).split(new RegExp(`^${RULE}\\n`, 'm'));
    if (answer.status !== 0) return settling(`the API on ${world.lead} does not answer`);
    const title = `Cluster ${namespace}/${cluster}`;
    if (first.trim() === '' || /doesn't have a resource type/.test(first)) return settling(`there is no ${title}`);
    const { spec, status } = jsonOf(first, clusterShape) ?? {};
    if (LOST.test(status?.phaseReason ?? '')) return lost(it, title);
    const pods = podsOf(third);
    const { phase = 'not looked at by the operator yet', readyInstances = 0, currentPrimary } = status ?? {};
    // What the operator said last stands there while it is away itself.
    const ready = Math.min(readyInstances, pods.filter(({ isReady }) => isReady).length);
    if (phase !== HEALTHY || ready < instances) {
      const dead = pods.find(({ exits }) => exits.includes(BUS_ERROR));
      if (dead) return busError(it, dead.name);
      const why = [status?.phaseReason ?? '', ...pods.map(troubleOf)].filter((text) => text !== '').join('; ');
      return settling(`${title}: ${phase}, ${ready} of ${instances} ready${why === '' ? '' : ` (${why})`}`);
    }
    const open = jsonOf(second, databases)?.items.find((one) => one.status?.applied !== true);
    if (open)
      return settling(`Database ${open.metadata.name}: ${open.status?.message ?? 'not made by the operator yet'}`);
    const there = Math.max(status?.instances ?? 0, pods.filter(({ isInstance }) => isInstance).length);
    const wanted = spec?.instances ?? instances;
    const many = `${there} instances, and ${instances} ${instances === 1 ? 'is' : 'are'} asked for${goes(it, pods, currentPrimary)}`;
    if (there > wanted) return settling(`${title}: ${many}`);
    const because = `${ready} of ${wanted} instances ready, ${currentPrimary} is the primary`;
    return { verdict: 'ok', because, shown: true, ...(there > instances ? { warning: many } : {}) };
  });
}

/** Of those that are too many the operator takes the ones with the highest numbers, and never the primary. */
function goes({ spec }: Declared<PostgresClusterSpec>, pods: readonly Pod[], primary: string | undefined): string {
  const all = pods.filter(({ isInstance }) => isInstance);
  const number = (name: string) => Number(name.slice(name.lastIndexOf('-') + 1));
  const names = all.map(({ name }) => name).filter((name) => name !== primary);
  const last = names.sort((a, b) => number(b) - number(a)).slice(0, Math.max(0, all.length - spec.instances));
  if (last.length === 0) return '';
  // An instance and its claim are called the same.
  const claims = last.map((name) => `${spec.namespace}/${name}`).join(', ');
  const lost = last.length === 1 ? `claim ${claims} and the copy in it` : `claims ${claims} and the copies in them`;
  return `: the operator removes ${last.join(', ')}, with the ${lost}`;
}

interface Pod {
  readonly name: string;
  readonly isInstance: boolean;
  readonly isReady: boolean;
  readonly isFine: boolean;
  readonly exits: readonly string[];
  readonly trouble: string;
}

function podsOf(rows: string): Pod[] {
  return rows.split('\n').flatMap((row) => {
    const [name = '', phase = '', ready = '', exits = '', waiting = '', scheduling = '', role] = row.split('\t');
    if (name === '') return [];
    const isReady = ready === 'True';
    const isFine = isReady || phase === 'Succeeded';
    const isInstance = role === 'instance';
    return [{ name, isInstance, isReady, isFine, exits: exits.split(' '), trouble: waiting || scheduling || phase }];
  });
}

function troubleOf({ name, isFine, trouble }: Pod): string {
  return isFine ? '' : `pod ${name}: ${trouble}`;
}

function lost({ id, spec: { anew } }: Declared<PostgresClusterSpec>, title: string): Verdict {
  return refused(
    id,
    `${title} had instances, and none of their claims is there any more`,
    'somebody deleted them, or a machine went with its volume; the operator makes no empty database in the place of one that held data',
    'look for a dump or a copy of its volume first',
    anew,
  );
}

function busError({ id, spec: { namespace } }: Declared<PostgresClusterSpec>, pod: string): Verdict {
  return refused(
    id,
    `pod ${namespace}/${pod} died of a Bus error (exit code ${BUS_ERROR})`,
    'its machine keeps hugepages that the cluster file does not speak of, and the pod may have none of them',
    `see on which machine it was: microk8s kubectl -n ${namespace} get pods -o wide`,
    'there: sudo sysctl -w vm.nr_hugepages=0, take the line out of /etc/sysctl.d, and sudo snap restart microk8s.daemon-kubelite',
    'or keep other pods off that machine with a taint in the cluster file',
  );
}
