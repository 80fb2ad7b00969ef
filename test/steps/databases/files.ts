import type { Cluster } from '../../../src/config/schema.ts';
import type { Declared } from '../../../src/engine/types.ts';
import type { HelmReleaseSpec } from '../../../src/resources/helm-release.ts';
import type { KubeManifest } from '../../../src/resources/manifest.ts';
import { databasesStep } from '../../../src/steps/databases/index.ts';
import { cluster, node } from '../../resources/world.ts';

type Databases = NonNullable<Cluster['databases']>;

export const nodes = [node('rig1', { role: 'control-plane' }), node('rig2'), node('rig3')];
export const storage = { openebs: true, hostpath: false };

/** A file with these databases, as the defaults of the schema fill them in. */
export const POSTGRES: NonNullable<Databases['postgres']> = {
  instances: 1,
  sizeGi: 10,
  database: 'app',
  extensions: ['vector', 'postgis'],
};
export const REDIS: NonNullable<Databases['redis']> = { sizeGi: 4, memoryMi: 512, commander: true };
export const MILVUS: NonNullable<Databases['milvus']> = { sizeGi: 50, memoryMi: 4096, attu: true };
export const DYNAMODB: NonNullable<Databases['dynamodb']> = { sizeGi: 5 };

export function file(databases: Databases, more: Partial<Cluster> = {}): Cluster {
  return cluster(nodes, { storage, databases, ...more });
}

export function resourceOf(of: Cluster, name: string): Declared {
  const found = databasesStep.resources(of).find(({ id }) => id === `databases/${name}@cluster`);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
}

export const releaseOf = (of: Cluster, name: string): HelmReleaseSpec =>
  resourceOf(of, name).spec as unknown as HelmReleaseSpec;

export const objectsOf = (of: Cluster, name: string): readonly KubeManifest[] =>
  (resourceOf(of, name).spec as unknown as { objects: readonly KubeManifest[] }).objects;

/** What stands at a path of words with dots between. */
export const at = (values: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], values);

/** The one container of the Deployment among objects, and what is around it. */
export function podOf(objects: readonly KubeManifest[]) {
  const deployment = objects.find(({ kind }) => kind === 'Deployment') as unknown as {
    spec: {
      strategy?: object;
      template: { spec: Record<string, unknown> & { containers: Record<string, unknown>[] } };
    };
  };
  const pod = deployment.spec.template.spec;
  return { strategy: deployment.spec.strategy, pod, container: pod.containers[0] as Record<string, unknown> };
}
