import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Cluster } from '../../../src/config/schema.ts';
import { databasesStep } from '../../../src/steps/databases/index.ts';
import { cluster, node } from '../../resources/world.ts';
import { at, file, MILVUS, objectsOf, releaseOf, resourceOf, storage } from './files.ts';

const of = file({ milvus: MILVUS });
const { values } = releaseOf(of, 'milvus');
const config = parse((values.extraConfigFiles as Record<string, string>)['user.yaml'] ?? '');

it('is checks, a volume, a password, Milvus with Attu, and a proof', () => {
  expect(databasesStep.resources(of).map(({ id }) => id)).toEqual([
    'databases/milvus-processor@cluster',
    'databases/milvus-queue@cluster',
    'databases/milvus-data@cluster',
    'databases/milvus-root@cluster',
    'databases/milvus@cluster',
    'databases/proof-milvus@cluster',
  ]);
  const without = releaseOf(file({ milvus: { ...MILVUS, attu: false } }), 'milvus');
  expect(without.values.attu).toEqual({ enabled: false });
});

describe('the traps of the sheet', () => {
  it('3.4: is one pod: no cluster, no Pulsar, no etcd and no MinIO of its own', () => {
    for (const part of ['cluster', 'pulsarv3', 'etcd', 'minio']) expect(at(values, `${part}.enabled`)).toBe(false);
  });

  it('3.4: says so of the TLS of MinIO, too, which is read even then', () => {
    expect(at(values, 'minio.tls.enabled')).toBe(false);
  });

  it('3.4: has its etcd, its queue and its data in the volume', () => {
    expect(config).toMatchObject({
      etcd: { use: { embed: true }, data: { dir: '/var/lib/milvus/etcd' } },
      common: { storageType: 'local' },
    });
    expect(at(values, 'streaming.woodpecker.storage.type')).toBe('local');
    expect(at(values, 'standalone.persistence.persistentVolumeClaim')).toEqual({ existingClaim: 'milvus-data' });
  });

  it('has nothing over its data: what the chart calls disk is an emptyDir where local storage is', () => {
    expect(at(values, 'standalone.disk.enabled')).toBe(false);
  });

  it('3.4: gives its data up only when it is named', () => {
    expect(releaseOf(of, 'milvus').data).toEqual({ name: 'milvus', namespace: 'milvus', claims: 'milvus-data' });
    expect(resourceOf(of, 'milvus-root').spec).toMatchObject({ knownTo: 'milvus-data', generated: ['password'] });
  });

  it('3.4: wants a login, with a password that stands in a Secret only', () => {
    expect(config).toMatchObject({ common: { security: { authorizationEnabled: true } } });
    expect(at(values, 'standalone.extraEnv')).toContainEqual({
      name: 'COMMON_SECURITY_DEFAULTROOTPASSWORD',
      valueFrom: { secretKeyRef: { name: 'milvus-root', key: 'password' } },
    });
  });

  it('says what it runs as before it reads its settings, or its own etcd is refused', () => {
    expect(at(values, 'standalone.extraEnv')).toContainEqual({ name: 'DEPLOY_MODE', value: 'STANDALONE' });
  });

  it('has its etcd forget old versions, of which it would keep all', () => {
    const files = values.extraConfigFiles as Record<string, string>;
    const [mount] = values.volumeMounts as { name: string; mountPath: string }[];
    const [volume] = values.volumes as { name: string; configMap: { items: { key: string; path: string }[] } }[];
    const [item] = volume?.configMap.items ?? [];
    expect(at(config, 'etcd.config.path')).toBe(`${mount?.mountPath}/${item?.path}`);
    expect(volume?.name).toBe(mount?.name);
    expect(parse(files[item?.key ?? ''] ?? '')).toMatchObject({ 'auto-compaction-retention': '1000' });
  });

  it('may write to a volume that belongs to root, whoever its image runs as', () => {
    const { fsGroup, ...rest } = at(values, 'standalone.securityContext') as Record<string, unknown>;
    expect(fsGroup).toEqual(expect.any(Number));
    // A large volume is looked through once, not at every start. Which user the image has is its own matter.
    expect(rest).toEqual({ fsGroupChangePolicy: 'OnRootMismatch' });
  });

  it('3.4, 5/22: gets more than five minutes for its first start', () => {
    const liveness = { initialDelaySeconds: 90, periodSeconds: 30, ...(values.livenessProbe as object) };
    const { initialDelaySeconds, periodSeconds, failureThreshold = 5 } = liveness as Record<string, number>;
    expect((initialDelaySeconds ?? 0) + (periodSeconds ?? 0) * failureThreshold).toBeGreaterThan(300);
    expect(releaseOf(of, 'milvus').readyS).toBeGreaterThan(900);
  });

  it.each([
    [4096, '2048Mi'],
    [16384, '8192Mi'],
  ])('4: of %i MiB it asks for half', (memoryMi, asked) => {
    const other = releaseOf(file({ milvus: { ...MILVUS, memoryMi } }), 'milvus').values;
    expect(at(other, 'standalone.resources')).toEqual({
      requests: { cpu: '500m', memory: asked },
      limits: { memory: `${memoryMi}Mi` },
    });
  });

  it('platform 5/24: is called as programs of the guide look for it', () => {
    expect(databasesStep.services?.(of)).toMatchObject([
      { name: 'milvus', namespace: 'milvus', service: 'milvus', port: 19530, web: false, login: { user: 'root' } },
      { name: 'attu', namespace: 'milvus', service: 'milvus-attu', port: 3000, web: true, login: { user: 'root' } },
    ]);
  });
});

