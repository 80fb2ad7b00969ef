import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Declared, Verdict } from '../../src/engine/types.ts';
import { madeWith, madeWithKind } from '../../src/resources/made-with.ts';
import { InCluster } from './in-cluster.ts';
import { worldOf } from './world.ts';

const wanted = (value: string) =>
  madeWith({
    ...{ id: 'databases/queue@cluster', on: 'cluster', needs: [], namespace: 'milvus', name: 'milvus-data' },
    ...{ type: 'persistentvolumeclaim', called: 'claim', path: '{.metadata.annotations.mlk8s\\.io/message-queue}' },
    ...{ choice: 'message queue', value, next: ['write what it was'] },
  }) as Declared;
const said = (verdict: Verdict) =>
  'because' in verdict ? `${verdict.verdict}: ${verdict.because}` : `refused: ${verdict.problem.seen}`;

let inside: InCluster;
beforeEach(async () => {
  inside = new InCluster();
  await inside.start();
});
afterEach(() => inside.stop());

const kubectl = (words: string, stdin = '') => inside.lab.mk('cp1', `kubectl ${words}`, { stdin });
async function claim(annotations: object, storage = '1Gi'): Promise<void> {
  const metadata = { name: 'milvus-data', namespace: 'milvus', annotations };
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } };
  await kubectl('create namespace milvus');
  await kubectl('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec }));
}

it('is fine before there is a cluster, a namespace or a claim', async () => {
  expect(said(madeWithKind.judge(wanted('woodpecker') as never, worldOf({})))).toBe('ok: there is no cluster yet');
  const none = 'ok: no data was made with another message queue';
  expect(said(await inside.judge(wanted('woodpecker')))).toBe(none);
  await kubectl('create namespace milvus');
  expect(said(await inside.judge(wanted('woodpecker')))).toBe(none);
});

it('is fine with what the data was made with, and refuses all else with what to type', async () => {
  await claim({ 'mlk8s.io/message-queue': 'woodpecker' });
  expect(said(await inside.judge(wanted('woodpecker')))).toBe(
    'ok: the data in milvus/milvus-data was made with woodpecker',
  );
  expect(await inside.judge(wanted('rocksmq'))).toMatchObject({
    verdict: 'refused',
    problem: {
      seen: 'the data in claim milvus/milvus-data was made with the message queue woodpecker, and rocksmq is asked for',
      next: ['write what it was'],
    },
  });
});

it('lets a size grow, and refuses a smaller one with both', async () => {
  const sized = (value: string) =>
    madeWith({
      ...{ id: 'databases/size@cluster', on: 'cluster', needs: [], namespace: 'milvus', name: 'milvus-data' },
      ...{ type: 'persistentvolumeclaim', called: 'claim', path: '{.spec.resources.requests.storage}' },
      ...{ choice: 'size', value, mayGrow: true, next: ['write it as it was'] },
    }) as Declared;
  expect(said(await inside.judge(sized('5Gi')))).toBe('ok: no data was made with another size');
  await claim({}, '10Gi');
  expect(said(await inside.judge(sized('10Gi')))).toBe('ok: the data in milvus/milvus-data was made with 10Gi');
  expect(said(await inside.judge(sized('100Gi')))).toBe('ok: the data in milvus/milvus-data was made with 10Gi');
  expect(await inside.judge(sized('9Gi'))).toMatchObject({
    verdict: 'refused',
    problem: {
      seen: 'the data in claim milvus/milvus-data was made with the size 10Gi, and 9Gi is asked for',
      why: 'a volume cannot become smaller',
      next: ['write it as it was'],
    },
  });
});

it('leaves a size that somebody else wrote in other units to whoever looks after it', async () => {
  await claim({}, '10000Mi');
  const it = wanted('5Gi');
  const spec = { ...(it.spec as object), path: '{.spec.resources.requests.storage}', choice: 'size', mayGrow: true };
  expect(said(await inside.judge({ ...it, spec } as Declared))).toMatch(/^ok: /);
});

it('knows nothing of a claim that remembers nothing', async () => {
  await claim({});
  expect(said(await inside.judge(wanted('rocksmq')))).toMatch(/^ok/);
});

it('takes a type that nobody defined yet for data that is not there', async () => {
  const named = madeWith({
    ...{ id: 'databases/name@cluster', on: 'cluster', needs: [], namespace: 'postgres', name: 'postgres' },
    ...{ type: 'clusters.postgresql.cnpg.io', called: 'Cluster', path: '{.spec.bootstrap.initdb.database}' },
    ...{ choice: 'database name', value: 'app', next: [] },
  }) as Declared;
  expect(said(await inside.judge(named))).toBe('ok: no data was made with another database name');
});

it('is judged while an aggregated API is away and kubectl says so at every call', async () => {
  await claim({ 'mlk8s.io/message-queue': 'woodpecker' });
  inside.grumble();
  expect(said(await inside.judge(wanted('woodpecker')))).toMatch(/^ok: the data .* was made with woodpecker$/);
});

it('waits for an API that does not answer', async () => {
  inside.intercept('exit 1');
  expect(said(await inside.judge(wanted('woodpecker')))).toBe('settling: the API on cp1 does not answer');
});
