import type { Cluster } from '../../config/schema.ts';
import type { Declared, Service } from '../../engine/types.ts';

export function exposure(_file: Cluster): Declared[] {
  return [];
}

export function services(_file: Cluster): Service[] {
  return [];
}
