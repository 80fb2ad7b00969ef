import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { kustomization } from '../../src/kubeflow/overlay.ts';
import { OBJECTS } from '../../src/resources/stage-move.ts';
import { realTools } from '../real-tools.ts';
import { doings, said } from '../resources/world.ts';
import { ALL, stage, stageRig, stageWith } from './stage-rig.ts';

const { api, judge, tried, apply, undone, source, keys, receipt, pods } = stageRig();

interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
}

describe('the stages of Kubeflow', () => {
  it.each(ALL.map(({ spec }) => spec))(
    'render $title, each object with the name of the stage',
    ({ stage: name, overlay }) => {
      const folder = join(source(), 'stages', name);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization(name, overlay, '../..')));
      const out = execFileSync(join(realTools(), 'kubectl'), ['kustomize', folder], { encoding: 'utf8' });
      const rows = execFileSync('awk', [OBJECTS], { input: out, encoding: 'utf8' }).trim().split('\n');
      const documents = out.split(/^---$/m).map((text) => parse(text) as Rendered);
      expect(rows).toEqual(
        documents.map(({ apiVersion, kind, metadata }) =>
          [apiVersion, kind, metadata.namespace ?? '-', metadata.name].join(' '),
        ),
      );
      for (const { metadata } of documents) expect(metadata.labels?.['mlk8s.io/stage']).toBe(name);
    },
  );

  it('is applied once, waited for, and mended where it was broken', async () => {
    await apply(await judge(stage('namespaces')));
    expect(said(await judge(stage('namespaces')))).toMatch(
      /^ok: \d+ objects of namespaces and network policies are there/,
    );
    expect(said(await judge(stage('istio')))).toBe('change: the service mesh Istio was never applied to its end');
    await apply(await judge(stage('istio')));
    pods(0);
    const waits = await judge(stage('istio'));
    expect(said(waits)).toContain('settling: Deployment istio-system/');
    expect(waits).toMatchObject({ deadlineS: 1200 });
    pods(1);
    expect((await judge(stage('istio'))).verdict).toBe('ok');

    api().objects.delete('services istio-system/istiod');
    expect(said(await judge(stage('istio')))).toBe(
      'change: Service istio-system/istiod of the service mesh Istio is not there',
    );
    expect((await judge(stage('namespaces'))).verdict).toBe('ok');
    await apply(await judge(stage('istio')));
    pods(1);
    expect((await judge(stage('istio'))).verdict).toBe('ok');
  });

  it('names a type that was deleted, and concludes nothing of what was of it', async () => {
    for (const name of ['namespaces', 'istio', 'gateway']) await apply(await judge(stage(name)));
    pods(1);
    api().objects.delete('customresourcedefinitions /gateways.networking.istio.io');
    expect(said(await judge(stage('istio')))).toBe(
      'change: CustomResourceDefinition gateways.networking.istio.io of the service mesh Istio is not there',
    );
    expect(said(await judge(stage('gateway')))).toBe(
      'settling: not all of the gateway can be seen: the server doesn\'t have a resource type "Gateway"',
    );
    expect((await judge(stage('namespaces'))).verdict).toBe('ok');
    for (const key of keys('gateways')) api().objects.delete(key);
    await apply(await judge(stage('istio')));
    expect(said(await judge(stage('gateway')))).toContain('change: Gateway kubeflow/kubeflow-gateway of the gateway');
  });

  it('is applied again while types are not known and webhooks do not answer', async () => {
    await apply(await judge(stage('namespaces')));
    const refusals = [
      'Internal error occurred: failed calling webhook "x.istio.io": Post "https://istiod": dial tcp: connect: connection refused',
      'Internal error occurred: failed calling webhook "x.istio.io": no endpoints available for service "istiod"',
      'net/http: request canceled (Client.Timeout exceeded while awaiting headers)',
      'Timeout: request did not complete within requested timeout - context deadline exceeded',
      'services "istiod" is forbidden: unable to create new content in namespace istio-system because it is being terminated',
    ];
    api().webhook = (change) => (change.includes('/services/') ? refusals.shift() : undefined);
    // Istio's types come along with it: kubectl looked for them before.
    await apply(await judge(stage('istio')));
    expect(refusals).toEqual([]);
    pods(1);
    expect((await judge(stage('istio'))).verdict).toBe('ok');
  });

  it('ends at once with any other error, and goes on from there', async () => {
    await apply(await judge(stage('namespaces')));
    api().webhook = (change) => (change.includes('/services/istiod') ? 'spec is wrong' : undefined);
    const { status, err } = await tried(await judge(stage('istio')));
    expect(status).toBe(1);
    expect(err).toContain('spec is wrong');
    expect(receipt('istio').data.digest).toBe('unfinished');
    expect(said(await judge(stage('istio')))).toBe('change: the service mesh Istio was never applied to its end');
    api().webhook = () => undefined;
    await apply(await judge(stage('istio')));
    expect(receipt('istio').data.objects).toContain('v1 Service istio-system istiod\n');
  });

  it('takes away what a new version does not bring, but no types, namespaces and claims', async () => {
    const all = ['namespaces', 'istio', 'katib'];
    for (const name of all) await apply(await judge(stage(name)));
    pods(1);
    const before = [...api().objects.keys()];
    const gone = receipt('katib')
      .data.objects.trim()
      .split('\n')
      .slice(1)
      .map((row) => row.split(' '));
    const patches = gone.map(([apiVersion = '', kind = '', namespace = '', name = '']) => ({
      patch: { apiVersion, kind, metadata: { name, ...(namespace === '-' ? {} : { namespace }) }, $patch: 'delete' },
    }));
    const less = stageWith('katib', ({ overlay }) => ({ overlay: { ...overlay, patches } }));
    expect(said(await judge(less))).toContain('was applied from other manifests, or with other settings');
    await apply(await judge(less));
    const lost = before.filter((key) => !api().objects.has(key));
    const dropped = gone.filter(
      ([, kind = '']) => !/^(CustomResourceDefinition|Namespace|PersistentVolumeClaim)$/.test(kind),
    );
    expect(lost).toHaveLength(dropped.length);
    expect(keys('persistentvolumeclaims')).toEqual(['persistentvolumeclaims kubeflow/katib-mysql']);
    expect(receipt('katib').data.objects.trim().split('\n')).toHaveLength(1);
  });

  it('goes again, webhooks first, types behind what is of them, namespaces last', async () => {
    const names = ['namespaces', 'istio', 'gateway'];
    for (const name of names) await apply(await judge(stage(name)));
    pods(1);
    api().changes.length = 0;
    for (const name of names.toReversed()) await apply(await undone(stage(name)));
    const deleted = api()
      .changes.filter((it) => it.startsWith('DELETE'))
      .map((it) => it.split('?')[0]?.split('/') ?? []);
    const istio = deleted.slice(deleted.findIndex((path) => path.includes('mutatingwebhookconfigurations')));
    const places = (plural: string) => istio.flatMap((path, i) => (path.at(-2) === plural ? [i] : []));
    expect(Math.max(...places('mutatingwebhookconfigurations'))).toBeLessThan(Math.min(...places('deployments')));
    expect(Math.max(...places('deployments'))).toBeLessThan(Math.min(...places('customresourcedefinitions')));
    expect(Math.max(...places('customresourcedefinitions'))).toBeLessThan(Math.min(...places('namespaces')));
    expect([...api().objects.keys()].filter((key) => key !== 'namespaces /mlk8s-system')).toEqual([]);
    for (const name of names) expect(said(await undone(stage(name)))).toMatch(/^ok: .* is not installed$/);
  });

  it('names what others made of its types, and deletes it while those who look after it are there', async () => {
    for (const name of ['namespaces', 'istio']) await apply(await judge(stage(name)));
    const made = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'mine', namespace: 'home' },
    };
    api().objects.set('virtualservices home/mine', made);
    api().changes.length = 0;
    const verdict = await undone(stage('istio'));
    expect(doings(verdict)).toEqual([
      expect.stringMatching(
        / objects of the service mesh Istio, and what was made of its types: virtualservice.networking.istio.io home\/mine$/,
      ),
    ]);
    await apply(verdict);
    const deleted = api()
      .changes.filter((it) => it.startsWith('DELETE'))
      .map((it) => it.split('?')[0] ?? '');
    const place = (part: string) => deleted.findIndex((it) => it.includes(part));
    expect(place('/home/virtualservices/mine')).toBeGreaterThan(place('mutatingwebhookconfigurations'));
    expect(place('/home/virtualservices/mine')).toBeLessThan(place('/deployments/istiod'));
    expect(api().objects.has('virtualservices home/mine')).toBe(false);
  });

  it('leaves claims, and the namespace that they are in', async () => {
    for (const name of ['namespaces', 'istio', 'katib']) await apply(await judge(stage(name)));
    const claim = 'PersistentVolumeClaim katib-mysql';
    const verdict = await undone(stage('katib'));
    expect(doings(verdict)).toEqual([expect.stringContaining(`of the tuner Katib, but for ${claim}`)]);
    await apply(verdict);
    expect(await undone(stage('katib'))).toEqual({
      verdict: 'ok',
      because: `${claim}: data is never removed`,
      stays: true,
    });
    await apply(await undone(stage('istio')));
    // Types of its objects are gone by now.
    expect(await undone(stage('katib'))).toMatchObject({ verdict: 'ok', stays: true });
    await apply(await undone(stage('namespaces')));
    expect(keys('namespaces')).toContain('namespaces /kubeflow');
    expect(said(await undone(stage('namespaces')))).toBe('ok: Namespace kubeflow: data is never removed');
    expect(said(await judge(stage('katib')))).toContain('change: the tuner Katib was applied from other manifests');
  });
});
