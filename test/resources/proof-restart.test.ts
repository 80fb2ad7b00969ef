import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Declared } from '../../src/engine/types.ts';
import type { KubeManifest } from '../../src/resources/manifest.ts';
import { proof } from '../../src/resources/proof.ts';
import { InCluster } from './in-cluster.ts';

let it1: InCluster;
beforeEach(async () => {
  it1 = new InCluster();
  await it1.start();
});
afterEach(() => it1.stop());

const kubectl = async (words: string, stdin = ''): Promise<string> =>
  (await it1.lab.mk('cp1', `kubectl ${words}`, { stdin })).out;

const pod = (name: string): KubeManifest => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    restartPolicy: 'Never',
    containers: [{ name: 'try', image: 'busybox', command: ['sh', '-c', 'ask db.db.svc\necho "it is there"'] }],
  },
});
const thing = (more: object = {}): Declared =>
  proof({
    ...{ id: 'databases/proof-db@cluster', on: 'cluster', needs: [], what: 'it keeps what is written', node: 'cp1' },
    ...{ inputs: 1, objects: [pod('db-write'), pod('db-read')], pod: 'db-read', expect: 'it is there', timeoutS: 30 },
    restart: { after: 'db-write', namespace: 'db', pods: 'app=db' },
    secrets: [{ namespace: 'db', name: 'login' }],
    ...more,
  }) as Declared;
const prove = async (of: Declared) => it1.apply(of, await it1.judge(of));

/** A database of one pod, with or without a volume. */
async function database(volumes: object[]): Promise<void> {
  const labels = { app: 'db' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'db', image: 'db' }], volumes } };
  const meta = { name: 'db', namespace: 'db' };
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'db' } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { ...meta, name: 'login' }, data: { password: 'c2VjcmV0' } },
    { apiVersion: 'v1', kind: 'Service', metadata: meta, spec: { selector: labels, ports: [{ port: 1 }] } },
    { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv' }, spec: {} },
    {
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'db' } },
      spec: { accessModes: ['ReadWriteOnce'], volumeName: 'pv', resources: { requests: { storage: '1Gi' } } },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: meta,
      spec: { replicas: 1, selector: { matchLabels: labels }, template },
    },
  ];
  await kubectl('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  it1.lab.pass(60);
}
const VOLUME = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
const uids = () => kubectl('get pods -n db -o jsonpath={.items[*].metadata.uid}');

it('says what is away meanwhile, but not at the first time', async () => {
  await database(VOLUME);
  expect(await it1.judge(thing())).not.toHaveProperty('disrupts');
  it1.records.push({ ...thing(), origin: 'created', state: 'done' });
  expect(await it1.judge(thing())).toMatchObject({ disrupts: 'db is restarted, and away meanwhile' });
  expect(await it1.judge(thing({ restart: undefined }))).not.toHaveProperty('disrupts');
});

it('is proved when what was written is there after a restart, and leaves nothing, the login least of all', async () => {
  await database(VOLUME);
  const before = await uids();
  expect(await prove(thing())).toEqual({ ok: true, err: '' });
  expect(await it1.judge(thing())).toMatchObject({ verdict: 'ok', shown: true });
  expect(await uids()).not.toBe(before);
  expect(await kubectl('get pods,secrets -n mlk8s-proof -o name --ignore-not-found')).toBe('');
  for (const script of it1.ran) expect(script).not.toContain('c2VjcmV0');
});

it('fails when the data was in the pod only', async () => {
  await database([]);
  const verdict = await it1.judge(thing());
  const [move] = verdict.verdict === 'change' ? verdict.moves : [];
  const run = await it1.bash(`set -euo pipefail\n${move && 'run' in move ? move.run.bash : ''}`);
  expect(run.status).toBe(1);
  expect(run.text).toMatch(/what was written is not there any more\npod db-read: Failed.*\nthe pod failed\n$/);
  expect(await kubectl('get pods,secrets -n mlk8s-proof -o name --ignore-not-found')).toBe('');
});

it('fails before the restart when nothing can be written', async () => {
  await database(VOLUME);
  await kubectl('delete service db -n db');
  const before = await uids();
  expect(await prove(thing())).toMatchObject({ ok: false });
  expect(await uids()).toBe(before);
});

it('fails when there is nothing to restart', async () => {
  await database(VOLUME);
  const restart = { after: 'db-write', namespace: 'db', pods: 'app=other' };
  const verdict = await it1.judge(thing({ restart }));
  const [move] = verdict.verdict === 'change' ? verdict.moves : [];
  const run = await it1.bash(`set -euo pipefail\n${move && 'run' in move ? move.run.bash : ''}`);
  expect([run.status, run.text]).toEqual([
    1,
    expect.stringContaining('there is no pod with app=other in db to restart'),
  ]);
});

it('fails when what was restarted does not come back', async () => {
  await database(VOLUME);
  it1.intercept(
    `case "$*" in *'delete pods -l app=db'*) exec microk8s-real kubectl -n db scale deployment db --replicas=0 ;; esac`,
  );
  expect(await prove(thing())).toMatchObject({ ok: false });
});

it('fails when a Secret that it needs is not there', async () => {
  await database(VOLUME);
  await kubectl('delete secret login -n db');
  expect(await prove(thing())).toMatchObject({ ok: false, err: expect.stringContaining('secrets "login" not found') });
});

it('wants both pods to end by themselves', () => {
  const again = { ...pod('db-write'), spec: { restartPolicy: 'OnFailure', containers: [] } } as KubeManifest;
  expect(() => thing({ objects: [again, pod('db-read')] })).toThrow('restart policy Never');
});

it('restarts nothing because it is made in another way', async () => {
  await database(VOLUME);
  expect(await prove(thing())).toEqual({ ok: true, err: '' });
  const otherwise = {
    objects: [pod('a'), pod('b')],
    pod: 'b',
    expect: 'is there',
    restart: { after: 'a', namespace: 'db', pods: 'app=db,a=b' },
  };
  expect(await it1.judge(thing(otherwise))).toMatchObject({ verdict: 'ok' });
  expect(await it1.judge(thing({ inputs: 2 }))).toMatchObject({ verdict: 'change' });
});
