import type { Cluster } from '../../config/schema.ts';
import type { Step, World } from '../../engine/types.ts';
import { auth } from './auth.ts';
import { exposure, services } from './exposure.ts';
import { profiles } from './profiles.ts';
import { proofs } from './proofs.ts';
import { source } from './source.ts';
import { stageLoads, stages } from './stages.ts';

/** Kubeflow of the community, stage by stage. facts: ml-platform sheet, 1; platform sheet, 2 to 5 */
export const kubeflowStep: Step = {
  name: 'kubeflow',
  title: 'Kubeflow: notebooks, pipelines, training and serving',
  resources: (file) =>
    file.kubeflow
      ? [...source(file), ...auth(file), ...stages(file), ...profiles(file), ...exposure(file), ...proofs(file)]
      : [],
  asksFor: (file) => (file.kubeflow ? stageLoads(file) : []),
  services: (file: Cluster) => (file.kubeflow ? services(file) : []),
  notes,
};

function notes({ file }: World): string[] {
  return file.kubeflow ? ['Kubeflow: mlk8s open kubeflow; who logs in: mlk8s credentials'] : [];
}
