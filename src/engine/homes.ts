import { DEVBOX } from '../config/machines.ts';
import { placeKey, placeOf } from '../resources/places.ts';
import type { Id, InventoryRecord, Where } from './types.ts';

/** Who may keep records of what. */
export interface Homes {
  /** Names of the machines of the file. */
  readonly machines: readonly string[];
  /** Place of each thing that the file asks for. */
  readonly places: ReadonlyMap<Id, string>;
  /** Names of the kinds that live in the cluster. */
  readonly inCluster: ReadonlySet<string>;
}

/**
 * True when `on` may keep that record. What a place says about another one is not its own to say: whether a join there
 * was begun, for example. Of what the file asks for it is known who keeps it.
 */
export function mayKeep(on: Where, { id, kind }: Pick<InventoryRecord, 'id' | 'kind'>, homes: Homes): boolean {
  const place = homes.places.get(id);
  if (place !== undefined) return place === placeKey(on);
  const about = placeOf(id);
  if (about === placeKey(on)) return true;
  // In the cluster there are things of one machine each: labels, proofs.
  if (on === 'cluster') return about !== 'workstation' && homes.inCluster.has(kind);
  // It notes which computer is the devbox.
  if (on === 'workstation') return about === DEVBOX;
  // A machine may have been renamed since; the cluster and the workstation never are.
  return ![...homes.machines, 'cluster', 'workstation'].includes(about);
}
