import { devboxBeside, devboxUser, memberDevbox } from '../../config/machines.ts';
import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id } from '../../engine/types.ts';
import type { Placed } from '../../resources/declare.ts';
import type { Named } from '../network/names.ts';

/** The machine that `devbox:` is about, and what its parts need to know of it. */
export interface Box {
  readonly file: Cluster;
  readonly devbox: NonNullable<Cluster['devbox']>;
  /** Its name in ids. */
  readonly host: string;
  /** Account whose tools these are. */
  readonly user: string;
  /** It is a member of the cluster as well: MicroK8s runs beside the tools. */
  readonly isMember: boolean;
  /** Services of the cluster that have names. */
  readonly named: readonly Named[];
  /** A resource of the step on it; `needs` are names of others of the step. */
  at(name: string, ...needs: string[]): Placed;
}

/** One subject of the step. */
export type Part = (box: Box) => Declared[];

/** Undefined when the file asks for none. */
export function boxOf(file: Cluster, named: readonly Named[]): Box | undefined {
  const { devbox } = file;
  const member = memberDevbox(file);
  const host = (member ?? devboxBeside(file))?.name;
  const user = devboxUser(file);
  if (!devbox || host === undefined || user === undefined) return undefined;
  const id = (name: string): Id => `devbox/${name}@${host}`;
  const at = (name: string, ...needs: string[]): Placed => ({ id: id(name), on: { host }, needs: needs.map(id) });
  return { file, devbox, host, user, isMember: member !== undefined, named, at };
}
