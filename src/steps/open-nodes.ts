import type { ClusterNode } from '../config/schema.ts';

/** Machines that take pods which tolerate nothing. */
export function openNodes(nodes: readonly ClusterNode[]): readonly ClusterNode[] {
  return nodes.filter(({ taints }) => taints.every(({ effect }) => effect === 'PreferNoSchedule'));
}
