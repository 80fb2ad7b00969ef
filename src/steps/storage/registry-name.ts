import type { Cluster, ClusterNode } from '../../config/schema.ts';

/** The node port that MicroK8s' own registry has, too. facts: storage-and-databases sheet, 2.7 */
export const REGISTRY_PORT = 32000;

const HOST = 'registry.local';

/** Where the registry is on every machine of the cluster: `registry.local:32000`. */
export const REGISTRY = `${HOST}:${REGISTRY_PORT}`;

/**
 * Lines of /etc/hosts for it. Every machine asks itself: a node port answers on each of them, so none depends on
 * another one.
 */
export function registryHosts({ storage }: Cluster, { address }: ClusterNode): string[] {
  return storage?.registry ? [`${address} ${HOST}`] : [];
}
