import { type Data, mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id } from '../../engine/types.ts';
import type { HeldData } from '../../resources/held-data.ts';
import { type KubeManifest, manifest } from '../../resources/manifest.ts';
import { templateData } from '../../templates.ts';
import { classOf, settingsOf } from './database.ts';

/** Databases whose data is in one claim of ours; the namespace has the name of the database. */
export type Single = 'redis' | 'milvus' | 'dynamodb';

export function claimOf(name: Single): string {
  return `${name}-data`;
}

export function volumeId(name: Single): Id {
  return `databases/${name}-data@cluster`;
}

/** What goes with the database when the user gives it up. */
export function dataOf(name: Single): HeldData {
  return { name, namespace: name, claims: claimOf(name) };
}

/** The namespace and the claim. `annotations`: what the claim is to remember. */
export function volume(file: Cluster, name: Single, annotations: Data = {}): Declared {
  const { objects } = templateData('databases/volume.yaml') as unknown as { objects: readonly KubeManifest[] };
  const claim = {
    metadata: { name: claimOf(name), namespace: name, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: {
      storageClassName: classOf(file, name),
      resources: { requests: { storage: `${settingsOf(file, name).sizeGi}Gi` } },
    },
  };
  return manifest({
    id: volumeId(name),
    on: 'cluster',
    needs: ['microk8s/member@*', 'capacity/room@cluster', 'storage/default-class@cluster'],
    holds: dataOf(name),
    objects: objects.map(
      (it) => mergeValues(it, it.kind === 'Namespace' ? { metadata: { name } } : claim) as KubeManifest,
    ),
  });
}
