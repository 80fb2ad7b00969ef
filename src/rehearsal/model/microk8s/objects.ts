import type { Manifest } from './store.ts';

/** Builders for the objects that MicroK8s and its addons bring. */
export function namespace(name: string): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'kubernetes.io/metadata.name': name } } };
}

/** With one container, and the label `k8s-app` to find its pods by. */
export function workload(
  kind: 'Deployment' | 'DaemonSet',
  ns: string,
  name: string,
  image: string,
  app = name,
): Manifest {
  const labels = { 'k8s-app': app };
  const tolerations = kind === 'DaemonSet' && ns === 'kube-system' ? [{ operator: 'Exists' }] : [];
  const template = { metadata: { labels }, spec: { containers: [{ name, image }], tolerations } };
  const replicas = kind === 'Deployment' ? { replicas: 1 } : {};
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: ns, labels },
    spec: { ...replicas, selector: { matchLabels: labels }, template },
  };
}

export function service(ns: string, name: string, port: number, spec: Record<string, unknown> = {}): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: ns },
    spec: { type: 'ClusterIP', ports: [{ port, protocol: 'TCP' }], ...spec },
  };
}

export function clusterScoped(
  apiVersion: string,
  kind: string,
  name: string,
  rest: Record<string, unknown> = {},
): Manifest {
  return { apiVersion, kind, metadata: { name }, ...rest };
}

export function crd(
  group: string,
  kind: string,
  plural: string,
  version: string,
  scope: 'Namespaced' | 'Cluster',
): Manifest {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [{ name: version, served: true, storage: true }],
    },
  };
}

/** What a new cluster holds as soon as its API answers: Calico included, DNS not. */
export const FRESH: readonly Manifest[] = [
  namespace('default'),
  namespace('kube-system'),
  namespace('kube-public'),
  namespace('kube-node-lease'),
  service('default', 'kubernetes', 443, { clusterIP: '10.152.183.1' }),
  ...(['system-cluster-critical', 'system-node-critical'] as const).map((name, i) =>
    clusterScoped('scheduling.k8s.io/v1', 'PriorityClass', name, { value: 2_000_000_000 + i * 1000 }),
  ),
  crd('crd.projectcalico.org', 'IPPool', 'ippools', 'v1', 'Cluster'),
  crd('crd.projectcalico.org', 'FelixConfiguration', 'felixconfigurations', 'v1', 'Cluster'),
  workload('DaemonSet', 'kube-system', 'calico-node', 'docker.io/calico/node:v3.29.3'),
  workload('Deployment', 'kube-system', 'calico-kube-controllers', 'docker.io/calico/kube-controllers:v3.29.3'),
];
