import type { KubeObject } from '../state.ts';
import { barePodStatus } from './bare-pods.ts';
import { mebibytes } from './mayastor.ts';
import { isJson, type Json } from './merge.ts';
import { isReady } from './nodes.ts';
import { type PodSpec, rollout } from './pods.ts';
import { clusterOf, type Site } from './site.ts';
import { KubeStore, type Manifest, notesOf, stamp } from './store.ts';
import { View } from './view.ts';

/**
 * CloudNativePG as its chart brings it (sheet storage-and-databases 3.1): what it makes of a Cluster and a Database. What
 * goes when a Cluster is made smaller or loses its claims: its sources, 1.30 (cluster_scale.go, cluster_create.go). Times (i).
 */

const GROUP = 'postgresql.cnpg.io/';
const OPERATOR = { namespace: 'cnpg-system', name: 'cnpg-cloudnative-pg' };
const HUGE = 'hugepages-2Mi';
/** Seconds until an instance is ready: its image is large. */
const READY_S = 40;
/** Seconds until one that is too many has ended. */
const ENDS_S = 10;
/** As it says that in 1.30 when the last claim is gone. */
const LOST = {
  phase: 'Cluster is unrecoverable and needs manual intervention',
  phaseReason:
    'One or more instances were previously created, but no PersistentVolumeClaims (PVCs) exist. The cluster is in an unrecoverable state. To resolve this, restore the cluster from a recent backup.',
};

interface ClusterSpec {
  instances?: number;
  imageName?: string;
  storage?: { size?: string; storageClass?: string };
  resources?: { limits?: Record<string, string> };
  affinity?: {
    nodeAffinity?: {
      requiredDuringSchedulingIgnoredDuringExecution?: {
        nodeSelectorTerms?: { matchExpressions?: { key: string; operator: string; values?: string[] }[] }[];
      };
    };
  };
}

const isOf = (kind: string) => (object: KubeObject) => object.kind === kind && object.apiVersion.startsWith(GROUP);
const specOf = (cluster: KubeObject): ClusterSpec => (cluster.spec ?? {}) as ClusterSpec;

/** Lets the operator do what it did since the last look. */
export function servePostgres(site: Site): void {
  const cluster = clusterOf(site.rig, site.world);
  const all = Object.values(cluster?.objects ?? {});
  const asked = all.filter(isOf('Cluster'));
  if (!cluster || asked.length === 0) return;
  const view = new View(new KubeStore(cluster, site), site.world, site.now());
  const operator = view.store.find(view.store.kind('deployments'), OPERATOR.namespace, OPERATOR.name);
  if (!operator || rollout(view, operator).ready === 0) return;
  for (const one of asked) {
    const status = reconcile(view, one);
    view.store.replace({ ...one, status });
    const isHealthy = status.phase === 'Cluster in healthy state';
    for (const database of all.filter(isOf('Database'))) if (isHealthy) applied(view, database, one);
  }
}

function applied(view: View, database: KubeObject, cluster: KubeObject): void {
  const { cluster: of } = (database.spec ?? {}) as { cluster?: { name?: string } };
  const { name, namespace } = cluster.metadata;
  if (of?.name !== name || database.metadata.namespace !== namespace) return;
  view.store.replace({ ...database, status: { applied: true, observedGeneration: database.metadata.generation } });
}

/** One instance after the other: its volume, for the first one an initdb, its pod. Says how far it is. */
function reconcile(view: View, cluster: KubeObject): Json {
  const { instances = 1 } = specOf(cluster);
  services(view.store, cluster);
  const { names, latest } = instancesOf(view, cluster);
  if (names.length === 0) return { ...LOST, instances: 0, readyInstances: 0, latestGeneratedNode: latest };
  let made = 0;
  for (const [i, name] of names.entries()) {
    if (!brought(view, cluster, name, i)) break;
    made += 1;
    if (!isUp(view, cluster, name)) break;
  }
  const ready = names.filter((name) => isUp(view, cluster, name));
  const before = (cluster.status ?? {}) as { currentPrimary?: string; phase?: string };
  const kept = before.currentPrimary ?? '';
  const primary = ready.includes(kept) ? kept : (ready[0] ?? before.currentPrimary);
  for (const name of names) labelled(view, cluster, name, primary);
  const waits = made > 1 ? 'Creating a new replica' : 'Setting up primary';
  const was = before.currentPrimary === undefined ? waits : 'Waiting for the instances to become active';
  const phase = ready.length >= instances ? 'Cluster in healthy state' : made < instances ? waits : was;
  if (ready.length > instances) endOne(view, cluster, ready, primary);
  const counted = { instances: names.length, readyInstances: ready.length, latestGeneratedNode: latest };
  return { phase, ...counted, ...(primary ? { currentPrimary: primary } : {}) };
}

