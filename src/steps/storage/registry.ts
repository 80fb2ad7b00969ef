import { pinned } from '../../charts/catalogue.ts';
import { mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import { defaultClass } from '../../config/storage-classes.ts';
import type { Declared, Id, Load } from '../../engine/types.ts';
import { file as textFile } from '../../resources/file.ts';
import { fileBlock } from '../../resources/file-block.ts';
import { SNAP_DATA } from '../../resources/kube.ts';
import { type KubeManifest, manifest } from '../../resources/manifest.ts';
import { templateData } from '../../templates.ts';
import type { Storage } from './provisioner.ts';
import { REGISTRY, REGISTRY_HOST } from './registry-name.ts';

/** Seconds until its pod is ready: a volume, and one image over the line of a home. */
const READY_S = 600;

/** Without `http://` in the name of the table containerd tries https. facts: storage-and-databases sheet, 2.7 */
const TRUST = `# Written by mlk8s
server = "http://${REGISTRY}"

[host."http://${REGISTRY}"]
  capabilities = ["pull", "resolve"]
`;

/** The registry, and on every machine the word that it speaks http. `ready`: what brings the class of its volume. */
export function registry(file: Cluster, ready: Id): Declared[] {
  const { storage } = file;
  if (!storage?.registry) return [];
  return [
    manifest({
      id: 'storage/registry@cluster',
      on: 'cluster',
      needs: [ready, 'microk8s/dns@cluster'],
      objects: objects(storage),
      readyS: READY_S,
    }),
    // Every machine asks itself: a node port answers on each of them, so none depends on another one.
    ...file.nodes.map(({ name, address }) =>
      fileBlock({
        id: `storage/registry-name@${name}`,
        on: { host: name },
        needs: [`node/hosts@${name}`],
        path: '/etc/hosts',
        name: 'registry',
        lines: [`${address} ${REGISTRY_HOST}`],
      }),
    ),
    // Joining copies files from the machine that is joined, so not before. containerd reads it at every pull.
    ...file.nodes.map(({ name }) =>
      textFile({
        id: `storage/registry-trust@${name}`,
        on: { host: name },
        needs: [`microk8s/member@${name}`],
        path: `${SNAP_DATA}/args/certs.d/${REGISTRY}/hosts.toml`,
        content: TRUST,
        mode: '644',
      }),
    ),
  ];
}

function objects(storage: Storage): KubeManifest[] {
  const { objects } = templateData('storage/registry.yaml') as unknown as { objects: readonly KubeManifest[] };
  const size = { resources: { requests: { storage: `${storage.registry?.sizeGi}Gi` } } };
  return objects.map((object) => {
    if (object.kind === 'Deployment') return withImage(object);
    if (object.kind !== 'PersistentVolumeClaim') return object;
    return mergeValues(object, { spec: { storageClassName: defaultClass(storage), ...size } }) as KubeManifest;
  });
}

function withImage(deployment: KubeManifest): KubeManifest {
  const { image, requests } = pinnedImage();
  const { spec } = deployment as unknown as { spec: { template: { spec: { containers: readonly [object] } } } };
  const [container] = spec.template.spec.containers;
  const resources = { requests: { cpu: `${requests.cpu}m`, memory: `${requests.memory}Mi` } };
  const containers = [{ ...container, image, resources }];
  return mergeValues(deployment, { spec: { template: { spec: { containers } } } }) as KubeManifest;
}

/** What its pod asks for, and the disk that its claim asks for. */
export function registryLoad({ storage }: Cluster): Load[] {
  if (!storage?.registry) return [];
  const { cpu = 0, memory = 0 } = pinnedImage().requests;
  return [{ name: 'Registry', cpu, memory, disk: storage.registry.sizeGi }];
}

function pinnedImage() {
  return pinned().images.registry as NonNullable<ReturnType<typeof pinned>['images'][string]>;
}
