import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chartOf } from '../../src/charts/catalogue.ts';
import type { ChartKey } from '../../src/charts/keys.ts';
import type { Data } from '../../src/charts/values.ts';
import type { Declared } from '../../src/engine/types.ts';
import { helmRelease } from '../../src/resources/helm-release.ts';
import { manifest } from '../../src/resources/manifest.ts';
import { scrapeTargets } from '../../src/resources/scrape-targets.ts';
import { InCluster } from './in-cluster.ts';

const NAMESPACE = 'observability';
const targets = scrapeTargets({
  ...{ id: 'monitoring/targets@cluster', on: 'cluster', needs: [], namespace: NAMESPACE, machines: ['cp1'] },
  service: 'kube-prom-stack-kube-prome-prometheus',
  jobs: ['apiserver', 'coredns', 'kube-state-metrics', 'kube-prom-stack-kube-prome-alertmanager'],
}) as Declared;

const releaseOf = (chart: ChartKey, release: string, values: Data): Declared =>
  helmRelease({
    ...{ id: `monitoring/${release}@cluster`, on: 'cluster', needs: [], release, namespace: NAMESPACE, values },
    ...{ chart: chartOf(chart), local: undefined, readyS: 600 },
  }) as Declared;

const types = releaseOf('prometheus-operator-crds', 'prometheus-operator-crds', {});
const BY_NODE = {
  monitor: { relabelings: [{ sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'instance' }] },
};
const stack = (values: Data = {}): Declared =>
  releaseOf('kube-prometheus-stack', 'kube-prom-stack', {
    ...{ kubeScheduler: { enabled: false }, grafana: { persistence: { existingClaim: 'grafana-data' } } },
    'prometheus-node-exporter': { prometheus: BY_NODE },
    ...values,
  });

let inside: InCluster;
beforeEach(async () => {
  inside = new InCluster();
  await inside.start();
});
afterEach(() => inside.stop());

async function install(...all: readonly Declared[]): Promise<void> {
  for (const one of all) {
    const { ok, err } = await inside.apply(one, await inside.judge(one));
    expect([ok, err]).toEqual([true, '']);
  }
}
const judged = async () => {
  const verdict = await inside.judge(targets);
  return 'because' in verdict ? `${verdict.verdict}: ${verdict.because}` : verdict;
};

describe('what Prometheus gets to see', () => {
  it('is all of it, once its pods run', async () => {
    expect(await judged()).toBe('settling: Prometheus does not answer');
    await install(types, stack());
    expect(await judged()).toBe('settling: Prometheus does not answer');
    inside.lab.pass(60);
    await judged();
    inside.lab.pass(120);
    expect(await judged()).toBe('ok: 8 of 8 targets of Prometheus answer');
  });

  it('is told by name where it is nothing', async () => {
    await install(types, stack());
    inside.lab.pass(60);
    await judged();
    inside.lab.pass(120);
    await inside.bash(`microk8s kubectl -n ${NAMESPACE} delete daemonset kube-prom-stack-prometheus-node-exporter`);
    expect(await judged()).toBe(
      'settling: 7 of 7 targets of Prometheus answer; none of these do: node-exporter of cp1',
    );
  });

  it('is nothing of what the label of its release is missing on, with the settings of the chart', async () => {
    const service = (labels: Record<string, string>) => ({
      ...{ apiVersion: 'monitoring.coreos.com/v1', kind: 'ServiceMonitor' },
      metadata: { name: 'mine', namespace: 'default', labels },
      spec: {
        ...{ namespaceSelector: { matchNames: [NAMESPACE] } },
        selector: { matchLabels: { 'app.kubernetes.io/name': 'kube-state-metrics' } },
      },
    });
    const mine = manifest({ id: 'demo/mine@cluster', on: 'cluster', needs: [], objects: [service({})] }) as Declared;
    await install(types, stack(), mine);
    inside.lab.pass(60);
    await judged();
    inside.lab.pass(120);
    expect(await judged()).toBe('ok: 8 of 8 targets of Prometheus answer');
    await install(stack({ prometheus: { prometheusSpec: { serviceMonitorSelectorNilUsesHelmValues: false } } }));
    expect(await judged()).toBe('ok: 9 of 9 targets of Prometheus answer');
  });

  it('does not go by machines while targets go by their addresses', async () => {
    await install(types, stack({ 'prometheus-node-exporter': { prometheus: { monitor: { relabelings: [] } } } }));
    inside.lab.pass(60);
    await judged();
    inside.lab.pass(120);
    expect(await judged()).toContain('none of these do: node-exporter of cp1');
  });
});

it('keeps the volume of Prometheus when the release goes', async () => {
  const volume = { spec: { storageClassName: 'x', resources: { requests: { storage: '1Gi' } } } };
  const storageSpec = { volumeClaimTemplate: volume };
  await install(types, stack({ prometheus: { prometheusSpec: { storageSpec } } }));
  inside.lab.pass(60);
  const claims = async () => (await inside.bash(`microk8s kubectl get pvc -n ${NAMESPACE} -o name`)).text;
  const claim = 'persistentvolumeclaim/prometheus-kube-prom-stack-kube-prome-prometheus-db-';
  expect(await claims()).toContain(claim);
  await inside.bash(`microk8s helm3 uninstall kube-prom-stack -n ${NAMESPACE}`);
  expect((await inside.bash(`microk8s kubectl get statefulsets -n ${NAMESPACE} -o name`)).text).toBe('');
  expect(await claims()).toContain(claim);
});
