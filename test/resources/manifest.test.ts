import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Declared, Verdict } from '../../src/engine/types.ts';
import { type KubeManifest, manifest } from '../../src/resources/manifest.ts';
import { InCluster } from './in-cluster.ts';

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

const kubectl = async (words: string, stdin = ''): Promise<string> =>
  (await it1.lab.mk('cp1', `kubectl ${words}`, { stdin })).out;
const because = (verdict: Verdict) =>
  'because' in verdict ? `${verdict.verdict}: ${verdict.because}` : verdict.problem;
const doings = (verdict: Verdict) => (verdict.verdict === 'change' ? verdict.moves.map((move) => move.does) : []);
const put = async (it: Declared) => expect(await it1.apply(it, await it1.judge(it))).toEqual({ ok: true, err: '' });

it('is applied, and is right then', async () => {
  const it = things(namespace, config('x'));
  expect(because(await it1.judge(it))).toBe('change: Namespace shop does not exist, ConfigMap shop/a does not exist');
  await put(it);
  expect(because(await it1.judge(it))).toBe('ok: Namespace shop, ConfigMap shop/a: as they were written');
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
  expect(because(verdict)).toBe('change: ConfigMap shop/a does not exist');
  expect(doings(verdict)).toEqual(['apply ConfigMap shop/a']);
});

it('changes with its content; what a field of it was before goes', async () => {
  await put(things(namespace, config('x')));
  const it = things(namespace, { ...config('x'), data: { other: 'y' } });
  expect(because(await it1.judge(it))).toBe('change: ConfigMap shop/a was written differently');
  await put(it);
  expect(JSON.parse(await kubectl('get cm a -n shop -o json'))).toMatchObject({ data: { other: 'y' } });
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
  expect(because(await it1.judge(things(own)))).toBe('change: Thing.x.example t does not exist');
  expect(await it1.apply(things(own), await it1.judge(things(own)))).toMatchObject({
    ok: false,
    err: expect.stringContaining('no matches for kind "Thing" in version "x.example/v1"'),
  });
});

it('waits while the API does not answer', async () => {
  Object.assign(it1.lab.rig('cp1').microk8s ?? {}, { readyAt: it1.lab.now + 600_000 });
  expect(because(await it1.judge(things(namespace)))).toBe('settling: the API on cp1 does not answer');
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
    because: 'Namespace shop, PersistentVolumeClaim shop/data: data is never removed',
  });
  await kubectl('delete pvc data -n shop');
  expect(doings(await it1.undo(it))).toEqual(['delete Namespace shop']);
  await kubectl('delete namespace shop');
  expect(because(await it1.undo(it))).toBe('ok: none of its objects is there');
});
