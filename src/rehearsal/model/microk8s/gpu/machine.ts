import type { KubeObject, RigState } from '../../state.ts';
import { readyAt, rollout } from '../pods.ts';
import type { View } from '../view.ts';

/** NVIDIA cards as NFD of the operator and of the plugin's chart see them: VGA and 3D, not 0380 (sheet gpu-and-nodes 1.3). */
export function nvidiaCards({ hardware }: RigState): RigState['hardware']['pci'] {
  return hardware.pci.filter(({ vendor, class: type }) => vendor === '10de' && /^(0x)?030[02]/.test(type));
}

/** The host's own driver works: the module is loaded, has the card, and nvidia-smi is there (sheet 1.3, 3.6). */
export function hostDriver(rig: RigState): boolean {
  const has = nvidiaCards(rig).some(({ driver }) => driver === 'nvidia');
  const utils = Object.entries(rig.packages).some(
    ([name, { state }]) => name.startsWith('nvidia-utils-') && state === 'installed',
  );
  return has && utils && rig.modules.includes('nvidia');
}

/** DaemonSets that serve GPUs, whoever brings them, by the name that the sheet has for them. */
export function daemonSet(view: View, name: string): KubeObject | undefined {
  return view.store.list(view.store.kind('daemonsets')).find((it) => it.metadata.name === name);
}

/** The pod of a DaemonSet on a node is ready. */
export function isReadyOn(view: View, set: KubeObject | undefined, node: KubeObject): boolean {
  if (!set || view.now < readyAt(set)) return false;
  const { nodes, ready } = rollout(view, set);
  return nodes.slice(0, ready).some((it) => it.metadata.name === node.metadata.name);
}
