import type { KubeObject, RigState } from '../../state.ts';
import { podsOf } from '../pods.ts';
import type { KubeStore } from '../store.ts';
import type { View } from '../view.ts';
import { nvidiaCards } from './machine.ts';

/** Adds labels to a Node; those that it has already cost nothing. */
export function setLabels(store: KubeStore, name: string, labels: Readonly<Record<string, string>>): void {
  const node = store.get(store.kind('nodes'), '', name);
  store.replace({ ...node, metadata: { ...node.metadata, labels: { ...node.metadata.labels, ...labels } } });
}

/** Nodes on which a pod of this object is ready. */
export function readyNodes(view: View, owner: KubeObject): string[] {
  return podsOf(view, owner).flatMap(({ spec, status }) => {
    const { containerStatuses = [] } = (status ?? {}) as { containerStatuses?: { ready: boolean }[] };
    const { nodeName } = (spec ?? {}) as { nodeName?: string };
    return nodeName !== undefined && containerStatuses[0]?.ready ? [nodeName] : [];
  });
}

/** PCI classes that NFD of NVIDIA's charts looks at, by their first digits (sheet gpu-and-nodes 1.3). */
const CLASSES = /^(0x)?(02|0300|0302)/;

/** What NFD labels a machine with: a label for each vendor of a card or a network adapter (sheet 1.3: vendor only). */
export function discover(view: View): void {
  for (const worker of view.store.list(view.store.kind('daemonsets')).filter(isNfd)) {
    for (const name of readyNodes(view, worker)) {
      const rig = view.rigOf(view.store.get(view.store.kind('nodes'), '', name));
      const vendors = rig?.hardware.pci.filter((it) => CLASSES.test(it.class)).map((it) => it.vendor) ?? [];
      const keys = vendors.map((vendor) => `feature.node.kubernetes.io/pci-${vendor}.present`);
      setLabels(view.store, name, Object.fromEntries([KERNEL(rig), ...keys.map((key) => [key, 'true'] as const)]));
    }
  }
}

const KERNEL = (rig: RigState | undefined) =>
  ['feature.node.kubernetes.io/kernel-version.full', rig?.os.kernel ?? ''] as const;

function isNfd({ spec }: KubeObject): boolean {
  const { template } = (spec ?? {}) as { template?: { spec?: { containers?: { image?: string }[] } } };
  return template?.spec?.containers?.some(({ image }) => /node-feature-discovery/.test(image ?? '')) ?? false;
}

/** What GPU feature discovery writes of a machine's cards (sheet 1.6: GFD). */
export function describeCards(store: KubeStore, name: string, rig: RigState, replicas: number): void {
  const [card] = nvidiaCards(rig);
  const product = /\[(.+)\]$/.exec(card?.name ?? '')?.[1] ?? card?.name ?? '';
  const isShared = replicas > 1;
  setLabels(store, name, {
    'nvidia.com/gpu.count': String(nvidiaCards(rig).length),
    'nvidia.com/gpu.product': `NVIDIA-${product.replaceAll(' ', '-')}${isShared ? '-SHARED' : ''}`,
    'nvidia.com/gpu.replicas': String(replicas),
    'nvidia.com/gpu.sharing-strategy': isShared ? 'time-slicing' : 'none',
  });
}
