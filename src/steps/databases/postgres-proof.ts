import { imageOf } from '../../charts/catalogue.ts';
import { digestOf, mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id, Json } from '../../engine/types.ts';
import type { KubeManifest } from '../../resources/manifest.ts';
import { proof } from '../../resources/proof.ts';
import { templateData } from '../../templates.ts';
import { proofNode, settingsOf } from './database.ts';
import { clusterOf, databaseOf } from './postgres-cluster.ts';

/** Seconds until a pod with the image of the database has ended, and until an instance is back. */
const TIMEOUT_S = 900;

/** What the pod that reads prints last. */
const EXPECT = 'read after a restart';

interface Parts {
  readonly write: string;
  readonly read: string;
  readonly pod: KubeManifest;
}

/** That what is written is there after a restart. `ready`: what says that the database is. */
export function postgresProof(
  file: Cluster,
  ready: Id,
  login: { readonly namespace: string; readonly secret: string },
): Declared {
  const parts = templateData('databases/postgres-proof.yaml') as unknown as Parts;
  const node = proofNode(file);
  const { database } = settingsOf(file, 'postgres');
  const pod = (name: 'write' | 'read'): KubeManifest => {
    const { spec } = parts.pod as unknown as { spec: { containers: readonly [{ readonly env: readonly Json[] }] } };
    const [container] = spec.containers;
    const env = [...container.env, { name: 'PGDATABASE', value: database }];
    const containers = [{ ...container, image: imageOf('postgis'), command: ['sh', '-c', parts[name]], env }];
    const placed = { nodeSelector: { 'kubernetes.io/hostname': node }, containers };
    return mergeValues(parts.pod, { metadata: { name: `postgres-${name}` }, spec: placed }) as KubeManifest;
  };
  return proof({
    id: 'databases/proof-postgres@cluster',
    on: 'cluster',
    needs: [ready],
    what: 'PostgreSQL keeps what is written over a restart',
    node,
    inputs: { cluster: digestOf(clusterOf(file)), database: digestOf(databaseOf(file)) },
    objects: [pod('write'), pod('read')],
    pod: 'postgres-read',
    expect: EXPECT,
    timeoutS: TIMEOUT_S,
    restart: { after: 'postgres-write', namespace: login.namespace, pods: 'cnpg.io/instanceRole=primary' },
    secrets: [{ namespace: login.namespace, name: login.secret }],
  });
}
