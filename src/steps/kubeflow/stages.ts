import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id, Load } from '../../engine/types.ts';
import { componentsOf } from '../../kubeflow/components.ts';
import type { Stage } from '../../kubeflow/releases.ts';
import { kustomizeStage } from '../../resources/kustomize-stage.ts';
import { authAt } from './auth.ts';
import { folderOf, releaseOf, titleOf } from './source.ts';

/** Before the first stage. facts: ml-platform sheet, 1.3; platform sheet, 4 (15) */
const BEFORE: readonly Id[] = [
  'kubeflow/source@lead',
  'microk8s/dns@cluster',
  'microk8s/member@*',
  'capacity/room@cluster',
  'storage/default-class@cluster',
  'network/ca@cluster',
];

/** Resource of a stage. */
export function stageId(name: string): Id {
  return `kubeflow/${name}@cluster`;
}

/** The stages that the file asks for, in their order. */
export function stagesFor(file: Cluster): readonly Stage[] {
  const components = componentsOf(file.kubeflow?.components ?? 'minimal');
  return releaseOf(file).stages.filter(({ component }) => component === undefined || components.includes(component));
}

export function stages(file: Cluster): Declared[] {
  const release = releaseOf(file);
  return stagesFor(file).map(({ name, title, paths, patches, images, needs, readyS }) => {
    const more = authAt(file, name);
    return kustomizeStage({
      id: stageId(name),
      on: 'cluster',
      needs: [...BEFORE, ...needs.map(stageId), ...more.needs],
      stage: name,
      title,
      release: titleOf(release),
      source: folderOf(release),
      digest: release.digest,
      overlay: { paths, patches: [...patches, ...more.patches], images },
      readyS,
    });
  });
}

/** facts: ml-platform sheet, 1.4 */
export function stageLoads(file: Cluster): Load[] {
  return stagesFor(file).map(({ title, requests }) => ({ name: `Kubeflow: ${title}`, ...requests }));
}
