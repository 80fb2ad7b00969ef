import { imageOf } from '../../charts/catalogue.ts';
import { type Data, mergeValues } from '../../charts/values.ts';
import type { Amounts } from '../../engine/types.ts';
import type { KubeManifest } from '../../resources/manifest.ts';
import { templateData } from '../../templates.ts';

/** What a container asks for, and the memory that it may have, in MiB. */
export function resourcesOf({ cpu = 0, memory = 0 }: Amounts, limitMi: number): Data {
  return { requests: { cpu: `${cpu}m`, memory: `${memory}Mi` }, limits: { memory: `${limitMi}Mi` } };
}

/** The objects of a template, with the pinned image and its resources in the one container of its Deployment. */
export function deployed(template: string, image: string, resources: Data): KubeManifest[] {
  const { objects } = templateData(template) as unknown as { objects: readonly KubeManifest[] };
  return objects.map((it) => (it.kind === 'Deployment' ? withContainer(it, { image: imageOf(image), resources }) : it));
}

function withContainer(deployment: KubeManifest, more: Data): KubeManifest {
  const { spec } = deployment as unknown as { spec: { template: { spec: { containers: readonly [object] } } } };
  const containers = [{ ...spec.template.spec.containers[0], ...more }];
  return mergeValues(deployment, { spec: { template: { spec: { containers } } } }) as KubeManifest;
}
