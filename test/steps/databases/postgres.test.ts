import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/config/schema.ts';
import { checkNeeds } from '../../../src/engine/judge.ts';
import type { Declared } from '../../../src/engine/types.ts';
import type { HelmReleaseSpec } from '../../../src/resources/helm-release.ts';
import type { ProofSpec } from '../../../src/resources/proof.ts';
import { databasesStep } from '../../../src/steps/databases/index.ts';
import { steps } from '../../../src/steps/index.ts';
import { cluster, node } from '../../resources/world.ts';
import { file, nodes, objectsOf, POSTGRES, resourceOf, storage } from './files.ts';

type Postgres = typeof POSTGRES;
type Data = Record<string, unknown>;
const of = (more: Partial<Postgres> = {}, rest: Partial<Cluster> = {}) =>
  file({ postgres: { ...POSTGRES, ...more } }, rest);
const specOf = (it_: Cluster) =>
  objectsOf(it_, 'postgres')[0]?.spec as unknown as Data & { resources: { limits: Data } };

it('is a namespace, the name that it keeps, a login, the operator, the Cluster, whether it is ready, and a proof', () => {
  const ids = databasesStep.resources(of()).map(({ id }) => id);
  expect(ids).toEqual([
    'databases/postgres-namespace@cluster',
    'databases/postgres-name@cluster',
    'databases/postgres-size@cluster',
    'databases/postgres-login@cluster',
    'databases/postgres-operator@cluster',
    'databases/postgres@cluster',
    'databases/postgres-ready@cluster',
    'databases/proof-postgres@cluster',
  ]);
  const watched = of({}, { monitoring: { retentionDays: 15, sizeGi: 20, pushgateway: true, alerts: {} } });
  expect(databasesStep.resources(watched).map(({ id }) => id)).toContain('databases/postgres-monitoring@cluster');
  expect((resourceOf(watched, 'postgres-operator').spec as unknown as HelmReleaseSpec).values).toMatchObject({
    monitoring: { podMonitorEnabled: true },
  });
  for (const one of [of(), watched])
    expect(() => checkNeeds(steps.flatMap((step) => step.resources(one)))).not.toThrow();
});

describe('the traps of the sheet', () => {
  it('3.1: keeps instances apart by a label that nodes of MicroK8s have, and nobody is superuser', () => {
    expect(specOf(of())).toMatchObject({
      enableSuperuserAccess: false,
      imageName: 'ghcr.io/cloudnative-pg/postgis:18.6-3.6.2-system-trixie',
      affinity: { topologyKey: 'kubernetes.io/hostname', podAntiAffinityType: 'required' },
    });
  });

  it('3.1: names the class of its volumes', () => {
    expect(specOf(of()).storage).toEqual({
      ...{ size: '10Gi', storageClass: 'openebs-hostpath' },
      // A class that cannot make volumes larger would stop the operator.
      resizeInUseVolumes: false,
    });
    expect(specOf(of({ storageClass: 'nfs-csi' })).storage).toMatchObject({ storageClass: 'nfs-csi' });
  });

  it('does not ask its operator to make volumes smaller, which is refused at every try', () => {
    const size = resourceOf(of({ sizeGi: 5 }), 'postgres-size');
    expect(size.spec).toMatchObject({ path: '{.spec.storage.size}', value: '5Gi', mayGrow: true });
    expect(resourceOf(of(), 'postgres').needs).toContain(size.id);
  });

  it('3.1: has a login of its own, whose user is the owner, and which is made once', () => {
    expect(specOf(of({ database: 'shop' })).bootstrap).toEqual({
      initdb: { database: 'shop', owner: 'shop', secret: { name: 'postgres-login' } },
    });
    expect(resourceOf(of({ database: 'shop' }), 'postgres-login').spec).toMatchObject({
      ...{ type: 'kubernetes.io/basic-auth', fixed: { username: 'shop' }, generated: ['password'] },
      ...{ labels: { 'cnpg.io/reload': 'true' }, knownTo: 'cnpg.io/cluster=postgres' },
    });
  });

  it('3.1: touches neither the login nor the Cluster under another name than the data has', () => {
    expect(resourceOf(of({ database: 'shop' }), 'postgres-name').spec).toMatchObject({
      ...{ type: 'clusters.postgresql.cnpg.io', name: 'postgres', value: 'shop' },
      path: '{.spec.bootstrap.initdb.database}',
    });
    expect(resourceOf(of(), 'postgres-login').needs).toContain('databases/postgres-name@cluster');
    expect(resourceOf(of(), 'postgres').needs).toContain('databases/postgres-login@cluster');
  });

  it('3.1: waits for the webhook of the operator', () => {
    expect(resourceOf(of(), 'postgres')).toMatchObject({
      needs: expect.arrayContaining(['databases/postgres-operator@cluster']),
      spec: { admittedS: 300 },
    });
  });

  it('3.1: has the extensions of the file, each once, and none when it names none', () => {
    const extensionsOf = (it_: Cluster) => (objectsOf(it_, 'postgres')[1] as unknown as { spec: Data }).spec.extensions;
    expect(extensionsOf(of())).toEqual([{ name: 'vector' }, { name: 'postgis' }]);
    expect(extensionsOf(of({ extensions: ['vector', 'vector'] }))).toEqual([{ name: 'vector' }]);
    expect(extensionsOf(of({ extensions: [] }))).toBeUndefined();
  });

  it('3.1: gives its data up only when it is named', () => {
    expect(resourceOf(of(), 'postgres').spec).toMatchObject({
      data: { name: 'postgres', namespace: 'postgres', claims: 'cnpg.io/cluster=postgres' },
    });
  });
});

