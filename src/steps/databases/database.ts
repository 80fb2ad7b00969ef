import type { Cluster } from '../../config/schema.ts';
import { defaultClass } from '../../config/storage-classes.ts';
import type { Declared, Load, Service } from '../../engine/types.ts';

type Databases = NonNullable<Cluster['databases']>;
export type DatabaseName = keyof Databases;

/** One database of the section. A pure function of the cluster file, like its step. */
export interface Database<Name extends DatabaseName = DatabaseName> {
  readonly name: Name;
  /** What it installs, and the proof that it keeps what is written. These three only for a file that names it. */
  resources(file: Cluster): readonly Declared[];
  /** What its pods ask for. */
  asksFor(file: Cluster): readonly Load[];
  /** What people open or connect to: the database has its own name, and a `client`. */
  services(file: Cluster): readonly Service[];
}

/** The settings of a database that the file names. */
export function settingsOf<Name extends DatabaseName>(file: Cluster, name: Name): NonNullable<Databases[Name]> {
  const settings = file.databases?.[name];
  if (!settings) throw new Error(`the file names no ${name}`);
  return settings;
}

/** Where its volume is. The file is refused when it has no section storage. */
export function classOf(file: Cluster, name: DatabaseName): string {
  return settingsOf(file, name).storageClass ?? (file.storage ? defaultClass(file.storage) : '');
}
