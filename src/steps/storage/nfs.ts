import { chartOf } from '../../charts/catalogue.ts';
import { mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import { defaultClass } from '../../config/storage-classes.ts';
import type { Declared } from '../../engine/types.ts';
import { type KubeManifest, manifest } from '../../resources/manifest.ts';
import { DEFAULT_CLASS } from '../../resources/storage-class.ts';
import { templateData } from '../../templates.ts';
import { release } from '../release.ts';
import type { Provisioner } from './provisioner.ts';

/** Seconds until the pods of the driver are ready: their images come over the line of a home. */
const READY_S = 900;

/** Folders on a server that is there already. facts: storage-and-databases sheet, 2.6 */
export const nfs: Provisioner = {
  className: 'nfs-csi',
  ready: 'storage/nfs-class@cluster',
  isAskedFor: (file) => file.storage?.nfs !== undefined,
  resources: (file) => [
    release(file, 'csi-driver-nfs', {
      id: 'storage/nfs@cluster',
      needs: ['node/packages@*'],
      release: 'csi-driver-nfs',
      namespace: 'kube-system',
      values: templateData('storage/nfs.yaml'),
      readyS: READY_S,
      classes: ['nfs-csi'],
    }),
    classOf(file),
  ],
  asksFor: () => [{ name: 'NFS', ...chartOf('csi-driver-nfs').requests }],
};

/** Not by the chart: what a class says cannot be changed, and Helm would fail at every upgrade with another server. */
function classOf({ storage }: Cluster): Declared {
  const { server = '', share = '' } = storage?.nfs ?? {};
  const isDefault = storage !== undefined && defaultClass(storage) === 'nfs-csi';
  const patched = mergeValues(templateData('storage/nfs-class.yaml'), {
    metadata: { annotations: { [DEFAULT_CLASS]: String(isDefault) } },
    parameters: { server, share },
  });
  return manifest({
    id: 'storage/nfs-class@cluster',
    on: 'cluster',
    needs: ['storage/nfs@cluster'],
    objects: [patched as KubeManifest],
  });
}