describe('5/22: machines whose processors Milvus was not built for', () => {
  const machinesOf = (it: Cluster) =>
    (resourceOf(it, 'milvus-processor').spec as unknown as { machines: string[]; flags: string[] }).machines;
  const machines = [
    node('rig1', { role: 'control-plane' }),
    node('rig2', { labels: { avx: 'yes' } }),
    node('rig3', { taints: [{ key: 'gpu', value: '', effect: 'NoSchedule' }] }),
    node('rig4', { taints: [{ key: 'slow', value: '', effect: 'PreferNoSchedule' }] }),
  ];
  const chosen = (milvus: object) =>
    cluster(machines, { storage, databases: { milvus: MILVUS }, values: { milvus } } as Partial<Cluster>);

  it('are looked for where its pod may come to', () => {
    expect(machinesOf(chosen({}))).toEqual(['rig1', 'rig2', 'rig4']);
    expect(resourceOf(of, 'milvus-processor').spec).toMatchObject({ flags: ['sse4_2', 'avx'] });
    expect(resourceOf(of, 'milvus').needs).toContain('databases/milvus-processor@cluster');
  });

  it.each([
    [{ standalone: { nodeSelector: { avx: 'yes' } } }, ['rig2']],
    [{ nodeSelector: { 'kubernetes.io/hostname': 'rig4' } }, ['rig4']],
    [{ nodeSelector: { avx: 'no' }, standalone: { nodeSelector: { avx: 'yes' } } }, ['rig2']],
  ])('are left out by %j', (milvus, left) => expect(machinesOf(chosen(milvus))).toEqual(left));
});

describe('3.4: the message queue', () => {
  it('is remembered by the claim, and asked for before the chart is touched', () => {
    const [, claim] = objectsOf(of, 'milvus-data');
    expect(claim?.metadata.annotations).toEqual({ 'mlk8s.io/message-queue': 'woodpecker' });
    expect(resourceOf(of, 'milvus-queue').spec).toMatchObject({
      ...{ type: 'persistentvolumeclaim', name: 'milvus-data', value: 'woodpecker' },
      path: '{.metadata.annotations.mlk8s\\.io/message-queue}',
    });
    expect(resourceOf(of, 'milvus').needs).toContain('databases/milvus-queue@cluster');
  });

  it('is the one that the user names', () => {
    const mine = file({ milvus: MILVUS }, { values: { milvus: { standalone: { messageQueue: 'rocksmq' } } } });
    expect(resourceOf(mine, 'milvus-queue').spec).toMatchObject({ value: 'rocksmq' });
  });
});

it('is reached from here with a URL, and the password in the words to type', () => {
  const [service] = databasesStep.services?.(of) ?? [];
  expect(service?.client?.(7002, 'abc', 'root')).toEqual({
    url: 'http://127.0.0.1:7002',
    command: `printf '%s\\n' 'header = "Authorization: Bearer root:abc"' | curl -K - -d '{}' http://127.0.0.1:7002/v2/vectordb/collections/list`,
  });
  // In a file of curl, within double quotes.
  expect(service?.client?.(7002, `a"b'\\c`, 'root').command).toContain(`Bearer root:a\\"b'\\''\\\\c"' | curl`);
});

it('asks for what its pods ask for, with its volume', () => {
  expect(databasesStep.asksFor?.(of)).toEqual([
    { name: 'Milvus', cpu: 500, memory: 2048, disk: 50 },
    { name: 'Attu', cpu: 50, memory: 128 },
  ]);
});
