import type { KubeObject } from '../../state.ts';
import type { PodSpec } from '../pods.ts';
import type { View } from '../view.ts';
import { daemonSet, hostDriver, isReadyOn, nvidiaCards } from './machine.ts';

/** Why a pod does not start on a node: the init container that waits, the words of the kubelet, or of the scheduler. */
export type Gate =
  | { readonly init: string }
  | { readonly reason: string; readonly message: string }
  | { readonly unscheduled: string };

/** Which init container of an operand waits, and for which DaemonSet (sheet gpu-and-nodes 1.6). */
const WAITS: Readonly<Record<string, { readonly init: string; readonly for: string }>> = {
  'nvidia-device-plugin-daemonset': { init: 'toolkit-validation', for: 'nvidia-container-toolkit-daemonset' },
  'gpu-feature-discovery': { init: 'toolkit-validation', for: 'nvidia-container-toolkit-daemonset' },
  'nvidia-dcgm-exporter': { init: 'toolkit-validation', for: 'nvidia-container-toolkit-daemonset' },
  'nvidia-operator-validator': { init: 'plugin-validation', for: 'nvidia-device-plugin-daemonset' },
};

/** What keeps a pod of this object from starting on a node, as far as GPUs are concerned. */
export function gateOf(view: View, node: KubeObject, object: KubeObject, pod: PodSpec): Gate | undefined {
  const isOperand = object.metadata.labels?.['app.kubernetes.io/managed-by'] === 'gpu-operator';
  if (isOperand && object.metadata.name === 'nvidia-container-toolkit-daemonset') {
    return worksDriver(view, node) ? undefined : { init: 'driver-validation' };
  }
  const waits = isOperand ? WAITS[object.metadata.name] : undefined;
  if (waits) return isReadyOn(view, daemonSet(view, waits.for), node) ? undefined : { init: waits.init };
  return pod.runtimeClassName === undefined ? undefined : sandbox(view, node, pod.runtimeClassName);
}

/** The host's driver, or that of the operator's container (sheet 1.5). */
export function worksDriver(view: View, node: KubeObject): boolean {
  const rig = view.rigOf(node);
  if (!rig || nvidiaCards(rig).length === 0) return false;
  return hostDriver(rig) || isReadyOn(view, daemonSet(view, 'nvidia-driver-daemonset'), node);
}

/** A RuntimeClass whose handler containerd has, and a driver behind it (sheet 2 and 8: 1, 6). */
function sandbox(view: View, node: KubeObject, name: string): Gate | undefined {
  const found = view.store.find(view.store.kind('runtimeclasses'), '', name);
  if (!found) return { reason: 'ContainerCreating', message: `RuntimeClass.node.k8s.io "${name}" not found` };
  const rig = view.rigOf(node);
  const has =
    found.handler === 'nvidia-container-runtime'
      ? rig?.packages['nvidia-container-toolkit']?.state === 'installed'
      : found.handler !== 'nvidia' || rig?.toolkitAt !== undefined;
  if (!has) {
    const message = `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for "${found.handler}" is configured`;
    return { reason: 'ContainerCreating', message };
  }
  if (worksDriver(view, node)) return undefined;
  const message =
    'nvidia-container-cli: initialization error: load library failed: libnvidia-ml.so.1: cannot open shared object file: no such file or directory';
  return { reason: 'RunContainerError', message };
}
