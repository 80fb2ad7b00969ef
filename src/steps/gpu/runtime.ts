import type { Cluster } from '../../config/schema.ts';
import type { Declared } from '../../engine/types.ts';
import { containerToolkit } from '../../resources/container-toolkit.ts';
import { modeOf } from './cluster.ts';

/** What the light way needs on each machine with an NVIDIA card; the operator brings it in a container. */
export function onMachines(file: Cluster): Declared[] {
  if (!file.gpu || modeOf(file) === 'operator') return [];
  return file.nodes.map(({ name }) =>
    containerToolkit({
      id: `gpu/toolkit@${name}`,
      on: { host: name },
      needs: [`node/packages@${name}`, `gpu/driver@${name}`, 'gpu/lone-nfd@cluster'],
    }),
  );
}
