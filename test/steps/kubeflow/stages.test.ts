import { describe, expect, it } from 'vitest';
import { clusterSchema } from '../../../src/config/schema.ts';
import type { Declared } from '../../../src/engine/types.ts';
import { COMPONENTS, type Component } from '../../../src/kubeflow/components.ts';
import { kustomization } from '../../../src/kubeflow/overlay.ts';
import { allReleases, releaseFor, stagesIn } from '../../../src/kubeflow/releases.ts';
import type { KustomizeStageSpec } from '../../../src/resources/kustomize-stage.ts';
import { kubeflowStep } from '../../../src/steps/kubeflow/index.ts';

const FILE = {
  name: 'lab',
  nodes: [
    { name: 'cp1', address: '192.168.1.11', role: 'control-plane' },
    { name: 'cp2', address: '192.168.1.12', role: 'control-plane' },
    { name: 'rig1', address: '192.168.1.21' },
  ],
  storage: {},
  network: {},
};
const fileOf = (kubeflow: object, channel = '1.35/stable') =>
  clusterSchema.parse({ ...FILE, microk8s: { channel }, kubeflow });
const resources = (kubeflow: object, channel?: string) => kubeflowStep.resources(fileOf(kubeflow, channel));
const specs = (kubeflow: object, channel?: string) =>
  resources(kubeflow, channel).flatMap(({ kind, spec }) =>
    kind === 'kustomize-stage' ? [spec as unknown as KustomizeStageSpec] : [],
  );
const names = (kubeflow: object, channel?: string) => specs(kubeflow, channel).map(({ stage }) => stage);

const MINIMAL = ['namespaces', 'istio', 'oauth2-proxy', 'gateway', 'roles', 'dex', 'dashboard', 'notebooks'];

describe.each(allReleases())('Kubeflow $version', (release) => {
  it('names only stages before it, and files that are pinned', () => {
    const all = release.stages.map(({ name }) => name);
    expect(new Set(all).size).toBe(all.length);
    for (const [i, { needs }] of release.stages.entries()) {
      for (const need of needs) expect(['issuer', ...all.slice(0, i)]).toContain(need);
    }
    const pinned = release.extra.flatMap(({ into, files }) => files.map((file) => `${into}/${file}`));
    for (const to of Object.values(release.localized).flatMap((texts) => Object.values(texts))) {
      expect(pinned).toContain(`${to}/kustomization.yaml`);
    }
    for (const { from } of release.extra) expect(from).toMatch(/\/[0-9a-f]{40}$/);
    expect(release.url).toContain(release.commit);
  });

  it('has what is always there, in its order', () => {
    const always = release.stages.filter(({ component }) => component === undefined);
    expect(always.map(({ name }) => name)).toEqual(MINIMAL);
  });

  it("puts Istio's network where MicroK8s looks for it", () => {
    const istio = release.stages.find(({ name }) => name === 'istio');
    expect(JSON.stringify(istio?.patches)).toContain('/var/snap/microk8s/current/opt/cni/bin');
    expect(JSON.stringify(istio?.patches)).toContain('/var/snap/microk8s/current/args/cni-network');
  });
});

it('knows one release for each track', () => {
  const tracks = allReleases().flatMap((release) => release.tracks);
  expect(new Set(tracks).size).toBe(tracks.length);
  expect(releaseFor('1.35/stable')?.version).toBe('26.03.1-rc.2');
  expect(releaseFor('1.34/edge')?.version).toBe('26.03');
  expect(releaseFor('1.33/stable')).toBeUndefined();
});

