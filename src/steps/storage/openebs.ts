import { chartOf } from '../../charts/catalogue.ts';
import { type Data, mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import { templateData } from '../../templates.ts';
import { release } from '../release.ts';
import type { Provisioner } from './provisioner.ts';

/** Seconds until the pods of OpenEBS are ready: their images come over the line of a home. */
const READY_S = 900;

/** Folders below `node.dataDir`, made where the pod runs. facts: storage-and-databases sheet, 2.2 */
export const openebs: Provisioner = {
  className: 'openebs-hostpath',
  ready: 'storage/openebs@cluster',
  isAskedFor: (file) => file.storage?.openebs === true,
  resources: (file) => [
    release(file, 'openebs', {
      id: 'storage/openebs@cluster',
      needs: ['node/data-dir@*'],
      release: 'openebs',
      namespace: 'openebs',
      values: values(file),
      readyS: READY_S,
      classes: ['openebs-hostpath'],
    }),
  ],
  asksFor: () => [{ name: 'OpenEBS', ...chartOf('openebs').requests }],
};

function values(file: Cluster): Data {
  const folder = { 'localpv-provisioner': { localpv: { basePath: file.node.dataDir } } };
  return mergeValues(templateData('storage/openebs.yaml'), folder);
}
