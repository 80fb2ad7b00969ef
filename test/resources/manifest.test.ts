import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Declared } from '../../src/engine/types.ts';
import { type KubeManifest, manifest } from '../../src/resources/manifest.ts';
import { InCluster } from './in-cluster.ts';
import { doings, said } from './world.ts';

let it1: InCluster;
beforeEach(async () => {
  it1 = new InCluster();
  await it1.start();
});
afterEach(() => it1.stop());

const namespace: KubeManifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
const config = (text: string): KubeManifest => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'shop', annotations: { own: 'kept' } },
  data: { text },
});
const claim: KubeManifest = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'shop' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};
const things = (...objects: KubeManifest[]): Declared =>
  manifest({ id: 'storage/shop@cluster', on: 'cluster', needs: [], objects }) as Declared;

const kubectl = (words: string, stdin = '') => it1.kubectl(words, stdin);
const put = async (it: Declared) => expect(await it1.apply(it, await it1.judge(it))).toEqual({ ok: true, err: '' });

it('is applied, and is right then', async () => {
  const it = things(namespace, config('x'));
  expect(said(await it1.judge(it))).toBe('change: Namespace shop does not exist, ConfigMap shop/a does not exist');
  await put(it);
  expect(said(await it1.judge(it))).toBe('ok: Namespace shop, ConfigMap shop/a: as they were written');
  expect(JSON.parse(await kubectl('get cm a -n shop -o json'))).toMatchObject({
    metadata: { annotations: { own: 'kept' } },
    data: { text: 'x' },
  });
});

it('names the one that somebody deleted, and applies that one alone', async () => {
  const it = things(namespace, config('x'));
  await put(it);
  await kubectl('delete cm a -n shop');
  const verdict = await it1.judge(it);
  expect(said(verdict)).toBe('change: ConfigMap shop/a does not exist');
  expect(doings(verdict)).toEqual(['apply ConfigMap shop/a']);
});

it('changes with its content; what a field of it was before goes', async () => {
  await put(things(namespace, config('x')));
  const it = things(namespace, { ...config('x'), data: { other: 'y' } });
  expect(said(await it1.judge(it))).toBe('change: ConfigMap shop/a was written differently');
  await put(it);
  expect(JSON.parse(await kubectl('get cm a -n shop -o json'))).toMatchObject({ data: { other: 'y' } });
});

it('tells a namespace first by what a controller knows it, when what is there changes', async () => {
  const marked = (text: string) => {
    const marks = { namespace: 'made', key: 'owner', value: text };
    return manifest({ ...things(), objects: [config(text)], marks }) as Declared;
  };
  await put(things(namespace));
  expect(doings(await it1.judge(marked('x')))).toEqual(['apply ConfigMap shop/a']);
  await put(marked('x'));
  const write = ['write into the namespace made: owner y', 'apply ConfigMap shop/a'];
  expect(doings(await it1.judge(marked('y')))).toEqual(write);
  await put(marked('y'));
  expect(await kubectl('get namespaces -o name')).not.toContain('made');
  await kubectl('create namespace made');
  await put(marked('z'));
  expect(await kubectl('get namespace made -o jsonpath={.metadata.annotations.owner}')).toBe('z');
});

it('adopts what was there before, and never removes it', async () => {
  await kubectl('create namespace shop');
  const verdict = await it1.judge(things(namespace));
  expect(verdict).toMatchObject({ adopts: true, because: 'Namespace shop was not written by mlk8s' });
  await put(things(namespace));
  expect(await it1.undo(things(namespace))).toMatchObject({ verdict: 'ok', stays: true });
});

it('takes a type that nobody defined yet for an object that is not there', async () => {
  const own: KubeManifest = { apiVersion: 'x.example/v1', kind: 'Thing', metadata: { name: 't' } };
  expect(said(await it1.judge(things(own)))).toBe('change: Thing.x.example t does not exist');
  expect(await it1.apply(things(own), await it1.judge(things(own)))).toMatchObject({
    ok: false,
    err: expect.stringContaining('no matches for kind "Thing" in version "x.example/v1"'),
  });
});

