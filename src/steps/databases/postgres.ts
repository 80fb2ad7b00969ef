import { chartOf, requestsOf } from '../../charts/catalogue.ts';
import { mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id, Load, Service } from '../../engine/types.ts';
import { anew, type HeldData } from '../../resources/held-data.ts';
import { type KubeManifest, manifest } from '../../resources/manifest.ts';
import { postgresCluster } from '../../resources/postgres-cluster.ts';
import { secret } from '../../resources/secret.ts';
import { quote } from '../../shell/script.ts';
import { templateData } from '../../templates.ts';
import { beforeMonitors, STACK } from '../monitoring/names.ts';
import { release } from '../release.ts';
import { type Database, settingsOf } from './database.ts';
import { outlives } from './outlives.ts';
import { checksOf } from './postgres-checks.ts';
import { CLUSTER, clusterOf, databaseOf, NAMESPACE } from './postgres-cluster.ts';

/** Seconds until the operator is ready, and until it made a database: an image of half a GiB over the line of a home. */
const OPERATOR_READY_S = 900;
const READY_S = 1800;
/** Seconds until an instance is back, and until a pod with its image has ended. */
const RESTART_S = 600;
/** Seconds until its webhook answers, which is some time after its pod is ready. storage-and-databases sheet, 3.1 */
const WEBHOOK_S = 300;

const LOGIN = { secret: 'postgres-login', passwordKey: 'password', userKey: 'username' } as const;
/** Label of all that belongs to that Cluster: pods and claims. */
const OURS = `cnpg.io/cluster=${CLUSTER}`;
const DATA: HeldData = { name: 'postgres', namespace: NAMESPACE, claims: OURS };

const PLACE: Id = 'databases/postgres-namespace@cluster';
const OPERATOR: Id = 'databases/postgres-operator@cluster';
const SECRET: Id = 'databases/postgres-login@cluster';
const POSTGRES: Id = 'databases/postgres@cluster';
const READY: Id = 'databases/postgres-ready@cluster';

/** PostgreSQL by CloudNativePG. facts: storage-and-databases sheet, 3.1; platform sheet, 2 */
export const postgres: Database<'postgres'> = { name: 'postgres', resources, asksFor, services };

function resources(file: Cluster): Declared[] {
  const { database, instances } = settingsOf(file, 'postgres');
  const cluster = clusterOf(file);
  const checks = checksOf(file);
  const checked = checks.map(({ id }) => id);
  return [
    manifest({
      id: PLACE,
      on: 'cluster',
      needs: ['microk8s/member@*'],
      objects: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }],
      holds: DATA,
    }),
    ...checks,
    secret({
      id: SECRET,
      on: 'cluster',
      needs: [PLACE, ...checked],
      namespace: NAMESPACE,
      name: LOGIN.secret,
      // The operator takes its user for the owner, and with that label a new password for one to be set.
      fixed: { [LOGIN.userKey]: database },
      type: 'kubernetes.io/basic-auth',
      labels: { 'cnpg.io/reload': 'true' },
      generated: [LOGIN.passwordKey],
      knownTo: OURS,
      database: 'postgres',
      stillIn: 'look for it in the programs that log in with it, or in their Secrets: PostgreSQL itself cannot tell it',
      anew: anew('postgres'),
    }),
    release(file, 'cloudnative-pg', {
      id: OPERATOR,
      needs: beforeMonitors(file),
      release: 'cnpg',
      namespace: 'cnpg-system',
      values: mergeValues(templateData('databases/postgres-operator.yaml'), {
        monitoring: { podMonitorEnabled: file.monitoring !== undefined },
      }),
      readyS: OPERATOR_READY_S,
      looksAfter: { type: 'clusters.postgresql.cnpg.io', called: 'Cluster', own: `${NAMESPACE}/${CLUSTER}` },
    }),
    manifest({
      id: POSTGRES,
      on: 'cluster',
      needs: [OPERATOR, SECRET, ...checked, 'storage/default-class@cluster'],
      objects: [cluster, databaseOf(file)],
      admittedS: WEBHOOK_S,
      data: DATA,
    }),
    postgresCluster({
      id: READY,
      on: 'cluster',
      needs: [POSTGRES],
      namespace: NAMESPACE,
      cluster: CLUSTER,
      instances,
      readyS: READY_S,
      anew: anew('postgres'),
    }),
    ...monitoring(file),
    outlives({ name: 'postgres', title: 'PostgreSQL', about: cluster, ready: READY, timeoutS: RESTART_S }),
  ];
}

function monitoring(file: Cluster): Declared[] {
  if (!file.monitoring) return [];
  const { objects } = templateData('databases/postgres-monitoring.yaml') as unknown as {
    objects: readonly KubeManifest[];
  };
  // The webhook of Prometheus' operator looks at rules before they are taken.
  return [manifest({ id: 'databases/postgres-monitoring@cluster', on: 'cluster', needs: [POSTGRES, STACK], objects })];
}

function asksFor(file: Cluster): Load[] {
  const { instances, sizeGi } = settingsOf(file, 'postgres');
  const { cpu = 0, memory = 0 } = requestsOf('postgis');
  return [
    { name: 'CloudNativePG', ...chartOf('cloudnative-pg').requests },
    { name: 'PostgreSQL', cpu: cpu * instances, memory: memory * instances, disk: sizeGi * instances },
  ];
}

function services(file: Cluster): Service[] {
  const { database } = settingsOf(file, 'postgres');
  // The database is called as its owner is.
  const url = (port: number, user: string, login: string) =>
    `postgresql://${login}@127.0.0.1:${port}/${encodeURIComponent(user)}`;
  return [
    {
      ...{ name: 'postgres', namespace: NAMESPACE, service: `${CLUSTER}-rw`, port: 5432, web: false },
      login: { ...LOGIN, user: database },
      client: (port, password, user) => ({
        url: url(port, user, `${encodeURIComponent(user)}:${encodeURIComponent(password)}`),
        // Everybody on that machine may list arguments, and nobody else its environment.
        command: `PGPASSWORD=${quote(password)} psql ${url(port, user, encodeURIComponent(user))}`,
      }),
    },
  ];
}
