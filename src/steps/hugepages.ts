import type { Cluster } from '../config/schema.ts';
import { openNodes } from './open-nodes.ts';

/** MiB of hugepages for one instance of PostgreSQL: more than its shared_buffers. storage-and-databases sheet, 3.1 */
const POSTGRES_MI = 512;

/**
 * What PostgreSQL does about hugepages, which machines have for Mayastor. It stays away from them where there are enough
 * others; else each instance asks for some, which the machines then have to keep besides those of Mayastor.
 * facts: storage-and-databases sheet, 3.1; platform sheet, 5 (11)
 */
export function hugepagesOf({ nodes, storage, databases }: Cluster): {
  readonly keepsAway: boolean;
  /** MiB for each instance; 0: none. */
  readonly limitMi: number;
  /** Machines of the file that its pods may not come to because of that. */
  readonly closed: readonly string[];
} {
  const engines = new Set(storage?.mayastor?.pools.map(({ node }) => node));
  const { postgres } = databases ?? {};
  if (!postgres || engines.size === 0) return { keepsAway: false, limitMi: 0, closed: [] };
  const others = openNodes(nodes).filter(({ name }) => !engines.has(name)).length;
  const keepsAway = others >= postgres.instances;
  // A pod that asks for hugepages finds some on these machines only.
  const closed = nodes.map(({ name }) => name).filter((name) => engines.has(name) === keepsAway);
  return { keepsAway, limitMi: keepsAway ? 0 : POSTGRES_MI, closed };
}
