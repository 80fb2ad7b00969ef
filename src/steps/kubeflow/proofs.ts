import type { Cluster } from '../../config/schema.ts';
import type { Declared } from '../../engine/types.ts';

export function proofs(_file: Cluster): Declared[] {
  return [];
}
