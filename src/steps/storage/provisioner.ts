import type { Cluster } from '../../config/schema.ts';
import type { ClassName } from '../../config/storage-classes.ts';
import type { Declared, Id, Load } from '../../engine/types.ts';

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
