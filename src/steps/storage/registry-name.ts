/** The node port that MicroK8s' own registry has, too. facts: storage-and-databases sheet, 2.7 */
export const REGISTRY_PORT = 32000;

/** Its name on every machine of the cluster. */
export const REGISTRY_HOST = 'registry.local';

/** Where the registry is on every machine of the cluster: `registry.local:32000`. */
export const REGISTRY = `${REGISTRY_HOST}:${REGISTRY_PORT}`;
