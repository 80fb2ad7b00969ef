import type { Declared, Id, Where } from '../engine/types.ts';

/** The part of an id after the `@`: a host name, `cluster` or `workstation`. */
export function placeOf(id: Id): string {
  return id.slice(id.lastIndexOf('@') + 1);
}

/** The part of an id before the `/`: the step. */
export function stepOf(id: Id): string {
  return id.slice(0, id.indexOf('/'));
}

/** Name of a place as a map key; host names can never be `cluster` or `workstation` (the schema refuses them). */
export function placeKey(on: Where): string {
  return typeof on === 'string' ? on : on.host;
}

/** The host that a resource depends on to be looked after, if it is one host: its own, or the one in its id. */
export function hostOf(it: Pick<Declared, 'id' | 'on'>): string | undefined {
  if (typeof it.on === 'object') return it.on.host;
  const place = placeOf(it.id);
  return place === 'cluster' || place === 'workstation' ? undefined : place;
}
