import type { Step } from '../engine/types.ts';
import { capacityStep } from './capacity/index.ts';
import { costStep } from './cost/index.ts';
import { databasesStep } from './databases/index.ts';
import { devboxStep } from './devbox/index.ts';
import { gpuStep } from './gpu/index.ts';
import { kubeflowStep } from './kubeflow/index.ts';
import { microk8sStep } from './microk8s/index.ts';
import { monitoringStep } from './monitoring/index.ts';
import { networkStep } from './network/index.ts';
import { nodeStep } from './node/index.ts';
import { storageStep } from './storage/index.ts';

const bringers: readonly Step[] = [storageStep, gpuStep, monitoringStep, costStep, databasesStep, kubeflowStep];
const components: readonly Step[] = [networkStep(bringers), ...bringers];

/** All steps, in the order in which a plan shows them. */
export const steps: readonly Step[] = [
  nodeStep(bringers),
  microk8sStep,
  capacityStep(components),
  ...components,
  devboxStep(bringers),
];
