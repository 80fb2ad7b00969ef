import type { Cluster, STORAGE_CLASSES } from '../../config/schema.ts';
import type { Declared, Id, Load } from '../../engine/types.ts';

export type ClassName = (typeof STORAGE_CLASSES)[number];
export type Storage = NonNullable<Cluster['storage']>;

/** One way to volumes, and the class of claims that it brings. A pure function of the cluster file, like its step. */
export interface Provisioner {
  readonly className: ClassName;
  isAskedFor(file: Cluster): boolean;
  /** What it installs. Only for a file that asks for it. */
  resources(file: Cluster): readonly Declared[];
  /** Its class can be claimed from once this is ok: one of its resources. */
  readonly ready: Id;
  /** What its pods ask for. Only for a file that asks for it. */
  asksFor(file: Cluster): readonly Load[];
}

/** The class of claims that name none: the one that the file says, else the first of `STORAGE_CLASSES` that it asks for. */
export function defaultClass({ openebs, hostpath, mayastor, defaultClass: named }: Storage): ClassName {
  if (named !== undefined) return named;
  if (openebs) return 'openebs-hostpath';
  if (hostpath) return 'microk8s-hostpath';
  return mayastor ? 'openebs-single-replica' : 'nfs-csi';
}