it('waits while the API does not answer', async () => {
  Object.assign(it1.lab.rig('cp1').microk8s ?? {}, { readyAt: it1.lab.now + 600_000 });
  expect(said(await it1.judge(things(namespace)))).toBe('settling: the API on cp1 does not answer');
});

it('is judged while an aggregated API is away and kubectl says so at every call', async () => {
  it1.grumble();
  const own: KubeManifest = { apiVersion: 'x.example/v1', kind: 'Thing', metadata: { name: 't' } };
  expect(said(await it1.judge(things(own)))).toBe('change: Thing.x.example t does not exist');
  await put(things(namespace));
  expect(said(await it1.judge(things(namespace)))).toMatch(/^ok: /);
});

it('keeps strange content as data', async () => {
  const text = `it's "$(touch x)" \`id\` \\n {{ .x }}\n- é`;
  await put(things(namespace, config(text)));
  expect((JSON.parse(await kubectl('get cm a -n shop -o json')) as { data: object }).data).toEqual({ text });
});

it('is undone: what it made goes, data stays', async () => {
  const it = things(namespace, config('x'), claim);
  await put(it);
  const verdict = await it1.undo(it);
  expect(doings(verdict)).toEqual(['delete ConfigMap shop/a']);
  await it1.bash(
    `set -e\n${verdict.verdict === 'change' && verdict.moves[0] && 'run' in verdict.moves[0] ? verdict.moves[0].run.bash : 'false'}`,
  );
  expect(await it1.undo(it)).toEqual({
    verdict: 'ok',
    stays: true,
    because:
      'Namespace shop: there is claim shop/data (1Gi); PersistentVolumeClaim shop/data (1Gi): data is never removed',
  });
  await kubectl('delete pvc data -n shop');
  expect(doings(await it1.undo(it))).toEqual(['delete Namespace shop']);
  await kubectl('delete namespace shop');
  expect(said(await it1.undo(it))).toBe('ok: none of its objects is there');
});

const workload: KubeManifest = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
};

it('waits for the pods of its Deployments, and says what keeps them', async () => {
  const stuck = { ...workload, metadata: { name: 'stuck', namespace: 'shop' } };
  const template = { spec: { containers: [{ name: 'c', image: 'i' }], nodeSelector: { disk: 'none' } } };
  const objects = [namespace, workload, { ...stuck, spec: { ...(workload.spec as object), template } } as KubeManifest];
  const it = { ...things(...objects), spec: { objects, readyS: 300 } } as Declared;
  await put(it);
  expect(await it1.judge(it)).toMatchObject({ verdict: 'settling', deadlineS: 300 });
  it1.lab.pass(60);
  expect(said(await it1.judge(it))).toBe(
    "settling: Deployment shop/stuck has 0 of 1 ready (Pending: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.)",
  );
  await kubectl('label node cp1 disk=none');
  it1.lab.pass(60);
  expect(said(await it1.judge(it))).toMatch(/^ok: /);
});

it('starts the pods again that somebody stopped', async () => {
  const it = things(namespace, workload);
  await put(it);
  await kubectl('scale deployment web -n shop --replicas=0');
  expect(said(await it1.judge(it))).toBe('change: Deployment.apps shop/web was scaled to 0');
  await put(it);
  expect(said(await it1.judge(it))).toMatch(/^ok: /);
});

it('leaves a claim as it is, whatever the file says now, and warns of what differs', async () => {
  await put(things(namespace, claim));
  const other = (size: string, more: object): KubeManifest => {
    const requests = { storage: size };
    return { ...claim, spec: { ...(claim.spec as object), resources: { requests }, ...more } } as KubeManifest;
  };
  const title = 'PersistentVolumeClaim shop/data';
  const warnings = {
    [`${title} keeps 1Gi, not 2Gi: a claim cannot be changed`]: other('2Gi', {}),
    [`${title} keeps 1Gi of no class, not 1Gi of other: a claim cannot be changed`]: other('1Gi', {
      storageClassName: 'other',
    }),
    [`${title} keeps 1Gi, and the rest as it was made: a claim cannot be changed`]: other('1Gi', {
      volumeMode: 'Block',
    }),
  };
  for (const [warning, wanted] of Object.entries(warnings))
    expect(await it1.judge(things(namespace, wanted))).toMatchObject({ verdict: 'ok', warning });
});

