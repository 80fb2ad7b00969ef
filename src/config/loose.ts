import type { Fault } from './rules.ts';
import type { Path } from './tree.ts';

/** A fault and where in the data it is. */
export interface Placed {
  readonly path: Path;
  readonly fault: Fault;
}

/** A mapping of the data whose values nobody has checked. */
export type Loose = Readonly<Record<string, unknown>>;

/** The mappings in a list of the data; other entries count as empty ones, so that positions stay right. */
export function listOf(value: unknown, key: string): Loose[] {
  const list = isLoose(value) ? value[key] : undefined;
  return Array.isArray(list) ? list.map((entry) => (isLoose(entry) ? entry : {})) : [];
}

/** A mapping: no list, not null. */
export function isLoose(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
