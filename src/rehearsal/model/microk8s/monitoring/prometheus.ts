import type { KubeObject } from '../../state.ts';
import { isReady } from '../nodes.ts';
import type { View } from '../view.ts';

interface Monitor {
  jobLabel?: string;
  namespaceSelector?: { matchNames?: string[] };
  selector: { matchLabels?: Record<string, string> };
  endpoints?: { relabelings?: { sourceLabels?: string[]; targetLabel?: string }[] }[];
}

interface Target {
  readonly labels: Readonly<Record<string, string>>;
  readonly isUp: boolean;
}

/**
 * What the API of Prometheus answers to a query. The model counts nothing: it knows the metric `up` of the targets that
 * its ServiceMonitors give it (sheet monitoring-and-cost 1.2), and says so of everything else.
 */
export function prometheusApi(view: View, route: string, query: string): string {
  const asked = new URLSearchParams(query).get('query')?.trim();
  if (route !== 'api/v1/query' || asked !== 'up') {
    const error = `the simulated Prometheus knows the query "up" only, not "${asked ?? route}"`;
    return JSON.stringify({ status: 'error', errorType: 'bad_data', error });
  }
  const result = targets(view).map(({ labels, isUp }) => ({
    metric: { __name__: 'up', ...labels },
    value: [Math.floor(view.now / 1000), isUp ? '1' : '0'],
  }));
  return JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
}

function targets(view: View): Target[] {
  const { store } = view;
  const [prometheus] = store.list(store.kind('prometheuses'));
  // With the chart's own setting a monitor counts only with the label of the release (1.3).
  const isPicky = (prometheus?.spec as { onlyOfRelease?: boolean } | undefined)?.onlyOfRelease === true;
  const release = prometheus?.metadata.annotations?.['meta.helm.sh/release-name'];
  return store
    .list(store.kind('servicemonitors'))
    .filter(({ metadata }) => !isPicky || metadata.labels?.release === release)
    .flatMap((monitor) => ofMonitor(view, monitor));
}

function ofMonitor(view: View, { spec, metadata }: KubeObject): Target[] {
  const { selector, namespaceSelector, jobLabel = '', endpoints = [] } = spec as unknown as Monitor;
  const namespaces = namespaceSelector?.matchNames ?? [metadata.namespace ?? ''];
  const wanted = selector.matchLabels ?? {};
  if (wanted.component === 'apiserver') return apiServers(view);
  return view
    .list(view.store.kind('services'))
    .filter((it) => namespaces.includes(it.metadata.namespace ?? '') && has(it.metadata.labels, wanted))
    .flatMap((service) => {
      const job = service.metadata.labels?.[jobLabel] ?? service.metadata.name;
      return job === 'kubelet' ? kubelets(view) : ofService(view, service, job, endpoints[0]?.relabelings ?? []);
    });
}

function ofService(
  view: View,
  service: KubeObject,
  job: string,
  relabelings: readonly { sourceLabels?: string[]; targetLabel?: string }[],
): Target[] {
  const { namespace = '', name } = service.metadata;
  const byNode = relabelings.some(
    ({ sourceLabels = [], targetLabel }) =>
      targetLabel === 'instance' && sourceLabels[0] === '__meta_kubernetes_pod_node_name',
  );
  return view.backends(service).map((pod) => {
    const { nodeName = '' } = (pod.spec ?? {}) as { nodeName?: string };
    const instance = byNode ? nodeName : pod.metadata.name;
    return { labels: { job, instance, namespace, service: name, pod: pod.metadata.name }, isUp: isRunning(pod) };
  });
}

export function isRunning(pod: KubeObject): boolean {
  const { conditions = [] } = (pod.status ?? {}) as { conditions?: { type: string; status: string }[] };
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** Three paths of each kubelet are asked for figures. */
function kubelets(view: View): Target[] {
  const paths = ['/metrics', '/metrics/cadvisor', '/metrics/probes'];
  return view.nodes().flatMap((node) =>
    paths.map((path) => ({
      labels: {
        job: 'kubelet',
        instance: `${addressOf(node)}:10250`,
        metrics_path: path,
        node: node.metadata.name,
      },
      isUp: isReady(node),
    })),
  );
}

function apiServers(view: View): Target[] {
  const planes = view
    .nodes()
    .filter(({ metadata }) => 'node.kubernetes.io/microk8s-controlplane' in (metadata.labels ?? {}));
  return planes.map((node) => ({
    labels: { job: 'apiserver', instance: `${addressOf(node)}:16443`, namespace: 'default', service: 'kubernetes' },
    isUp: isReady(node),
  }));
}

/** The address by which machines know each other. */
export function addressOf(node: KubeObject): string {
  const { addresses = [] } = (node.status ?? {}) as { addresses?: { type: string; address: string }[] };
  return addresses.find(({ type }) => type === 'InternalIP')?.address ?? '';
}

function has(labels: Readonly<Record<string, string>> | undefined, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => labels?.[key] === value);
}
