import { imageOf, requestsOf } from '../../charts/catalogue.ts';
import { type Data, mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import type { KubeManifest } from '../../resources/manifest.ts';
import { templateData } from '../../templates.ts';
import { hugepagesOf } from '../hugepages.ts';
import { classOf, settingsOf } from './database.ts';

/** What the Cluster is called, and where it is: as in the template. */
export const CLUSTER = 'postgres';
export const NAMESPACE = 'postgres';

type Parts = Readonly<Record<'cluster' | 'database', KubeManifest>>;
const parts = () => templateData('databases/postgres.yaml') as unknown as Parts;

/** The instances, their volumes and their login. */
export function clusterOf(file: Cluster): KubeManifest {
  const { instances, sizeGi, database } = settingsOf(file, 'postgres');
  const { cpu, memory } = requestsOf('postgis');
  const { limitMi, keepsAway } = hugepagesOf(file);
  const spec: Data = {
    instances,
    imageName: imageOf('postgis'),
    bootstrap: { initdb: { database, owner: database } },
    storage: { size: `${sizeGi}Gi`, storageClass: classOf(file, 'postgres') },
    resources: {
      requests: { cpu: `${cpu}m`, memory: `${memory}Mi` },
      ...(limitMi > 0 ? { limits: { 'hugepages-2Mi': `${limitMi}Mi` } } : {}),
    },
    ...(keepsAway ? { affinity: { nodeAffinity: AWAY } } : {}),
  };
  return mergeValues(parts().cluster, { spec }) as KubeManifest;
}

/** Not where Mayastor's engine is: on a machine with hugepages an initdb that may have none dies. sheet, 5/19 */
const AWAY: Data = {
  requiredDuringSchedulingIgnoredDuringExecution: {
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'openebs.io/engine', operator: 'NotIn', values: ['mayastor'] }] }],
  },
};

export function databaseOf(file: Cluster): KubeManifest {
  const { database, extensions } = settingsOf(file, 'postgres');
  const names = [...new Set(extensions)].map((name) => ({ name }));
  const spec = { name: database, owner: database, ...(names.length > 0 ? { extensions: names } : {}) };
  return mergeValues(parts().database, { spec }) as KubeManifest;
}
