import { describe, expect, it } from 'vitest';
import { databasesStep } from '../../../src/steps/databases/index.ts';
import { DYNAMODB, file, objectsOf, podOf, resourceOf } from './files.ts';

const of = file({ dynamodb: DYNAMODB });
const { strategy, pod, container } = podOf(objectsOf(of, 'dynamodb'));
const args = container.args as string[];

it('is a volume, a pod with a Service, and a proof', () => {
  expect(databasesStep.resources(of).map(({ id }) => id)).toEqual([
    'databases/dynamodb-data@cluster',
    'databases/dynamodb@cluster',
    'databases/proof-dynamodb@cluster',
  ]);
});

describe('the traps of the sheet', () => {
  it('3.6: writes into its volume, never in memory, and the same for every key', () => {
    expect(args).toEqual(expect.arrayContaining(['-sharedDb', '-dbPath', '/home/dynamodblocal/data']));
    expect(args).not.toContain('-inMemory');
    expect(container.volumeMounts).toEqual([{ name: 'data', mountPath: '/home/dynamodblocal/data' }]);
    expect(pod.volumes).toEqual([{ name: 'data', persistentVolumeClaim: { claimName: 'dynamodb-data' } }]);
  });

  it('3.6, 5/23: may write there as the user of its image', () => {
    expect(pod.securityContext).toMatchObject({ runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 });
  });

  it('3.6: is tried with a connection, for it answers a GET with 400', () => {
    expect(container.readinessProbe).toEqual({ tcpSocket: { port: 'dynamodb' } });
  });

  it('3.6: is on whatever machine has room', () => {
    expect([pod.nodeSelector, pod.affinity, pod.nodeName]).toEqual([undefined, undefined, undefined]);
  });

  it('has never two pods on one file', () => expect(strategy).toEqual({ type: 'Recreate' }));

  it('4: keeps Java within half of its memory', () => {
    expect(args[0]).toBe('-Xmx256m');
    expect(container.resources).toEqual({ requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '512Mi' } });
  });

  it('gives its data up only when it is named', () => {
    expect(resourceOf(of, 'dynamodb').spec).toMatchObject({
      data: { name: 'dynamodb', namespace: 'dynamodb', claims: 'dynamodb-data' },
    });
  });
});

it('tells nobody how it is used', () => {
  expect(container.env).toEqual([{ name: 'DDB_LOCAL_TELEMETRY', value: '0' }]);
});

it('is reached from here with any keys', () => {
  const [service] = databasesStep.services?.(of) ?? [];
  expect(service).toMatchObject({
    name: 'dynamodb',
    namespace: 'dynamodb',
    service: 'dynamodb',
    port: 8000,
    web: false,
  });
  expect(service).not.toHaveProperty('login');
  expect(service?.client?.(7003, '', '')).toEqual({
    url: 'http://127.0.0.1:7003',
    command:
      'AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=local aws dynamodb list-tables --endpoint-url http://127.0.0.1:7003',
  });
});

it('asks for what its pod asks for, with its volume', () => {
  expect(databasesStep.asksFor?.(of)).toEqual([{ name: 'DynamoDB Local', cpu: 100, memory: 256, disk: 5 }]);
});
