import { type Data, mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import { defaultClass } from '../../config/storage-classes.ts';
import type { Declared, Id } from '../../engine/types.ts';
import { noPools } from '../../resources/no-pools.ts';
import { templateData } from '../../templates.ts';
import { release } from '../release.ts';
import { machinesReady } from './mayastor-machines.ts';

export const OPENEBS_NAMESPACE = 'openebs';
/** The chart's own class, and ours. facts: storage-and-databases sheet, 2.3 */
export const MAYASTOR_CLASSES = ['openebs-single-replica', 'mayastor-3'];

/** Seconds until the pods of OpenEBS are ready: their images come over the line of a home. */
const READY_S = 900;
const NO_POOLS: Id = 'storage/no-pools@cluster';

/**
 * The release that hostpath volumes and Mayastor share: Mayastor keeps its own metadata in hostpath volumes, so those are
 * there with it, too. Without Mayastor it is not touched while there are pools.
 */
export function openebsRelease(file: Cluster): Declared[] {
  const withMayastor = file.storage?.mayastor !== undefined;
  const isDefault = file.storage !== undefined && defaultClass(file.storage) === 'openebs-single-replica';
  const guard = noPools({ id: NO_POOLS, on: 'cluster', needs: [], pools: 'storage/pools@cluster' });
  return [
    ...(withMayastor ? [] : [guard]),
    release(file, 'openebs', {
      id: 'storage/openebs@cluster',
      needs: ['node/data-dir@*', ...(withMayastor ? machinesReady : [NO_POOLS])],
      release: 'openebs',
      namespace: OPENEBS_NAMESPACE,
      values: values(file, withMayastor),
      readyS: READY_S,
      classes: ['openebs-hostpath', ...(withMayastor ? MAYASTOR_CLASSES : [])],
      // Nobody else would notice that the default class was deleted, and nothing could make another one the default.
      brings: ['openebs-hostpath', ...(isDefault ? ['openebs-single-replica'] : [])],
    }),
  ];
}

function values(file: Cluster, withMayastor: boolean): Data {
  const folder = { 'localpv-provisioner': { localpv: { basePath: file.node.dataDir } } };
  const hostpath = mergeValues(templateData('storage/openebs.yaml'), folder);
  return withMayastor ? mergeValues(hostpath, templateData('storage/mayastor.yaml')) : hostpath;
}
