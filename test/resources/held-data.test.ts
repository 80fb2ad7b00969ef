import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Declared, Verdict } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { kinds } from '../../src/resources/index.ts';
import { type KubeManifest, manifest } from '../../src/resources/manifest.ts';
import { InCluster } from './in-cluster.ts';
import { doings, said } from './world.ts';

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

  it('is all that people made there, and nothing that the platform did', async () => {
    const it = profile();
    (it.spec as { data: { things?: true } }).data.things = true;
    await it1.apply(it, await it1.judge(it));
    const type = (kind: string, scope: string) => {
      const [plural, group] = [`${kind.toLowerCase()}s`, 'kubeflow.org'];
      const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }];
      const spec = { group, scope, names: { kind, plural, singular: kind.toLowerCase() }, versions };
      const metadata = { name: `${plural}.${group}` };
      return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata, spec };
    };
    const of = (apiVersion: string, kind: string, name: string, more: object = {}) => ({
      ...{ apiVersion, kind },
      metadata: { name, namespace: 'db', ...more },
    });
    const items = [
      ...[type('Notebook', 'Namespaced'), type('Profile', 'Cluster')],
      { apiVersion: 'kubeflow.org/v1', kind: 'Profile', metadata: { name: 'elsewhere' } },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'db' } },
      of('v1', 'ConfigMap', 'istio-ca-root-cert'),
      of('v1', 'Secret', 'mlpipeline-minio-artifact'),
      of('v1', 'ConfigMap', 'of-a-stage', { labels: { 'mlk8s.io/stage': 'registry' } }),
    ];
    const apply = async (objects: readonly object[]) => {
      for (const one of objects) await kubectl('apply --server-side -f -', JSON.stringify(one));
    };
    await apply(items);
    expect(doings(await undo(it, false))).toEqual(['delete ConfigMap default/anna']);
    await apply([of('kubeflow.org/v1', 'Notebook', 'first'), of('v1', 'Secret', 'token')]);
    expect(await undo(it, false)).toMatchObject({
      verdict: 'refused',
      problem: {
        seen: 'db holds Secret db/token, Notebook db/first',
        why: 'it left the cluster file, and that would be gone for good',
        next: ['to keep it, put anna back into kubeflow.users', expect.stringMatching(/--delete-data db$/)],
      },
    });
    await apply(Array.from({ length: 9 }, (_, i) => of('kubeflow.org/v1', 'Notebook', `more-${i}`)));
    expect(await undo(it, false)).toMatchObject({ problem: { seen: expect.stringMatching(/more-5 and 3 more$/) } });
    await apply([claim('one')]);
    expect(await undo(it, false)).toMatchObject({
      problem: { seen: expect.stringMatching(/^db holds data, in the claim db\/one \(5Gi\), and Secret db\/token, /) },
    });
    expect(doings(await undo(it, true))).toEqual([
      expect.stringMatching(
        /^delete ConfigMap default\/anna, with all that is in its namespace: Secret db\/token, .* and 3 more$/,
      ),
      'delete the data of db: db/one (5Gi)',
    ]);
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
  await it1.apply(it, await it1.judge(it));
  await kubectl('delete configmap c -n db');
  const verdict = await undo(it, true);
  expect(doings(verdict)).toEqual(['delete Namespace db', 'delete the data of db: db/db-1 (5Gi)']);
  expect(await it1.apply(it, verdict)).toMatchObject({ ok: true });
  expect(await kubectl('get pvc -n db -o name')).toBe('');
});

it('is left alone in a claim that somebody else made under that name, and named', async () => {
  const it = thing('db-1');
  await kubectl('create namespace db');
  await kubectl('apply -f -', JSON.stringify(claim('db-1')));
  await it1.apply({ ...it, spec: { objects: [] } } as Declared, await it1.judge(it));
  const verdict = await undo(it, true);
  expect(doings(verdict)).toEqual(['delete ConfigMap db/c']);
  expect(said(verdict)).toContain('Namespace db stays, with claim db/db-1 (5Gi), which mlk8s did not make');
  expect(await it1.apply(it, verdict)).toMatchObject({ ok: true });
  expect(await kubectl('get pvc -n db -o name')).toBe('persistentvolumeclaim/db-1\n');
});

