import type { Cluster } from '../../config/schema.ts';
import type { Declared } from '../../engine/types.ts';

export function profiles(_file: Cluster): Declared[] {
  return [];
}
