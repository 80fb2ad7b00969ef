import { afterEach, beforeEach, expect, it } from 'vitest';
import { chartOf } from '../../src/charts/catalogue.ts';
import type { Declared } from '../../src/engine/types.ts';
import { helmRelease } from '../../src/resources/helm-release.ts';
import { typesOwner } from '../../src/resources/types-owner.ts';
import { InCluster } from './in-cluster.ts';

const RELEASE = { release: 'prometheus-operator-crds', namespace: 'observability' };
const owner = typesOwner({
  ...{ id: 'monitoring/types-owner@cluster', on: 'cluster', needs: [], group: 'monitoring.coreos.com', ...RELEASE },
}) as Declared;
const types = helmRelease({
  ...{ id: 'monitoring/crds@cluster', on: 'cluster', needs: [], ...RELEASE, values: {}, readyS: 60 },
  ...{ chart: chartOf('prometheus-operator-crds'), local: undefined },
}) as Declared;

let inside: InCluster;
beforeEach(async () => {
  inside = new InCluster();
  await inside.start();
});
afterEach(() => inside.stop());

async function said(it: Declared): Promise<string> {
  const verdict = await inside.judge(it);
  return 'because' in verdict ? `${verdict.verdict}: ${verdict.because}` : verdict.verdict;
}

/** As an addon that was disabled, or `kubectl apply` of somebody, leaves them. */
async function leaveType(plural: string, kind: string, annotations = {}): Promise<void> {
  const names = { kind, plural, singular: kind.toLowerCase() };
  const versions = [{ name: 'v1', served: true, storage: true }];
  const type = {
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
    metadata: { name: `${plural}.monitoring.coreos.com`, annotations },
    spec: { group: 'monitoring.coreos.com', scope: 'Namespaced', names, versions },
  };
  const { status } = await inside.bash(
    `microk8s kubectl apply --server-side -f - <<'END'\n${JSON.stringify(type)}\nEND`,
  );
  expect(status).toBe(0);
}

it('has nothing to do in a cluster without such types, or with those of the release', async () => {
  expect(await said(owner)).toBe('ok: 0 types of monitoring.coreos.com, none of somebody else');
  await inside.apply(types, await inside.judge(types));
  expect(await said(owner)).toBe('ok: 10 types of monitoring.coreos.com, none of somebody else');
});

it('hands over what was left behind, and then the release can be installed', async () => {
  await leaveType('servicemonitors', 'ServiceMonitor');
  await leaveType('probes', 'Probe');
  const refused = await inside.apply(types, await inside.judge(types));
  expect(refused).toMatchObject({ ok: false, err: expect.stringContaining('invalid ownership metadata') });
  expect(await said(owner)).toBe('change: 2 types of monitoring.coreos.com belong to no release');
  expect(await inside.apply(owner, await inside.judge(owner))).toEqual({ ok: true, err: '' });
  expect(await inside.apply(types, await inside.judge(types))).toEqual({ ok: true, err: '' });
  expect(await said(owner)).toBe('ok: 10 types of monitoring.coreos.com, none of somebody else');
});

it('takes nothing away from a release of somebody else', async () => {
  await leaveType('probes', 'Probe', { 'meta.helm.sh/release-name': 'mine', 'meta.helm.sh/release-namespace': 'x' });
  expect(await inside.judge(owner)).toMatchObject({
    verdict: 'refused',
    problem: {
      seen: 'the type probes.monitoring.coreos.com belongs to release mine in namespace x',
      next: expect.arrayContaining(['when it is not needed any more: helm uninstall mine --namespace x']),
    },
  });
});
