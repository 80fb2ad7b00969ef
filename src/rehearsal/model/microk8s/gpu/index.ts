import { parse } from 'yaml';
import type { KubeObject } from '../../state.ts';
import { clusterOf, SD, type Site } from '../site.ts';
import { KubeStore, notesOf } from '../store.ts';
import { View } from '../view.ts';
import { describeCards, discover } from './labels.ts';
import { daemonSet, isReadyOn, nvidiaCards } from './machine.ts';
import { reconcile } from './operator.ts';

/** Where the toolkit's drop-in for containerd lies (sheet gpu-and-nodes 1.4). */
const DROP_IN = '/etc/containerd/conf.d/99-nvidia.toml';
const TEMPLATE = `${SD}/args/containerd-template.toml`;
const IMPORTS = 'imports = ["/etc/containerd/conf.d/*.toml"]\n';

const TOOLKIT = 'nvidia-container-toolkit-daemonset';
const RESOURCE = 'nvidia.com/gpu';

/** As often as the operator looks again (sheet 1.6: message). */
const EVERY_MS = 5000;

/** Lets what serves GPUs in a cluster do what it did since the last look: labels, operands, containerd, allocatable. */
export function serveGpus(site: Site): void {
  const cluster = clusterOf(site.rig, site.world);
  if (!cluster || site.now() - (cluster.gpusAt ?? 0) < EVERY_MS) return;
  const hasDropIn = Object.values(site.world.rigs).some((rig) => rig.toolkitAt !== undefined);
  if (!hasDropIn && !Object.values(cluster.objects).some(concerns)) return;
  cluster.gpusAt = site.now();
  const store = new KubeStore(cluster, site);
  const look = () => new View(store, site.world, site.now());
  discover(look());
  reconcile(look());
  for (const node of look().nodes()) onNode(site, look(), node);
}

/** Whether an object has to do with GPUs at all; most clusters have none. */
function concerns(object: KubeObject): boolean {
  const { kind, metadata } = object;
  if (kind === 'DaemonSet') return /node-feature-discovery|^nvidia-|^gpu-feature-discovery$/.test(metadata.name);
  return kind === 'ClusterPolicy' || (kind === 'Node' && Number(allocatableOf(object)[RESOURCE] ?? 0) > 0);
}

const allocatableOf = (node: KubeObject): Record<string, string> =>
  (node.status as { allocatable?: Record<string, string> } | undefined)?.allocatable ?? {};

function onNode(site: Site, view: View, node: KubeObject): void {
  const rig = view.rigOf(node);
  if (!rig) return;
  setUpContainerd(site, view, node);
  const sharing = replicas(view);
  const plugin = daemonSet(view, 'nvidia-device-plugin-daemonset') ?? daemonSet(view, 'nvidia-device-plugin');
  const isOffering = isReadyOn(view, plugin, node) && !rig.faults.includes('operatorlies');
  const labels = daemonSet(view, 'gpu-feature-discovery');
  if (isReadyOn(view, labels, node)) describeCards(view.store, node.metadata.name, rig, sharing);
  const count = String(isOffering ? nvidiaCards(rig).length * sharing : 0);
  const stored = view.store.get(view.store.kind('nodes'), '', node.metadata.name);
  // A Node that never offered any has no such key.
  if (
    (allocatableOf(stored)[RESOURCE] ?? '0') === count &&
    (isOffering || allocatableOf(stored)[RESOURCE] === undefined)
  )
    return;
  const status = (stored.status ?? {}) as { capacity?: object; allocatable?: object };
  const offers = {
    capacity: { ...status.capacity, [RESOURCE]: count },
    allocatable: { ...status.allocatable, [RESOURCE]: count },
  };
  view.store.replace({ ...stored, status: { ...status, ...offers } });
}

/** The toolkit writes when its pod starts, with the paths of that moment, and takes it away when the pod is gone. */
function setUpContainerd(site: Site, view: View, node: KubeObject): void {
  const rig = view.rigOf(node);
  const files = rig?.name === site.rig.name ? site.files : site.filesOf(rig?.name ?? '');
  if (!rig || !files) return;
  const set = daemonSet(view, TOOLKIT);
  if (!set && rig.toolkitAt !== undefined) {
    files.remove(DROP_IN);
    files.write(TEMPLATE, (files.read(TEMPLATE) ?? '').replace(IMPORTS, ''), 0o660);
    delete rig.toolkitAt;
    return;
  }
  if (!set || !isReadyOn(view, set, node) || rig.toolkitAt === notesOf(set).rolledAt) return;
  const args = `/var/snap/microk8s/${rig.snaps.microk8s?.revision ?? 1}`;
  files.write(DROP_IN, dropIn(args), 0o644);
  const template = files.read(TEMPLATE) ?? '';
  if (!template.includes(IMPORTS)) files.write(TEMPLATE, template.replace(/^(version = \d+\n)/, `$1${IMPORTS}`), 0o660);
  rig.toolkitAt = notesOf(set).rolledAt;
}

const dropIn = (snap: string): string => `version = 2

[plugins."io.containerd.grpc.v1.cri"]
  enable_cdi = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${snap}/opt/cni/bin"
    conf_dir = "${snap}/args/cni-network"

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia.options]
    BinaryName = "/usr/local/nvidia/toolkit/nvidia-container-runtime"
`;

/** How many pods share a card, by the ConfigMap that the plugin is told to read (sheet 5.1). */
function replicas({ store }: View): number {
  const maps = store.list(store.kind('configmaps'));
  const policy = Object.values(store.cluster.objects).find((it) => it.kind === 'ClusterPolicy');
  const wanted = (policy?.spec as { devicePlugin?: { config?: { name?: string } } } | undefined)?.devicePlugin?.config
    ?.name;
  const map = maps.find(({ metadata: { name } }) => name === (wanted || 'nvidia-device-plugin-configs'));
  const [text = ''] = Object.values((map?.data ?? {}) as Record<string, string>);
  const config = (parse(text) ?? {}) as { sharing?: { timeSlicing?: { resources?: { replicas?: number }[] } } };
  return config.sharing?.timeSlicing?.resources?.[0]?.replicas ?? 1;
}