/**
 * Those that have a claim, by their numbers, and new ones up to what is asked for: no number is used twice. None: there
 * were some, and no claim is left. A claim ends with the pod that has it, so a pod without one ends, too.
 */
function instancesOf({ store, now }: View, cluster: KubeObject): { names: string[]; latest: number } {
  const { name, namespace = '' } = cluster.metadata;
  const { instances = 1 } = specOf(cluster);
  const isOurs = ({ metadata }: KubeObject) =>
    metadata.namespace === namespace && metadata.labels?.['cnpg.io/cluster'] === name;
  const claims = store.list(store.kind('pvc')).filter(isOurs);
  for (const pod of store.list(store.kind('pods')).filter(isOurs)) {
    const its = pod.metadata.labels?.['cnpg.io/instanceName'] ?? '';
    const claim = claims.find(({ metadata }) => metadata.name === its);
    const ends = pod.metadata.deletionTimestamp;
    const isOver = ends !== undefined && now >= Date.parse(String(ends)) + ENDS_S * 1000;
    if (claim && isOver) store.remove(claim);
    if (!claim || isOver) store.remove(pod);
  }
  const serial = (its: string) => Number(its.slice(name.length + 1));
  const left = store.list(store.kind('pvc')).filter(isOurs);
  const names = left.map(({ metadata }) => metadata.name).sort((a, b) => serial(a) - serial(b));
  const { latestGeneratedNode = 0 } = (cluster.status ?? {}) as { latestGeneratedNode?: number };
  const latest = Math.max(latestGeneratedNode, ...names.map(serial));
  if (names.length === 0 && latest > 0) return { names, latest };
  const lacking = Array.from({ length: Math.max(0, instances - names.length) }, (_, i) => `${name}-${latest + i + 1}`);
  return { names: [...names, ...lacking], latest };
}

/** Of those that are too many, the last one that is not the primary goes, with its claim. One at a time. */
function endOne(
  { store, now }: View,
  cluster: KubeObject,
  ready: readonly string[],
  primary: string | undefined,
): void {
  const pods = ready.flatMap((name) => store.find(store.kind('pods'), cluster.metadata.namespace ?? '', name) ?? []);
  if (pods.some(({ metadata }) => metadata.deletionTimestamp !== undefined)) return;
  const last = pods.findLast(({ metadata }) => metadata.name !== primary);
  if (last) store.replace({ ...last, metadata: { ...last.metadata, deletionTimestamp: stamp(now) } });
}

/** The pod of an instance is there. Before the first one an initdb has to end well. */
function brought(view: View, cluster: KubeObject, name: string, i: number): boolean {
  const { store } = view;
  const { namespace = '' } = cluster.metadata;
  const pods = store.kind('pods');
  if (store.find(pods, namespace, name)) return true;
  const { storage = {}, imageName = '', resources = {} } = specOf(cluster);
  const labels = { 'cnpg.io/cluster': cluster.metadata.name, 'cnpg.io/instanceName': name };
  const hadVolume = store.find(store.kind('pvc'), namespace, name) !== undefined;
  const initdb = store.find(pods, namespace, `${name}-initdb`);
  const nodes = view.nodes().filter((node) => isReady(node) && isAllowed(node, cluster));
  // In the place of the scheduler, which keeps instances apart.
  const node = nodes[i % Math.max(1, nodes.length)]?.metadata.name ?? 'none';
  const spec = (more: Json): Json => ({
    nodeSelector: { 'kubernetes.io/hostname': node },
    volumes: [{ name: 'pgdata', persistentVolumeClaim: { claimName: name } }],
    ...more,
  });
  const make = (kind: string, its: string, of: Json, more: Record<string, string> = {}) =>
    store.create(owned(cluster, kind, its, { ...labels, ...more }, of));
  if (!hadVolume) {
    const requests = { storage: storage.size ?? '1Gi' };
    const { storageClass } = storage;
    const ofClass = storageClass === undefined ? {} : { storageClassName: storageClass };
    make('PersistentVolumeClaim', name, { accessModes: ['ReadWriteOnce'], resources: { requests }, ...ofClass });
  }
  if (i === 0 && !hadVolume) {
    const containers = [{ name: 'initdb', image: imageName, resources }];
    make('Pod', `${name}-initdb`, spec({ restartPolicy: 'Never', containers }), { 'cnpg.io/jobRole': 'initdb' });
    return false;
  }
  if (initdb) {
    if ((barePodStatus(view, initdb) as { phase?: string }).phase !== 'Succeeded') return false;
    store.remove(initdb);
  }
  const pod = make('Pod', name, spec({ containers: [{ name: 'postgres', image: imageName, resources }] }), {
    'cnpg.io/podRole': 'instance',
  });
  notesOf(pod).readyAfterS = READY_S;
  return true;
}

