import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id, Load } from '../../engine/types.ts';
import { componentsOf } from '../../kubeflow/components.ts';
import { type Stage, stagesIn } from '../../kubeflow/releases.ts';
import { kustomizeStage } from '../../resources/kustomize-stage.ts';
import { type KubeManifest, manifest } from '../../resources/manifest.ts';
import { templateData } from '../../templates.ts';
import { authAt } from './auth.ts';
import { namespaceOf, stageId, userId, usersOf } from './names.ts';
import { folderOf, releaseOf, titleOf } from './source.ts';

/** Before any stage. facts: ml-platform sheet, 1.3; platform sheet, 4 (15) */
const BEFORE: readonly Id[] = [
  'kubeflow/source@lead',
  'microk8s/dns@cluster',
  'microk8s/member@*',
  'capacity/room@cluster',
  'storage/default-class@cluster',
];

/** Seconds until the webhook of cert-manager takes an issuer. */
const ISSUER_S = 300;

/** The stages that the file asks for, in their order. */
export function stagesFor(file: Cluster): readonly Stage[] {
  const components = componentsOf(file.kubeflow?.components ?? 'minimal');
  const all = stagesIn(releaseOf(file), namespaceOf(usersOf(file)[0].name));
  return all.filter(({ component }) => component === undefined || components.includes(component));
}

export function stages(file: Cluster): Declared[] {
  return [issuer(), ...stagesFor(file).map((stage) => declared(file, stage))];
}

function issuer(): Declared {
  const { objects } = templateData('kubeflow/issuer.yaml') as unknown as { objects: readonly KubeManifest[] };
  const needs: Id[] = ['network/cert-manager@cluster'];
  return manifest({ id: stageId('issuer'), on: 'cluster', needs, objects, admittedS: ISSUER_S });
}

function declared(file: Cluster, stage: Stage): Declared {
  const { name, title, paths, namespace, patches, images, replaces, passes, marks, needs, readyS } = stage;
  const release = releaseOf(file);
  const auth = authAt(file, name);
  // The namespace of a user comes with the Profile.
  const user: Id[] = namespace === undefined ? [] : [userId(usersOf(file)[0].name)];
  return kustomizeStage({
    id: stageId(name),
    on: 'cluster',
    needs: [...BEFORE, ...needs.map(stageId), ...auth.needs, ...user],
    stage: name,
    title,
    release: titleOf(release),
    source: folderOf(release),
    digest: release.digest,
    overlay: {
      paths,
      ...(namespace === undefined ? {} : { namespace }),
      patches: [...patches, ...auth.patches],
      images,
    },
    replaces,
    passes,
    marks,
    readyS,
  });
}

export function stageLoads(file: Cluster): Load[] {
  return stagesFor(file)
    .filter(({ requests }) => Object.keys(requests).length > 0)
    .map(({ title, requests }) => ({ name: `Kubeflow: ${title}`, ...requests }));
}