describe('the namespace and the claim of a database', () => {
  const volume = manifest({
    ...{ id: 'databases/db-data@cluster', on: 'cluster', needs: [] },
    objects: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'db' } }, claim('db-1')],
    holds: { name: 'db', namespace: 'db', claims: 'db-1' },
  }) as Declared;
  beforeEach(async () => {
    await it1.apply(volume, await it1.judge(volume));
  });
  const own = async (text: object) => kubectl('apply -f -', JSON.stringify(text));
  const metadata = { name: 'mine', namespace: 'db' };

  it('stay while the data is not given up', async () => {
    const verdict = await undo(volume, false);
    expect(verdict).toMatchObject({ verdict: 'ok', stays: true });
    expect(verdict).not.toHaveProperty('forGood');
    expect(said(verdict)).toContain('PersistentVolumeClaim db/db-1 (5Gi): it goes only with --delete-data db');
  });

  it('go with it, and the plan says so while all is still there', async () => {
    const verdict = await undo(volume, true);
    expect(doings(verdict)).toEqual(['delete PersistentVolumeClaim db/db-1 (5Gi), Namespace db']);
    expect(await it1.apply(volume, verdict)).toMatchObject({ ok: true });
    expect(await kubectl('get ns db -o name --ignore-not-found')).toBe('');
  });

  it.each([
    ['ConfigMap db/mine', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'b' } }],
    ['Secret db/mine', { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { a: 'b' } }],
    [
      'Pod db/mine',
      { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'a', image: 'busybox' }] } },
    ],
    ['claim db/mine (5Gi), which mlk8s did not make', claim('mine')],
  ])('are kept by what is not of mlk8s, which is named: %s', async (title, object) => {
    await own(object);
    const verdict = await undo(volume, true);
    expect(doings(verdict)).toEqual(['delete PersistentVolumeClaim db/db-1 (5Gi)']);
    expect(said(verdict)).toContain(`Namespace db stays, with ${title}`);
    expect(await it1.apply(volume, verdict)).toMatchObject({ ok: true });
    const left = await undo(volume, true);
    expect(left).toMatchObject({ verdict: 'ok', stays: true, forGood: true });
    expect(said(left)).toContain(`Namespace db: there is ${title}`);
  });

  it('are not kept by what mlk8s, a release of its, Kubernetes or an operator made', async () => {
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'a', uid: '1' };
    const noted = (name: string, annotations: object) => ({ ...metadata, name, annotations });
    const of = (kind: string, meta: object) => ({ apiVersion: 'v1', kind, metadata: { ...metadata, ...meta } });
    await own(of('ConfigMap', { name: 'kube-root-ca.crt' }));
    await own(of('ConfigMap', { name: 'owned', ownerReferences: [owner] }));
    await own(of('ConfigMap', { labels: { 'app.kubernetes.io/managed-by': 'mlk8s' } }));
    await own(of('Service', noted('brought', { 'meta.helm.sh/release-name': 'db' })));
    await own(of('Secret', noted('tls', { 'cert-manager.io/certificate-name': 'tls' })));
    await own(of('ConfigMap', noted('cnpg-default-monitoring', { 'cnpg.io/operatorVersion': '1.30.0' })));
    const labels = { owner: 'helm', name: 'db', 'mlk8s.io/digest': 'abc.1' };
    await own({ ...of('Secret', { name: 'sh.helm.release.v1.db.v1', labels }), type: 'helm.sh/release.v1' });
    expect(doings(await undo(volume, true))).toEqual(['delete PersistentVolumeClaim db/db-1 (5Gi), Namespace db']);
  });

  it('that were there before mlk8s stay, but for a claim that is ours', async () => {
    const kind = undoing(kinds).manifest;
    const record = { ...volume, origin: 'adopted', state: 'done' } as Declared;
    const world = await it1.world(kind?.asks(record) ?? []);
    const verdict = (deletes: boolean) => kind?.judge(record, { ...world, mayDelete: () => deletes }) as Verdict;
    expect(said(verdict(false))).toBe('ok: it was there before mlk8s');
    expect(said(verdict(true))).toBe('ok: Namespace db was there before mlk8s; claim db/db-1 (5Gi) goes with the data');
  });

  it('say that the data is gone when the claim was deleted by hand', async () => {
    await kubectl('delete pvc db-1 -n db');
    expect(said(await it1.judge(volume))).toBe(
      'change: PersistentVolumeClaim db/db-1 does not exist any more and its data is gone: an empty one takes its place',
    );
  });
});

it('says that the data is gone when no claim of it is there any more', async () => {
  const it = thing('of=db');
  await it1.apply(it, await it1.judge(it));
  await kubectl('delete configmap c -n db');
  expect(said(await it1.judge(it))).toBe('change: ConfigMap db/c does not exist');
  await kubectl('delete pvc db-1 -n db');
  expect(said(await it1.judge(it))).toContain('no claim of db is there any more and its data is gone');
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