/** Only what mlk8s writes: a label that must not have one of these values. */
function isAllowed(node: KubeObject, cluster: KubeObject): boolean {
  const terms = specOf(cluster).affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const all = (terms?.nodeSelectorTerms ?? []).flatMap(({ matchExpressions = [] }) => matchExpressions);
  const taints = ((node.spec ?? {}) as { taints?: { effect: string }[] }).taints ?? [];
  if (taints.some(({ effect }) => effect !== 'PreferNoSchedule')) return false;
  return all.every(({ key, operator, values = [] }) => {
    return operator !== 'NotIn' || !values.includes(node.metadata.labels?.[key] ?? '');
  });
}

/** An initdb on a machine with hugepages, of which it may have none, dies of a Bus error (5/19). */
export function busError(view: View, pod: KubeObject): boolean {
  if (pod.metadata.labels?.['cnpg.io/jobRole'] !== 'initdb') return false;
  const [node] = rollout(view, pod).nodes;
  const { allocatable = {} } = (node?.status ?? {}) as { allocatable?: Record<string, string> };
  const limits = ((pod.spec ?? {}) as PodSpec).containers?.[0]?.resources?.limits ?? {};
  return mebibytes(allocatable[HUGE]) > 0 && mebibytes(limits[HUGE]) === 0;
}

function isUp(view: View, cluster: KubeObject, name: string): boolean {
  const pod = view.store.find(view.store.kind('pods'), cluster.metadata.namespace ?? '', name);
  return pod !== undefined && rollout(view, pod).ready > 0;
}

function labelled({ store }: View, cluster: KubeObject, name: string, primary: string | undefined): void {
  const pod = store.find(store.kind('pods'), cluster.metadata.namespace ?? '', name);
  const role = name === primary ? 'primary' : 'replica';
  if (!pod || pod.metadata.labels?.['cnpg.io/instanceRole'] === role) return;
  store.replace({
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, 'cnpg.io/instanceRole': role } },
  });
}

function services(store: KubeStore, cluster: KubeObject): void {
  const { name, namespace = '' } = cluster.metadata;
  const roles = { rw: { 'cnpg.io/instanceRole': 'primary' }, ro: { 'cnpg.io/instanceRole': 'replica' }, r: {} };
  for (const [suffix, role] of Object.entries(roles)) {
    if (store.find(store.kind('services'), namespace, `${name}-${suffix}`)) continue;
    const selector = { 'cnpg.io/cluster': name, 'cnpg.io/podRole': 'instance', ...role };
    const spec = { ports: [{ name: 'postgres', port: 5432, targetPort: 5432 }], selector };
    store.create(owned(cluster, 'Service', `${name}-${suffix}`, { 'cnpg.io/cluster': name }, spec));
  }
}

function owned(cluster: KubeObject, kind: string, name: string, labels: Record<string, string>, spec: Json): Manifest {
  const { apiVersion, kind: owner, metadata } = cluster;
  const ownerReferences = [{ apiVersion, kind: owner, name: metadata.name, uid: metadata.uid, controller: true }];
  const at = { name, namespace: metadata.namespace ?? '', labels, ...{ ownerReferences } };
  return { apiVersion: 'v1', kind, metadata: at, spec: isJson(spec) ? spec : {} };
}
