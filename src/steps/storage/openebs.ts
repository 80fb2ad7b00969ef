import { chartOf } from '../../charts/catalogue.ts';
import { openebsRelease } from './openebs-release.ts';
import type { Provisioner } from './provisioner.ts';

/** Folders below `node.dataDir`, made where the pod runs. facts: storage-and-databases sheet, 2.2 */
export const openebs: Provisioner = {
  className: 'openebs-hostpath',
  ready: 'storage/openebs@cluster',
  isAskedFor: (file) => file.storage?.openebs === true,
  resources: openebsRelease,
  asksFor: () => [{ name: 'OpenEBS', ...chartOf('openebs').requests }],
};
