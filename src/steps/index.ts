import type { Step } from '../engine/types.ts';
import { microk8sStep } from './microk8s/index.ts';
import { nodeStep } from './node/index.ts';

/** All steps, in the order in which a plan shows them. */
export const steps: readonly Step[] = [nodeStep, microk8sStep];
