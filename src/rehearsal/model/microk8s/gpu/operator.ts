import type { KubeObject } from '../../state.ts';
import type { Json } from '../merge.ts';
import { rollout } from '../pods.ts';
import type { KubeStore, Manifest } from '../store.ts';
import { notesOf } from '../store.ts';
import type { View } from '../view.ts';
import { setLabels } from './labels.ts';

/** As much of a ClusterPolicy as decides something. */
interface Policy {
  driver?: { enabled?: boolean };
}

/** What the operator runs on nodes with a card: seconds until it is ready, image pulls included (sheet gpu-and-nodes 1.6). */
const OPERANDS: readonly { name: string; deploy: string; image: string; readyS: number }[] = [
  { name: 'nvidia-driver-daemonset', deploy: 'driver', image: 'nvcr.io/nvidia/driver:595.91.07', readyS: 240 },
  {
    name: 'nvidia-container-toolkit-daemonset',
    deploy: 'container-toolkit',
    image: 'nvcr.io/nvidia/k8s/container-toolkit:v1.20.0',
    readyS: 60,
  },
  {
    name: 'nvidia-device-plugin-daemonset',
    deploy: 'device-plugin',
    image: 'nvcr.io/nvidia/k8s-device-plugin:v0.20.0',
    readyS: 90,
  },
  {
    name: 'gpu-feature-discovery',
    deploy: 'gpu-feature-discovery',
    image: 'nvcr.io/nvidia/k8s-device-plugin:v0.20.0',
    readyS: 90,
  },
  {
    name: 'nvidia-dcgm-exporter',
    deploy: 'dcgm-exporter',
    image: 'nvcr.io/nvidia/k8s/dcgm-exporter:4.6.0-4.8.3-distroless',
    readyS: 110,
  },
  {
    name: 'nvidia-operator-validator',
    deploy: 'operator-validator',
    image: 'nvcr.io/nvidia/gpu-operator:v26.7.0',
    readyS: 120,
  },
];

const PCI = 'feature.node.kubernetes.io/pci-10de.present';

/** One look of the operator at its ClusterPolicy (sheet 1.6): operands on nodes with a card, RuntimeClasses, conditions. */
export function reconcile(view: View): void {
  const { store } = view;
  const policy = Object.values(store.cluster.objects).find((it) => it.kind === 'ClusterPolicy');
  const namespace = policy?.metadata.annotations?.['meta.helm.sh/release-namespace'];
  if (!policy || namespace === undefined || !runs(view, namespace)) return;
  say(store, policy, serve(view, policy, namespace));
}

/** What it says afterwards; it is ready unless there is an error. */
type Finding = { readonly ready: string } | { readonly error: string; readonly message: string };

function serve(view: View, policy: KubeObject, namespace: string): Finding {
  const { store } = view;
  const nodes = view.nodes();
  const having = nodes.filter(({ metadata }) => metadata.labels?.[PCI] === 'true');
  for (const node of having) setLabels(store, node.metadata.name, deployLabels());
  const labels = nodes.flatMap(({ metadata }) => Object.keys(metadata.labels ?? {}));
  const isLabelled = labels.some((key) => key.startsWith('feature.node.kubernetes.io/'));
  if (having.length === 0) return { ready: isLabelled ? 'NoGPUNodes' : 'NFDLabelsMissing' };
  const wrong = runtimeClasses(store, policy);
  if (wrong !== undefined) return { error: 'ReconcileFailed', message: wrong };
  const spec = (policy.spec ?? {}) as Policy;
  const wanted = OPERANDS.filter(({ deploy }) => deploy !== 'driver' || spec.driver?.enabled === true);
  for (const operand of wanted) bring(store, policy, namespace, operand);
  const waits = wanted.filter(({ name }) => {
    const live = store.find(store.kind('daemonsets'), namespace, name);
    const state = live && rollout(view, live);
    return !state || state.ready < state.desired;
  });
  if (waits.length === 0) return { ready: 'Reconciled' };
  const states = waits.map(({ deploy }) => `state-${deploy}`).join(' ');
  return { error: 'OperandNotReady', message: `ClusterPolicy is not ready; states not ready: [${states}]` };
}

function runs(view: View, namespace: string): boolean {
  const deployment = view.store.find(view.store.kind('deployments'), namespace, 'gpu-operator');
  return deployment !== undefined && rollout(view, deployment).ready > 0;
}

function deployLabels(): Record<string, string> {
  const names = ['driver', 'container-toolkit', 'device-plugin', 'gpu-feature-discovery', 'dcgm', 'dcgm-exporter'];
  const keys = [...names, 'node-status-exporter', 'operator-validator', 'client'].map(
    (name) => `nvidia.com/gpu.deploy.${name}`,
  );
  return Object.fromEntries(['nvidia.com/gpu.present', ...keys].map((key) => [key, 'true']));
}

/** What of a RuntimeClass is immutable, and refused in the words of the API; undefined when all are there. */
function runtimeClasses(store: KubeStore, policy: KubeObject): string | undefined {
  for (const name of ['nvidia', 'nvidia-cdi', 'nvidia-legacy']) {
    const live = store.find(store.kind('runtimeclasses'), '', name);
    if (live && live.handler !== name) {
      return `RuntimeClass.node.k8s.io "${name}" is invalid: handler: Invalid value: "${name}": field is immutable`;
    }
    if (!live)
      store.create(
        owned({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name }, handler: name }, policy),
      );
  }
  return undefined;
}

function bring(
  store: KubeStore,
  policy: KubeObject,
  namespace: string,
  { name, deploy, image, readyS }: (typeof OPERANDS)[number],
): void {
  if (store.find(store.kind('daemonsets'), namespace, name)) return;
  const labels = { app: name };
  const spec = {
    containers: [{ name, image }],
    nodeSelector: { [`nvidia.com/gpu.deploy.${deploy}`]: 'true' },
    tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
  };
  const set: Manifest = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace, labels: { ...labels, 'app.kubernetes.io/managed-by': 'gpu-operator' } },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
  notesOf(store.create(owned(set, policy))).readyAfterS = readyS;
}

function owned(manifest: Manifest, { apiVersion, kind, metadata: { name, uid } }: KubeObject): Manifest {
  const ownerReferences = [{ apiVersion, kind, name, uid, controller: true }];
  return { ...manifest, metadata: { ...manifest.metadata, ownerReferences } as Manifest['metadata'] };
}

/** Of its two conditions the one that holds is True. */
function say(store: KubeStore, policy: KubeObject, finding: Finding): void {
  const condition = (type: string, reason: string | undefined, message = ''): Json =>
    reason === undefined
      ? { type, status: 'False', reason: type, message: '' }
      : { type, status: 'True', reason, message };
  const isReady = 'ready' in finding;
  const conditions = isReady
    ? [condition('Ready', finding.ready), condition('Error', undefined)]
    : [condition('Ready', undefined), condition('Error', finding.error, finding.message)];
  const now = store.get(store.kindFor(policy), '', policy.metadata.name);
  const namespace = now.metadata.annotations?.['meta.helm.sh/release-namespace'];
  store.replace({ ...now, status: { state: isReady ? 'ready' : 'notReady', namespace, conditions } });
}
