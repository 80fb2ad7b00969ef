import type { Check } from '../../engine/check.ts';
import { clockCheck } from './clock.ts';
import { kubeflowCheck } from './kubeflow.ts';
import { machineChecks } from './machine.ts';
import { networkChecks } from './network.ts';
import { serviceChecks } from './services.ts';
import { storageChecks } from './storage.ts';
import { storeCheck } from './store.ts';
import { takenChecks } from './taken.ts';

/** All checks before the first change, in the order in which their findings are shown. */
export const checks: readonly Check[] = [
  ...machineChecks,
  ...networkChecks,
  clockCheck,
  ...takenChecks,
  ...serviceChecks,
  ...storageChecks,
  kubeflowCheck,
  storeCheck,
];
