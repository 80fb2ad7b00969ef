import { chartOf } from '../../charts/catalogue.ts';
import { type Data, mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import type { Load, Step } from '../../engine/types.ts';
import { templateData } from '../../templates.ts';
import { release } from '../release.ts';

/** Seconds until the pods of OpenEBS are ready: their images come over the line of a home. */
const READY_S = 900;

/** Where volumes of pods are kept. */
export const storageStep: Step = {
  name: 'storage',
  title: 'Volumes for pods',
  resources: (file) => (file.storage?.openebs ? [openebs(file)] : []),
  asksFor,
};

function openebs(file: Cluster) {
  return release(file, 'openebs', {
    id: 'storage/openebs@cluster',
    needs: ['node/data-dir@*'],
    release: 'openebs',
    namespace: 'openebs',
    values: openebsValues(file),
    readyS: READY_S,
  });
}

function openebsValues(file: Cluster): Data {
  const folder = { 'localpv-provisioner': { localpv: { basePath: file.node.dataDir } } };
  return mergeValues(templateData('storage/openebs.yaml'), folder);
}

function asksFor({ storage }: Cluster): Load[] {
  if (!storage) return [];
  return storage.openebs ? [{ name: 'OpenEBS', ...chartOf('openebs').requests }] : [];
}