describe('the stages of a file', () => {
  it.each(['1.34/stable', '1.35/stable', '1.36/candidate'])(
    'are the minimal ones on %s, when nothing is said',
    (channel) => {
      expect(names({}, channel)).toEqual(MINIMAL);
    },
  );

  it.each([
    ['pipelines', ['pipelines']],
    ['training', ['katib', 'trainer']],
    ['serving', ['knative', 'serving']],
    ['spark', ['spark']],
    ['registry', ['registry', 'catalog']],
    // It comes with the notebooks.
    ['tensorboard', []],
  ] as [Component, string[]][])('have %s when it is asked for', (component, more) => {
    expect(names({ components: [component] })).toEqual([...MINIMAL, ...more]);
  });

  it('are all, when all is asked for, and the same when each is named', () => {
    const all = names({ components: 'full' });
    expect(all).toEqual(releaseFor('1.35/stable')?.stages.map(({ name }) => name));
    expect(names({ components: [...COMPONENTS].reverse() })).toEqual(all);
  });

  it('need the manifests on the lead, their certificates and each other', () => {
    const all = resources({ components: 'full' });
    const needs = (name: string) => all.find(({ id }) => id === `kubeflow/${name}@cluster`)?.needs;
    expect(needs('istio')).toEqual(expect.arrayContaining(['kubeflow/source@lead', 'kubeflow/namespaces@cluster']));
    expect(needs('dashboard')).toEqual(expect.arrayContaining(['kubeflow/issuer@cluster', 'kubeflow/gateway@cluster']));
    expect(needs('issuer')).toEqual(['network/cert-manager@cluster']);
    expect(needs('registry')).toContain('kubeflow/user-user@cluster');
    const ids = all.map(({ id }) => id);
    const own = all.flatMap((it: Declared) => it.needs.filter((need) => need.startsWith('kubeflow/')));
    for (const need of own.filter((it) => !it.endsWith('@lead'))) expect(ids).toContain(need);
  });

  it('have their manifests on every control plane, and nowhere else', () => {
    const sources = resources({ source: '/home/anna/kubeflow.tar.gz' }).filter(({ kind }) => kind === 'source-tree');
    expect(sources.map(({ id }) => id)).toEqual(['kubeflow/source@cp1', 'kubeflow/source@cp2']);
    expect(sources[0]?.spec).toMatchObject({
      folder: '/var/lib/mlk8s/kubeflow/26.03.1-rc.2',
      local: '/home/anna/kubeflow.tar.gz',
    });
  });

  it('put the registry into the namespace of the first user', () => {
    const [spec] = specs({ components: ['registry'], users: [{ name: 'anna' }, { name: 'ben' }] }).filter(
      ({ stage }) => stage === 'registry',
    );
    expect(spec?.overlay.namespace).toBe('kubeflow-anna');
    const text = JSON.stringify(spec && kustomization(spec.stage, spec.overlay, '../..'));
    expect(text).toContain('model-registry-service.kubeflow-anna.svc.cluster.local');
    expect(text).not.toContain('USER_NAMESPACE');
    for (const release of allReleases()) {
      expect(JSON.stringify(stagesIn(release, 'kubeflow-x'))).not.toContain('USER_NAMESPACE');
    }
  });

  it('say what the release before made that cannot be changed', () => {
    expect(
      specs({ components: 'full' }).flatMap(({ stage, replaces }) => replaces.map((row) => `${stage}: ${row}`)),
    ).toEqual([
      'dashboard: apps/v1 Deployment kubeflow profiles-deployment',
      'trainer: apps/v1 Deployment kubeflow-system jobset-controller-manager',
      'serving: rbac.authorization.k8s.io/v1 ClusterRoleBinding - llmisvc-manager-rolebinding',
    ]);
  });

  it('keep what moved to a later one until that brings it', () => {
    const passed = specs({}).flatMap(({ stage, passes }) => passes.map((row) => `${stage}: ${row}`));
    expect(passed).toEqual(['namespaces: networking.k8s.io/v1 NetworkPolicy kubeflow poddefaults']);
  });

  it('publish no secret that people or programs log in with', () => {
    const removed = specs({}).flatMap(({ overlay }) =>
      overlay.patches.flatMap(({ patch }) => ('$patch' in patch ? [(patch.metadata as { name: string }).name] : [])),
    );
    expect(removed.sort()).toEqual(['dex-oidc-client', 'dex-passwords', 'oauth2-proxy']);
  });
});

describe('what they ask for', () => {
  const sum = (kubeflow: object, what: 'cpu' | 'memory' | 'disk') =>
    (kubeflowStep.asksFor?.(fileOf(kubeflow)) ?? []).reduce((all, load) => all + (load[what] ?? 0), 0);

  it('is what their pods request, with their sidecars, as they were counted', () => {
    // ml-platform sheet, 1.4: 730 m and 2532 Mi for the minimal set, no claims; 8 sidecars; 100 m and 100 Mi on each machine.
    expect([sum({}, 'cpu'), sum({}, 'memory'), sum({}, 'disk')]).toEqual([730 - 100 + 80, 2532 - 100 + 320, 0]);
    const each = (kubeflowStep.asksFor?.(fileOf({})) ?? []).flatMap(({ perNode }) => perNode ?? []);
    expect(each).toEqual([{ cpu: 100, memory: 100 }]);
    expect(sum({ components: ['pipelines'] }, 'disk')).toBe(40);
    expect(sum({ components: 'full' }, 'memory')).toBeGreaterThan(11000);
    expect(sum({ components: 'full' }, 'disk')).toBe(65);
  });
});
