import { digestOf } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id } from '../../engine/types.ts';
import { diskPools, type Pool } from '../../resources/disk-pools.ts';
import { manifest } from '../../resources/manifest.ts';
import { engineNodes, machinesReady, mayastorMachines } from './mayastor-machines.ts';
import { MAYASTOR_CLASSES, OPENEBS_NAMESPACE, openebsRelease } from './openebs-release.ts';
import type { Provisioner } from './provisioner.ts';

const POOLS: Id = 'storage/pools@cluster';

/** Pods of each io-engine, and those that steer them, ask for so much: platform sheet, section 3. */
const PER_ENGINE = { cpu: 2000, memory: 3072 };
const ONCE = { cpu: 1500, memory: 2048 };

/** Volumes with copies on several machines, on disks of their own. facts: storage-and-databases sheet, 2.3 */
export const mayastor: Provisioner = {
  className: 'openebs-single-replica',
  ready: POOLS,
  isAskedFor: (file) => file.storage?.mayastor !== undefined,
  resources,
  asksFor: (file) => {
    const engines = engineNodes(file).length;
    const sum = (key: 'cpu' | 'memory') => ONCE[key] + engines * PER_ENGINE[key];
    return [{ name: 'Mayastor', cpu: sum('cpu'), memory: sum('memory') }];
  },
};

function resources(file: Cluster): Declared[] {
  const needs: Id[] = ['storage/openebs@cluster'];
  return [
    ...mayastorMachines(file),
    ...(file.storage?.openebs ? [] : openebsRelease(file)),
    diskPools({
      // Undone before what its engines need: who deletes a pool needs the engine on its disk.
      ...{ id: POOLS, on: 'cluster', needs: [...needs, ...machinesReady] },
      namespace: OPENEBS_NAMESPACE,
      pools: pools(file),
      classes: MAYASTOR_CLASSES,
    }),
    manifest({ id: 'storage/mayastor-3@cluster', on: 'cluster', needs, objects: [THREE_COPIES] }),
  ];
}

/** The name stays when lines of the file move, and tells the machine. */
function pools(file: Cluster): Pool[] {
  const listed = file.storage?.mayastor?.pools ?? [];
  return listed.map(({ node, disk }) => ({ name: `${node}-${digestOf(disk).slice(0, 8)}`, node, disk }));
}

/** The chart brings a class with a single copy only. */
const THREE_COPIES = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'mayastor-3' },
  provisioner: 'io.openebs.csi-mayastor',
  parameters: { protocol: 'nvmf', repl: '3' },
  reclaimPolicy: 'Delete',
};
