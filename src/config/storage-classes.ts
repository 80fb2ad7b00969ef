import type { Cluster } from './schema.ts';

/** The classes that claims can ask for. facts: storage sheet, 1.1 */
export const STORAGE_CLASSES = ['openebs-hostpath', 'microk8s-hostpath', 'openebs-single-replica', 'nfs-csi'] as const;

export type ClassName = (typeof STORAGE_CLASSES)[number];

/** The class of claims that name none: the one that the file says, else the first of `STORAGE_CLASSES` that it asks for. */
export function defaultClass(storage: NonNullable<Cluster['storage']>): ClassName {
  if (storage.defaultClass !== undefined) return storage.defaultClass;
  if (storage.openebs) return 'openebs-hostpath';
  if (storage.hostpath) return 'microk8s-hostpath';
  return storage.mayastor ? 'openebs-single-replica' : 'nfs-csi';
}