describe('5/19: hugepages', () => {
  const pool = (name: string) => ({ node: name, disk: '/dev/disk/by-id/ata-A' });
  const withPools = { ...storage, mayastor: { pools: [pool('rig1'), pool('rig2'), pool('rig3')] } };
  const pages = (it_: Cluster) =>
    steps
      .flatMap((step) => step.resources(it_))
      .flatMap(({ kind, spec }) => (kind === 'hugepages' ? [(spec as { pages: number }).pages] : []));

  it('are of no concern where no machine has any', () => {
    expect(specOf(of()).resources.limits).toEqual({ memory: '1Gi' });
    expect(specOf(of()).affinity).not.toHaveProperty('nodeAffinity');
    expect(databasesStep.resources(of()).map(({ kind }) => kind)).not.toContain('volume-places');
  });

  it('are kept away from where other machines can take all instances', () => {
    const four = cluster([...nodes, node('rig4')], { storage: withPools, databases: { postgres: POSTGRES } });
    expect(specOf(four).affinity).toMatchObject({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'openebs.io/engine', operator: 'NotIn', values: ['mayastor'] }] },
          ],
        },
      },
    });
    expect(specOf(four).resources.limits).toEqual({ memory: '1Gi' });
    expect(pages(four)).toEqual([1024, 1024, 1024]);
  });

  it.each([
    ['kept away from, with one machine besides', 1, ['rig1', 'rig2', 'rig3']],
    ['asked for, when it is too few', 2, ['rig4']],
  ])('are %s: volumes on the wrong side are refused', (_, instances, closed) => {
    const databases = { postgres: { ...POSTGRES, instances } };
    const four = cluster([...nodes, node('rig4')], { storage: withPools, databases });
    const volumes = resourceOf(four, 'postgres-volumes');
    expect(volumes.spec).toMatchObject({ namespace: 'postgres', claims: 'postgres-', closed });
    expect(resourceOf(four, 'postgres').needs).toContain(volumes.id);
  });

  it('are asked for, and kept besides those of Mayastor, where they cannot be avoided', () => {
    const three = of({}, { storage: withPools });
    expect(specOf(three).resources.limits).toEqual({ memory: '1Gi', 'hugepages-2Mi': '512Mi' });
    expect(specOf(three).postgresql).toEqual({ parameters: { shared_buffers: '128MB' } });
    expect(specOf(three).affinity).not.toHaveProperty('nodeAffinity');
    expect(pages(three)).toEqual([1280, 1280, 1280]);
    expect(pages(cluster(nodes, { storage: withPools }))).toEqual([1024, 1024, 1024]);
  });

  it('count only machines that take its pods', () => {
    const tainted = node('rig4', { taints: [{ key: 'gpu', value: '', effect: 'NoSchedule' }] });
    const it_ = cluster([...nodes, tainted], { storage: withPools, databases: { postgres: POSTGRES } });
    expect(specOf(it_).resources.limits).toHaveProperty('hugepages-2Mi');
  });
});

it('is proved when it is ready, by a restart of the primary', () => {
  const { needs, spec } = resourceOf(of(), 'proof-postgres') as unknown as Declared<ProofSpec>;
  expect(needs).toEqual(['databases/postgres-ready@cluster']);
  expect(spec.restart).toEqual({
    after: 'postgres-write',
    namespace: 'postgres',
    pods: 'cnpg.io/cluster=postgres,cnpg.io/instanceRole=primary',
  });
  expect(spec.secrets).toEqual([{ namespace: 'postgres', name: 'postgres-login' }]);
});

it('is reached from here with a URL', () => {
  const [service] = databasesStep.services?.(of({ database: 'shop' })) ?? [];
  expect(service).toMatchObject({
    ...{ name: 'postgres', namespace: 'postgres', service: 'postgres-rw', port: 5432, web: false },
    login: { secret: 'postgres-login', user: 'shop', passwordKey: 'password', userKey: 'username' },
  });
  expect(service?.client?.(7004, 'abc', 'shop')).toEqual({
    url: 'postgresql://shop:abc@127.0.0.1:7004/shop',
    command: 'PGPASSWORD=abc psql postgresql://shop@127.0.0.1:7004/shop',
  });
  // The Secret says who it is: the file may ask for another one, which is refused.
  expect(service?.client?.(7004, 'abc', 'app').url).toBe('postgresql://app:abc@127.0.0.1:7004/app');
  // Somebody else may have put it into the Secret.
  expect(service?.client?.(7004, 'a b/@', 'shop')).toEqual({
    url: 'postgresql://shop:a%20b%2F%40@127.0.0.1:7004/shop',
    command: "PGPASSWORD='a b/@' psql postgresql://shop@127.0.0.1:7004/shop",
  });
});

it('asks for what its pods ask for, once for each instance', () => {
  expect(databasesStep.asksFor?.(of({ instances: 3 }))).toEqual([
    { name: 'CloudNativePG', cpu: 50, memory: 128 },
    { name: 'PostgreSQL', cpu: 750, memory: 1536, disk: 30 },
  ]);
});
