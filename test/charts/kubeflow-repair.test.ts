import { describe, expect, it } from 'vitest';
import type { KustomizeStageSpec } from '../../src/resources/kustomize-stage.ts';
import { said } from '../resources/world.ts';
import { stage, stageRig, stageWith } from './stage-rig.ts';

const { api, judge, tried, apply, undone, keys, receipt, pods } = stageRig();

/** What all receipts of Kubeflow leave behind when nothing of it is there. */
const left = () => [...api().objects.keys()].filter((key) => key !== 'namespaces /mlk8s-system');

/** A patch that takes out what a row of a receipt names. */
function without(row: string): KustomizeStageSpec['overlay']['patches'][number] {
  const [apiVersion = '', kind = '', namespace = '', name = ''] = row.split(' ');
  const metadata = { name, ...(namespace === '-' ? {} : { namespace }) };
  return { patch: { apiVersion, kind, metadata, $patch: 'delete' } };
}
const lacking = (name: string, row: string) =>
  stageWith(name, ({ overlay }) => ({ overlay: { ...overlay, patches: [...overlay.patches, without(row)] } }));

describe('a stage that was cut off', () => {
  it('goes with all that it brought, and keeps no other stage from being judged', async () => {
    await apply(await judge(stage('namespaces')));
    await apply(await judge(stage('istio')));
    await apply(await judge(stage('gateway')));
    pods(1);
    // Its types are refused, and with them what is of them.
    api().webhook = (change) => (/knative\.dev/.test(change) ? 'spec is wrong' : undefined);
    expect((await tried(await judge(stage('knative')))).status).toBe(1);
    expect(receipt('knative').data.digest).toBe('unfinished');
    expect((await judge(stage('istio'))).verdict).toBe('ok');
    api().webhook = () => undefined;
    for (const name of ['knative', 'gateway', 'istio', 'namespaces']) await apply(await undone(stage(name)));
    expect(left()).toEqual([]);
    expect(said(await undone(stage('knative')))).toBe('ok: Knative is not installed');
  });

  it('still takes away what the version before brought, when it is applied again', async () => {
    for (const name of ['namespaces', 'istio']) await apply(await judge(stage(name)));
    const next = lacking('istio', 'v1 ConfigMap istio-system istio');
    api().webhook = (change) => (change.includes('/services/istiod') ? 'spec is wrong' : undefined);
    expect((await tried(await judge(next))).status).toBe(1);
    expect(keys('configmaps')).toContain('configmaps istio-system/istio');
    expect(receipt('istio').data.objects).toContain('v1 ConfigMap istio-system istio\n');
    api().webhook = () => undefined;
    await apply(await judge(next));
    expect(keys('configmaps')).not.toContain('configmaps istio-system/istio');
    expect(receipt('istio').data.objects).not.toContain('v1 ConfigMap istio-system istio\n');
  });
});

describe('a stage of a new version', () => {
  it('is applied behind what cannot be changed in place, once', async () => {
    const replaces = ['apps/v1 Deployment istio-system istiod'];
    const deletions = () => api().changes.filter((it) => /^DELETE .*\/istiod\?/.test(it));
    await apply(await judge(stage('namespaces')));
    await apply(await judge(stageWith('istio', () => ({ replaces, digest: 'of the release before' }))));
    expect(deletions()).toEqual([]);
    const next = stageWith('istio', () => ({ replaces }));
    await apply(await judge(next));
    expect(deletions()).toHaveLength(1);
    expect(keys('deployments')).toContain('deployments istio-system/istiod');
    api().objects.delete('services istio-system/istiod');
    await apply(await judge(next));
    expect(deletions()).toHaveLength(1);
  });

  it('leaves what a later one will bring', async () => {
    for (const name of ['namespaces', 'istio']) await apply(await judge(stage(name)));
    const row = 'v1 ConfigMap istio-system istio';
    const { spec } = lacking('istio', row) as unknown as { spec: KustomizeStageSpec };
    await apply(await judge(stageWith('istio', () => ({ ...spec, passes: [row] }))));
    expect(keys('configmaps')).toContain('configmaps istio-system/istio');
    expect(receipt('istio').data.objects).not.toContain(row);
  });

  it('leaves what moved to another one', async () => {
    for (const name of ['namespaces', 'istio']) await apply(await judge(stage(name)));
    const row = 'networking.k8s.io/v1 NetworkPolicy istio-system default-allow-same-namespace';
    const moved = 'networkpolicies istio-system/default-allow-same-namespace';
    receipt('namespaces').data.objects += `${row}\n`;
    await apply(await judge(lacking('istio', row)));
    expect(keys('networkpolicies')).toContain(moved);
    await apply(await judge(stage('istio')));
    await apply(await undone(stage('istio')));
    expect(keys('networkpolicies')).toContain(moved);
    expect(receipt('istio')).toBeUndefined();
  });

  it('keeps the types that moved, and all that is of them', async () => {
    for (const name of ['namespaces', 'istio', 'katib']) await apply(await judge(stage(name)));
    const row = 'apiextensions.k8s.io/v1 CustomResourceDefinition - virtualservices.networking.istio.io';
    receipt('namespaces').data.objects += `${row}\n`;
    const made = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService' };
    const key = 'virtualservices home/mine';
    api().objects.set(key, { ...made, metadata: { name: 'mine', namespace: 'home' } });
    await apply(await undone(stage('istio')));
    expect(api().objects.has(key)).toBe(true);
    expect(keys('customresourcedefinitions')).toContain(
      'customresourcedefinitions /virtualservices.networking.istio.io',
    );
  });
});

describe('a stage of which a type is gone', () => {
  it('keeps no other one from being judged', async () => {
    for (const name of ['namespaces', 'istio', 'katib']) await apply(await judge(stage(name)));
    pods(1);
    receipt('katib').data.objects += 'x.org/v1 Thing kubeflow one\n';
    expect(said(await judge(stage('katib')))).toContain('settling: not all of the tuner Katib can be seen: ');
    expect((await judge(stage('istio'))).verdict).toBe('ok');
    api().objects.delete('sidecars istio-system/default');
    expect(said(await judge(stage('istio')))).toContain('change: Sidecar istio-system/default of the service mesh');
  });
});

describe('a stage whose pods are off', () => {
  it('is started again, where the manifests name no number', async () => {
    for (const name of ['namespaces', 'istio']) await apply(await judge(stage(name)));
    pods(1);
    const istiod = () =>
      api().objects.get('deployments istio-system/istiod') as unknown as { spec: { replicas: number } };
    istiod().spec.replicas = 0;
    const verdict = await judge(stage('istio'));
    expect(said(verdict)).toBe('change: Deployment istio-system/istiod was scaled to 0');
    await apply(verdict);
    expect(istiod().spec.replicas).toBe(1);
  });
});

describe('what is of the types of a stage', () => {
  it('is not known when the API does not list it, and known when one of the types is gone', async () => {
    for (const name of ['namespaces', 'istio']) await apply(await judge(stage(name)));
    api().objects.delete('customresourcedefinitions /gateways.networking.istio.io');
    const made = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService' };
    api().objects.set('virtualservices home/mine', { ...made, metadata: { name: 'mine', namespace: 'home' } });
    const verdict = await undone(stage('istio'));
    expect(JSON.stringify(verdict)).toContain('virtualservice.networking.istio.io home/mine');
    api().refusesToList = 'virtualservices';
    expect(said(await undone(stage('istio')))).toMatch(/^settling: the API on cp1 does not answer/);
  });
});
