import type { KubeObject } from '../../state.ts';
import type { PodSpec } from '../pods.ts';
import type { View } from '../view.ts';
import { worksDriver } from './gates.ts';

/** How a program on a card ends, and what it prints. */
export interface Computed {
  readonly ok: boolean;
  readonly log: string;
}

/** As NVIDIA's sample prints it (sheet gpu-and-nodes 1.6: workload). */
const PASSED = `[Vector addition of 50000 elements]
Copy input data from the host memory to the CUDA device
CUDA kernel launch with 196 blocks of 256 threads
Copy output data from the CUDA device to the host memory
Test PASSED
Done
`;

/** On runc it finds no driver (sheet 8: 5). */
const ON_RUNC = `[Vector addition of 50000 elements]
Failed to allocate device vector A (error code CUDA driver version is insufficient for CUDA runtime version)!
`;

/** What NVIDIA's sample of a CUDA program would do in this pod; undefined: the pod runs something else. */
export function computed(view: View, node: KubeObject, pod: PodSpec): Computed | undefined {
  if (!pod.containers?.some(({ image }) => /cuda-sample:vectoradd/.test(image ?? ''))) return undefined;
  const ok = pod.runtimeClassName !== undefined && worksDriver(view, node);
  return { ok, log: ok ? PASSED : ON_RUNC };
}
