import type { Step } from '../../engine/types.ts';
import { cards } from './cards.ts';
import { inCluster, loadsOf, notesOf } from './cluster.ts';
import { host } from './host.ts';
import { onMachines } from './runtime.ts';

/** Graphics cards, from the driver of the machine to pods that compute on them. */
export const gpuStep: Step = {
  name: 'gpu',
  title: 'Graphics cards for pods',
  resources: (file) => (file.gpu ? [...cards(file), ...host(file), ...onMachines(file), ...inCluster(file)] : []),
  asksFor: loadsOf,
  notes: notesOf,
};