it.each([
  ['Error from server (Forbidden): admission webhook "a.x" denied the request: too small', 0],
  ['The ConfigMap "a" is invalid: data: Invalid value: "x"', 0],
  ['Internal error occurred: failed calling webhook "a.x": failed to call webhook: connection refused', 60],
])('is tried again only while the webhook is away: %s', async (error, seconds) => {
  const it = { ...things(config('x')), spec: { objects: [config('x')], admittedS: 60 } } as Declared;
  const verdict = await it1.judge(it);
  it1.intercept(`case "$*" in *apply*) cat >/dev/null; echo '${error}' >&2; exit 1 ;; esac`);
  const before = it1.lab.now;
  const { ok, err } = await it1.apply(it, verdict);
  expect([ok, err]).toEqual([false, expect.stringContaining(error)]);
  expect(Math.round((it1.lab.now - before) / 1000)).toBe(seconds);
});

it('uses a claim of somebody else as it is, and says so', async () => {
  await kubectl('create namespace shop');
  await kubectl('apply -f -', JSON.stringify(claim));
  const because = 'PersistentVolumeClaim shop/data was not made by mlk8s, and is used as it is';
  const verdict = await it1.judge(things(claim, config('x')));
  expect(said(verdict)).toBe(`change: ConfigMap shop/a does not exist, ${because}`);
  expect(doings(verdict)).toEqual(['apply ConfigMap shop/a']);
  expect(await it1.judge(things(claim))).toMatchObject({ verdict: 'ok', warning: because });
});

it('does not use a claim of somebody else for a database', async () => {
  await kubectl('create namespace shop');
  await kubectl('apply -f -', JSON.stringify(claim));
  const it = {
    ...things(namespace, claim),
    spec: { objects: [namespace, claim], holds: { name: 'redis', namespace: 'shop', claims: 'data' } },
  } as Declared;
  expect(await it1.judge(it)).toMatchObject({
    verdict: 'refused',
    problem: {
      seen: 'PersistentVolumeClaim shop/data was there before mlk8s',
      next: [expect.stringMatching(/take redis out/), expect.any(String)],
    },
  });
  it1.records.push({ ...it, origin: 'created', state: 'done' });
  expect(await it1.judge(it), 'ours, brought back by hand').toMatchObject({ verdict: 'change' });
});

describe('a storage class', () => {
  const classOf = (server: string): KubeManifest => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'films' },
    provisioner: 'nfs.csi.k8s.io',
    parameters: { server },
  });

  it('is made anew when it changes, because Kubernetes changes none', async () => {
    await put(things(classOf('a.lan')));
    const patch = `patch sc films -p {"parameters":{"server":"b.lan"}}`;
    expect((await it1.lab.mk('cp1', ['kubectl', ...patch.split(' ')])).err).toContain('field is immutable');
    const moved = await it1.judge(things(classOf('b.lan')));
    expect(said(moved)).toBe('change: StorageClass.storage.k8s.io films was written differently');
    expect(await it1.apply(things(classOf('b.lan')), moved)).toEqual({ ok: true, err: '' });
    expect(await kubectl('get sc films -o jsonpath={.parameters.server}')).toBe('b.lan');
  });

  it('is not taken away while there are claims of it', async () => {
    await put(things(namespace, classOf('a.lan')));
    const spec = { storageClassName: 'films', accessModes: ['ReadWriteMany'] };
    await kubectl('apply -f -', JSON.stringify({ ...claim, spec }));
    expect(await it1.undo(things(classOf('a.lan')))).toMatchObject({
      verdict: 'refused',
      problem: {
        seen: 'data is in volumes of films: shop/data',
        next: [
          'to keep the data, put the section back into the cluster file',
          'to give it up for good, first remove the pods that use a claim, with what makes them, then each claim: microk8s kubectl -n NAMESPACE delete persistentvolumeclaim NAME',
          'then run the same command again',
        ],
      },
    });
    await kubectl('delete pvc data -n shop');
    expect(doings(await it1.undo(things(classOf('a.lan'))))).toEqual(['delete StorageClass.storage.k8s.io films']);
  });
});
