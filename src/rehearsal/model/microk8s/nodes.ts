import type { ClusterState, KubeObject, RigState, WorldState } from '../state.ts';
import { machineUp, unitRuns } from './dqlite.ts';
import { clusterOf, hostname, readFlag, SD, type Site } from './site.ts';
import { KubeStore, type Manifest, stamp } from './store.ts';

/** A Node whose kubelet is silent turns NotReady after this (node-monitor-grace-period). */
const GRACE_MS = 40_000;

/** The labels that a kubelet registers with, from its argument file (sheet 3). */
function labels(site: Site, name: string): Record<string, string> {
  const given = readFlag(site.files.read(`${SD}/args/kubelet`) ?? '', '--node-labels') ?? '';
  const pairs = given
    .split(',')
    .filter((pair) => pair.includes('='))
    .map((pair) => pair.split('=') as [string, string]);
  const { arch } = site.rig.hardware;
  return {
    'beta.kubernetes.io/arch': arch,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': arch,
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    ...Object.fromEntries(pairs),
  };
}

function capacity(site: Site): Record<string, string> {
  const { rig } = site;
  const pods = readFlag(site.files.read(`${SD}/args/kubelet`) ?? '', '--max-pods') ?? '110';
  const hugepages = Number(rig.sysctl['vm.nr_hugepages'] ?? 0) * 2;
  return {
    cpu: String(rig.hardware.cpus),
    'ephemeral-storage': `${rig.hardware.diskGiB * 1024 * 1024}Ki`,
    'hugepages-2Mi': hugepages === 0 ? '0' : `${hugepages}Mi`,
    memory: `${rig.hardware.memoryMiB * 1024}Ki`,
    pods,
  };
}

/**
 * The kubelet of a rig registers: it creates its Node, or takes over one of that name, because nothing detects duplicate
 * host names (sheet 2.3).
 */
export function registerNode(site: Site): void {
  const { rig } = site;
  const cluster = clusterOf(rig, site.world);
  if (!cluster || !rig.microk8s) return;
  const store = new KubeStore(cluster, site);
  const name = hostname(site);
  const kind = store.kind('nodes');
  const old = store.find(kind, '', name);
  const takenOver = cluster.nodes[name] !== undefined && cluster.nodes[name].rig !== rig.name;
  const size = capacity(site);
  const status = {
    addresses: [
      { type: 'InternalIP', address: rig.address },
      { type: 'Hostname', address: name },
    ],
    capacity: { ...((old?.status as { capacity?: object } | undefined)?.capacity ?? {}), ...size },
    allocatable: { ...((old?.status as { allocatable?: object } | undefined)?.allocatable ?? {}), ...size },
    nodeInfo: nodeInfo(rig),
  };
  const fresh: Manifest = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: labels(site, name) },
    spec: {},
    status,
  };
  if (!old) store.create(fresh);
  else if (takenOver) store.replace({ ...old, metadata: { ...old.metadata, labels: labels(site, name) }, status });
  else store.replace({ ...old, status });
  rig.microk8s.nodeName = name;
  rig.microk8s.registers = false;
  cluster.nodes[name] = { rig: rig.name, seen: site.now() };
}

function nodeInfo(rig: RigState): Record<string, string> {
  const version = rig.snaps.microk8s?.version ?? 'v1.35.0';
  return {
    architecture: rig.hardware.arch,
    bootID: rig.bootId,
    containerRuntimeVersion: 'containerd://2.1.6',
    kernelVersion: rig.os.kernel,
    kubeletVersion: version,
    kubeProxyVersion: '',
    operatingSystem: 'linux',
    osImage: `${rig.os.id === 'ubuntu' ? 'Ubuntu' : rig.os.id} ${rig.os.versionId}`,
  };
}

/** Notes which kubelets are alive now. */
export function heartbeat(world: WorldState, key: string, now: number): void {
  const cluster = world.clusters[key];
  if (!cluster) return;
  for (const [name, node] of Object.entries(cluster.nodes)) {
    const rig = world.rigs[node.rig];
    const isMember = rig?.microk8s?.cluster === key && rig.microk8s.nodeName === name;
    if (isMember && alive(rig, now)) node.seen = now;
  }
}

function alive(rig: RigState, now: number): boolean {
  const mk = rig.microk8s;
  return mk !== undefined && !mk.stopped && !mk.wedged && machineUp(rig, now) && unitRuns(rig, 'kubelite');
}

/** Node conditions as the control plane sees them now. */
export function nodeConditions(cluster: ClusterState, world: WorldState, name: string, now: number): Condition[] {
  const node = cluster.nodes[name];
  const rig = node && world.rigs[node.rig];
  // One that never becomes Ready again, a worker whose control plane went for example, has a time beyond every calendar.
  const since = stamp(Math.min(rig?.microk8s?.nodeReadyAt ?? now, now));
  const ready = (status: string, reason: string, message: string): Condition => ({
    type: 'Ready',
    status,
    reason,
    message,
    lastTransitionTime: since,
  });
  const memory: Condition = {
    type: 'MemoryPressure',
    status: 'False',
    reason: 'KubeletHasSufficientMemory',
    message: 'kubelet has sufficient memory available',
    lastTransitionTime: since,
  };
  const disk: Condition = {
    type: 'DiskPressure',
    status: 'False',
    reason: 'KubeletHasNoDiskPressure',
    message: 'kubelet has no disk pressure',
    lastTransitionTime: since,
  };
  if (!node || now - node.seen > GRACE_MS) {
    return [memory, disk, ready('Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.')];
  }
  if (rig?.faults.includes('notready') || now < (rig?.microk8s?.nodeReadyAt ?? 0)) {
    const message =
      'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized';
    return [memory, disk, ready('False', 'KubeletNotReady', message)];
  }
  return [memory, disk, ready('True', 'KubeletReady', 'kubelet is posting ready status')];
}

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime: string;
}

export function isReady(node: KubeObject): boolean {
  const conditions = (node.status as { conditions?: Condition[] } | undefined)?.conditions ?? [];
  return conditions.some((c) => c.type === 'Ready' && c.status === 'True');
}
