import type { Cluster } from '../../config/schema.ts';
import type { Declared } from '../../engine/types.ts';
import { anew } from '../../resources/held-data.ts';
import { madeWith } from '../../resources/made-with.ts';
import { volumePlaces } from '../../resources/volume-places.ts';
import { hugepagesOf } from '../hugepages.ts';
import { settingsOf } from './database.ts';
import { CLUSTER, NAMESPACE } from './postgres-cluster.ts';

/** Where it stands what the data was made with. */
const MADE = {
  on: 'cluster',
  needs: [],
  namespace: NAMESPACE,
  type: 'clusters.postgresql.cnpg.io',
  called: 'Cluster',
  name: CLUSTER,
} as const;

/** What the file may not ask for, for the data that is there. */
export function checksOf(file: Cluster): Declared[] {
  const { database, sizeGi } = settingsOf(file, 'postgres');
  return [
    // The operator renames nothing, but the Secret would have another user: whoever logs in with it would be kept out.
    madeWith({
      id: 'databases/postgres-name@cluster',
      ...MADE,
      path: '{.spec.bootstrap.initdb.database}',
      choice: 'database name',
      value: database,
      next: ['write it into the cluster file as it was, as databases.postgres.database', anew('postgres')],
    }),
    // The operator refuses that, too, but only when all else was done.
    madeWith({
      id: 'databases/postgres-size@cluster',
      ...MADE,
      path: '{.spec.storage.size}',
      choice: 'size',
      value: `${sizeGi}Gi`,
      mayGrow: true,
      next: ['write it into the cluster file as it was, as databases.postgres.sizeGi, or larger', anew('postgres')],
    }),
    ...volumesReached(file),
  ];
}

/** Another disk for Mayastor may close a machine to PostgreSQL that holds its volume, or bring it to ask for hugepages. */
function volumesReached(file: Cluster): Declared[] {
  const { keepsAway, closed } = hugepagesOf(file);
  if (closed.length === 0) return [];
  const why = keepsAway
    ? 'it dies where there are hugepages, which machines with disks for Mayastor keep, so it stays on the others'
    : 'too few machines are without disks for Mayastor, so it asks for hugepages, which only those with some keep';
  const back = keepsAway
    ? 'take the disks of these machines out of storage.mayastor.pools before you run mlk8s up'
    : 'change storage.mayastor.pools or databases.postgres.instances back before you run mlk8s up';
  return [
    volumePlaces({
      id: 'databases/postgres-volumes@cluster',
      on: 'cluster',
      needs: [],
      namespace: NAMESPACE,
      claims: `${CLUSTER}-`,
      program: 'PostgreSQL',
      closed,
      why,
      next: [back, `or dump its data first: mlk8s connect postgres shows how to log in; ${anew('postgres')}`],
    }),
  ];
}
