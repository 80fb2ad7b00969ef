import type { KubeObject, RigState, WorldState } from '../state.ts';
import { contentOf, sparePlugged } from '../ubuntu/lsblk.ts';
import type { Json } from './merge.ts';
import { type PodSpec, readyAt, rollout } from './pods.ts';
import { membersOf, type Site } from './site.ts';
import { KubeStore } from './store.ts';
import { View } from './view.ts';

/** Mayastor as the chart of OpenEBS brings it (sheet storage-and-databases 2.3). */

const HUGE = 'hugepages-2Mi';
const IO_ENGINE = 'openebs-io-engine';
/** What io-engine keeps on its machine (sheet 2.3, host dirs). */
const FOLDER = '/var/local/openebs/io-engine';

/** What keeps a pod from starting on a node: too few hugepages, whoever else uses some (failure 8), or no NVMe over TCP (11). */
export function mayastorGate(view: View, node: KubeObject, object: KubeObject, pod: PodSpec) {
  const { allocatable = {} } = (node.status ?? {}) as { allocatable?: Record<string, string> };
  const asked = (pod.containers ?? []).map(({ resources }) => mebibytes(resources?.limits?.[HUGE]));
  if (asked.some((mib) => mib > mebibytes(allocatable[HUGE]))) {
    const all = view.nodes().length;
    const others = all > 1 ? `, ${all - 1} node(s) didn't satisfy plugin(s) [NodeAffinity]` : '';
    return { unscheduled: `0/${all} nodes are available: 1 Insufficient ${HUGE}${others}.` };
  }
  const modules = view.rigOf(node)?.modules ?? [];
  return object.metadata.name === 'openebs-csi-node' && !modules.includes('nvme_tcp')
    ? { init: 'nvme-tcp-probe' }
    : undefined;
}

/** As Kubernetes writes amounts, in MiB. */
export function mebibytes(amount: string | number | undefined): number {
  const [, number = '0', unit] = /^(\d+)(Mi|Gi)?$/.exec(String(amount ?? 0)) ?? [];
  return Number(number) * (unit === 'Gi' ? 1024 : 1);
}

/** State that the pool operator writes (2.3, DiskPool). A pool that was made once is Unknown while its engine is away. */
export function poolStatus(view: View, world: WorldState, object: KubeObject): Json {
  const { node = '', disks = [] } = (object.spec ?? {}) as { node?: string; disks?: string[] };
  const rig = world.rigs[view.store.cluster.nodes[node]?.rig ?? ''];
  const disk = rig && diskOf(rig, disks[0]);
  const isMade = disk?.pool === object.metadata.uid;
  if (!isMade) return { cr_state: 'Creating', pool_status: null };
  const [capacity, used] = [disk.sizeGiB * 1024 ** 3, 12_582_912];
  if (!serves(view, node)) return { cr_state: 'Created', pool_status: 'Unknown', capacity: 0, used: 0, available: 0 };
  return { cr_state: 'Created', pool_status: 'Online', capacity, used, available: capacity - used };
}

function diskOf(rig: RigState, path: string | undefined) {
  return sparePlugged(rig).find(({ id }) => path === `/dev/disk/by-id/${id}`);
}

/** The pod of io-engine on that node is ready. */
function serves(view: View, node: string): boolean {
  const set = view.store.find(view.store.kind('daemonsets'), 'openebs', IO_ENGINE);
  if (!set || view.now < readyAt(set)) return false;
  const { nodes, ready } = rollout(view, set);
  return nodes.slice(0, ready).some((it) => it.metadata.name === node);
}

/** What the engines do by themselves: they make pools on empty disks, and clear the disks of pools that were deleted. */
export function servePools(site: Site, key: string): void {
  const objects = Object.values(site.world.clusters[key]?.objects ?? {});
  const cluster = site.world.clusters[key];
  const hasEngine = objects.some(({ kind, metadata: { name } }) => kind === 'DaemonSet' && name === IO_ENGINE);
  if (!cluster || !hasEngine) {
    for (const rig of membersOf(site.world, key)) delete rig.ioEngine;
    return;
  }
  const view = new View(new KubeStore(cluster, site), site.world, site.now());
  const pools = objects.filter(({ kind }) => kind === 'DiskPool');
  for (const [node, { rig: name }] of Object.entries(cluster.nodes)) {
    const rig = site.world.rigs[name];
    if (!rig) continue;
    if (!serves(view, node)) {
      delete rig.ioEngine;
      continue;
    }
    if (!rig.ioEngine) (name === site.rig.name ? site.files : site.filesOf(name))?.mkdir(FOLDER);
    rig.ioEngine = true;
    const own = pools.filter(({ spec }) => (spec as { node?: string } | undefined)?.node === node);
    serve(rig, own);
  }
}

function serve(rig: RigState, pools: readonly KubeObject[]): void {
  const cluster = rig.microk8s?.cluster ?? '';
  for (const disk of sparePlugged(rig)) {
    const isDeleted = disk.pool !== undefined && !pools.some(({ metadata: { uid } }) => uid === disk.pool);
    // The pool of another cluster is neither taken over nor cleared.
    if (isDeleted && disk.madeBy === cluster) delete disk.pool;
    const pool = pools.find(({ spec }) => diskOf(rig, (spec as { disks?: string[] }).disks?.[0]) === disk);
    if (!pool || disk.pool !== undefined || contentOf(rig, disk) !== undefined) continue;
    disk.pool = pool.metadata.uid;
    disk.madeBy = cluster;
  }
}
