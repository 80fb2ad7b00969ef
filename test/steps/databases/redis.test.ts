import { describe, expect, it } from 'vitest';
import { databasesStep } from '../../../src/steps/databases/index.ts';
import { at, file, objectsOf, podOf, REDIS, releaseOf, resourceOf } from './files.ts';

const of = file({ redis: REDIS });
const { values } = releaseOf(of, 'redis');

it('is a volume, a password, Valkey, Redis Commander and a proof', () => {
  expect(databasesStep.resources(of).map(({ id }) => id)).toEqual([
    'databases/redis-data@cluster',
    'databases/redis-password@cluster',
    'databases/redis@cluster',
    'databases/redis-commander@cluster',
    'databases/proof-redis@cluster',
  ]);
  const without = file({ redis: { ...REDIS, commander: false } });
  expect(databasesStep.resources(without).map(({ id }) => id)).not.toContain('databases/redis-commander@cluster');
});

it('has a password that is made once, and never tells it', () => {
  expect(resourceOf(of, 'redis-password').spec).toMatchObject({
    namespace: 'redis',
    name: 'redis-password',
    generated: ['password'],
    fixed: {},
    readAtStart: ['redis', 'redis-commander'],
  });
  const without = resourceOf(file({ redis: { ...REDIS, commander: false } }), 'redis-password');
  expect(without.spec).toMatchObject({ readAtStart: ['redis'] });
});

it('gets a new password when its Secret was lost: its data knows none', () => {
  expect(resourceOf(of, 'redis-password').spec).not.toHaveProperty('knownTo');
});

describe('the traps of the sheet', () => {
  it('3.3: keeps its data, in a claim that is not the chart’s to remove', () => {
    expect(at(values, 'dataStorage')).toEqual({ enabled: true, persistentVolumeClaimName: 'redis-data' });
    expect(String(values.valkeyConfig).split('\n')).toContain('appendonly yes');
    expect(releaseOf(of, 'redis').data).toEqual({ name: 'redis', namespace: 'redis', claims: 'redis-data' });
  });

  it('5/21: never waits for a second pod on the same volume', () => {
    expect(values.deploymentStrategy).toBe('Recreate');
  });

  it('3.3: the user default has the password of the Secret, or everybody could log in', () => {
    expect(values.auth).toEqual({
      enabled: true,
      usersExistingSecret: 'redis-password',
      aclUsers: { default: { permissions: '~* &* +@all', passwordKey: 'password' } },
    });
  });

  it('3.3: counts as ready when it answers, which the chart leaves out', () => {
    expect(at(values, 'readinessProbe.enabled')).toBe(true);
  });

  it('is not killed on a slow machine: the chart gives it 1 s for an answer, three times', () => {
    expect(values).toMatchObject({
      startupProbe: { timeoutSeconds: 5, failureThreshold: 30 },
      livenessProbe: { timeoutSeconds: 5 },
    });
  });

  it.each([
    [512, '384mb', '64Mi'],
    [2048, '1536mb', '256Mi'],
    [100, '75mb', '64Mi'],
  ])('4: of %i MiB it fills three quarters', (memoryMi, maxmemory, asked) => {
    const other = releaseOf(file({ redis: { ...REDIS, memoryMi } }), 'redis').values;
    expect(String(other.valkeyConfig).split('\n')).toContain(`maxmemory ${maxmemory}`);
    expect(other.resources).toEqual({
      requests: { cpu: '50m', memory: asked },
      limits: { memory: `${memoryMi}Mi` },
    });
  });

  it('platform 5/24: is called as programs of the guide look for it', () => {
    const [service] = databasesStep.services?.(of) ?? [];
    expect(values.fullnameOverride).toBe('redis');
    expect(service).toMatchObject({ name: 'redis', namespace: 'redis', service: 'redis', port: 6379, web: false });
  });

  it('platform 5/9: its claim names its class', () => {
    const other = file({ redis: { ...REDIS, storageClass: 'microk8s-hostpath' } });
    const [namespace, claim] = objectsOf(other, 'redis-data');
    expect([namespace?.kind, namespace?.metadata.name]).toEqual(['Namespace', 'redis']);
    expect(claim?.spec).toEqual({
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'microk8s-hostpath',
      resources: { requests: { storage: '4Gi' } },
    });
    expect(resourceOf(other, 'redis-data').needs).toContain('storage/default-class@cluster');
  });
});

describe('Redis Commander', () => {
  const { pod, container } = podOf(objectsOf(of, 'redis-commander'));
  const env = container.env as { name: string; value?: string; valueFrom?: { secretKeyRef: object } }[];

  it('wants a login', () => {
    expect(env).toContainEqual({ name: 'HTTP_USER', value: 'admin' });
    expect(env.find(({ name }) => name === 'HTTP_PASSWORD')?.valueFrom).toEqual({
      secretKeyRef: { name: 'redis-password', key: 'password' },
    });
  });

  it('gets the password of Redis neither as an argument nor in its manifest', () => {
    expect(env.map(({ name }) => name)).not.toContain('REDIS_PASSWORD');
    expect(env.find(({ name }) => name === 'REDIS_HOSTS')?.value).toBe('redis:redis:6379:0:$(VALKEY_PASSWORD)');
  });

  it('is not told tcp://… as its port, for the Service redis', () => {
    expect(pod.enableServiceLinks).toBe(false);
  });

  it('is reached inside of the cluster only, and by its Ingress', () => {
    const service = objectsOf(of, 'redis-commander').find(({ kind }) => kind === 'Service');
    expect(service?.spec).not.toHaveProperty('type');
    expect(databasesStep.services?.(of)).toContainEqual(
      expect.objectContaining({ name: 'redis-commander', port: 8081, web: true }),
    );
  });
});

it('is reached from here with a URL', () => {
  const [service] = databasesStep.services?.(of) ?? [];
  expect(service?.login).toEqual({ secret: 'redis-password', user: 'default', passwordKey: 'password' });
  expect(service?.client?.(7001, 'abc', 'default')).toEqual({
    url: 'redis://:abc@127.0.0.1:7001',
    command: 'REDISCLI_AUTH=abc redis-cli -h 127.0.0.1 -p 7001',
  });
});

it('is reached with a password that somebody else put into the Secret, whatever is in it', () => {
  const [service] = databasesStep.services?.(of) ?? [];
  expect(service?.client?.(7001, "a b/@'$(id)", 'default')).toEqual({
    url: "redis://:a%20b%2F%40'%24(id)@127.0.0.1:7001",
    command: "REDISCLI_AUTH='a b/@'\\''$(id)' redis-cli -h 127.0.0.1 -p 7001",
  });
});

it('asks for what its pods ask for, with its volume', () => {
  expect(databasesStep.asksFor?.(of)).toEqual([
    { name: 'Redis', cpu: 50, memory: 64, disk: 4 },
    { name: 'Redis Commander', cpu: 50, memory: 128 },
  ]);
});

it('lets the user have the last word', () => {
  const mine = file(
    { redis: REDIS },
    { values: { valkey: { valkeyConfig: 'appendonly no\n', metrics: { enabled: true } } } },
  );
  expect(releaseOf(mine, 'redis').values).toMatchObject({
    valkeyConfig: 'appendonly no\n',
    metrics: { enabled: true },
  });
});
