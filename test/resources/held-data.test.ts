import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Declared, Verdict } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { kinds } from '../../src/resources/index.ts';
import { type KubeManifest, manifest } from '../../src/resources/manifest.ts';
import { InCluster } from './in-cluster.ts';
import { doings } from './world.ts';

let it1: InCluster;
beforeEach(async () => {
  it1 = new InCluster();
  await it1.start();
});
afterEach(() => it1.stop());

const claim = (name: string, labels: Record<string, string> = {}): KubeManifest => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'db', labels },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } } },
});
const thing = (claims: string): Declared =>
  manifest({
    ...{ id: 'databases/db@cluster', on: 'cluster', needs: [] },
    objects: [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'db' } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'db' }, data: { a: 'b' } },
      claim('db-1', { of: 'db' }),
    ],
    data: { name: 'db', namespace: 'db', claims },
  }) as Declared;
const kubectl = async (words: string, stdin = ''): Promise<string> =>
  (await it1.lab.mk('cp1', `kubectl ${words}`, { stdin })).out;

/** What `up --prune` would do, with the data given up or not. */
async function undo(it: Declared, deletes: boolean): Promise<Verdict> {
  const kind = undoing(kinds)[it.kind];
  const record = { ...it, origin: 'created', state: 'done' } as Declared;
  const world = await it1.world(kind?.asks(record) ?? []);
  return kind?.judge(record, { ...world, mayDelete: (name) => deletes && name === 'db' }) as Verdict;
}

describe.each(['db-1', 'of=db'])('data in %s', (claims) => {
  it('is named with its size, and keeps what carries it', async () => {
    const it = thing(claims);
    await it1.apply(it, await it1.judge(it));
    expect(await undo(it, false)).toMatchObject({
      verdict: 'refused',
      problem: {
        where: 'databases/db@cluster',
        seen: 'db holds data, in the claim db/db-1 (5Gi)',
        next: ['to keep it, put db back into the section databases', expect.stringMatching(/--delete-data db$/)],
      },
    });
  });

  it('goes when it is given up, and nothing of another name', async () => {
    const it = thing(claims);
    await it1.apply(it, await it1.judge(it));
    await kubectl('apply -f -', JSON.stringify(claim('mine')));
    const verdict = await undo(it, true);
    expect(doings(verdict)).toEqual(['delete ConfigMap db/c', 'delete the data of db: db/db-1 (5Gi)']);
    expect(await it1.apply(it, verdict)).toMatchObject({ ok: true });
    expect(await kubectl('get pvc -n db -o name')).toBe('persistentvolumeclaim/mine\n');
    expect(await kubectl('get cm c -n db -o name --ignore-not-found')).toBe('');
    expect(await undo(it, true)).toMatchObject({ verdict: 'ok', stays: true });
  });

  it('that is not there keeps nothing', async () => {
    const it = thing(claims);
    await it1.apply(it, await it1.judge(it));
    await kubectl('delete pvc db-1 -n db');
    const verdict = await undo(it, false);
    expect(await it1.apply(it, verdict)).toMatchObject({ ok: true });
    expect(await kubectl('get ns db -o name --ignore-not-found')).toBe('');
    expect(await undo(it, false)).toMatchObject({ verdict: 'ok' });
  });
});

describe('data in a whole namespace', () => {
  const asked = { what: 'user', name: 'anna', where: 'kubeflow.users' };
  const profile = (): Declared =>
    manifest({
      ...{ id: 'kubeflow/profile-anna@cluster', on: 'cluster', needs: [] },
      objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'anna', namespace: 'default' } }],
      data: { name: 'db', namespace: 'db', asked },
    }) as Declared;

  it('is named with all claims, and says where to put back what asks for it', async () => {
    await it1.apply(profile(), await it1.judge(profile()));
    await kubectl('create namespace db');
    await kubectl('apply -f -', JSON.stringify(claim('one')));
    await kubectl('apply -f -', JSON.stringify(claim('two')));
    expect(await undo(profile(), false)).toMatchObject({
      verdict: 'refused',
      problem: {
        seen: 'db holds data, in the claims db/one (5Gi), db/two (5Gi)',
        next: ['to keep it, put anna back into kubeflow.users', expect.stringMatching(/--delete-data db$/)],
      },
    });
    const verdict = await undo(profile(), true);
    expect(await it1.apply(profile(), verdict)).toEqual({ ok: true, err: '' });
    expect(await kubectl('get pvc -n db -o name')).toBe('');
    expect(await undo(profile(), false)).toMatchObject({ verdict: 'ok' });
  });

  it('is not taken over from somebody else', async () => {
    const theirs = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'anna', namespace: 'default' } };
    await kubectl('apply -f -', JSON.stringify(theirs));
    expect(await it1.judge(profile())).toMatchObject({
      verdict: 'refused',
      problem: {
        why: 'with other settings it may lose its data, so mlk8s takes over no user',
        next: ['to keep it, take anna out of kubeflow.users', expect.any(String)],
      },
    });
  });
});

it('deletes what an interrupted run left of the data', async () => {
  const it = thing('db-1');
  await kubectl('create namespace db');
  await kubectl('apply -f -', JSON.stringify(claim('db-1')));
  const verdict = await undo(it, true);
  expect(verdict).toMatchObject({ verdict: 'change' });
  expect(await it1.apply(it, verdict)).toMatchObject({ ok: true });
  expect(await kubectl('get pvc -n db -o name')).toBe('');
});

it('is not taken over from somebody else, but for its namespace', async () => {
  const it = thing('db-1');
  await kubectl('create namespace db');
  expect(await it1.judge(it)).toMatchObject({ verdict: 'change', adopts: true });
  const theirs = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'db' }, data: { a: 'mine' } };
  await kubectl('apply -f -', JSON.stringify(theirs));
  expect(await it1.judge(it)).toMatchObject({
    verdict: 'refused',
    problem: {
      seen: 'ConfigMap db/c was there before mlk8s',
      next: [expect.stringMatching(/take db out/), expect.any(String)],
    },
  });
  it1.records.push({ ...it, origin: 'created', state: 'done' });
  expect(await it1.judge(it), 'ours, written anew by hand').toMatchObject({ verdict: 'change' });
});

it('waits for what is being removed', async () => {
  const it = thing('db-1');
  await it1.apply(it, await it1.judge(it));
  await kubectl('delete pvc db-1 -n db');
  const kind = undoing(kinds).manifest;
  const record = { ...it, origin: 'created', state: 'done' } as Declared;
  const asks = kind?.asks(record) ?? [];
  const world = await it1.world(asks);
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'db', deletionTimestamp: '2026-11-21T20:00:00Z' } },
  ];
  const text = `${JSON.stringify({ kind: 'List', items }, null, 1)}\n`;
  const answer: typeof world.answer = (on, key) =>
    key === 'objects of databases/db@cluster' ? { kind: 'bytes', text, status: 0, cut: false } : world.answer(on, key);
  expect(kind?.judge(record, { ...world, answer })).toMatchObject({
    verdict: 'settling',
    because: 'Namespace db: being removed',
  });
});
