import type { Addon } from './addon-catalogue.ts';
import { chartNamed } from './helm/charts.ts';
import { crd, namespace } from './objects.ts';

/** Without Loki, Tempo and what it writes for kubelite. Its types belong to no release (sheet 4; monitoring-and-cost 1.1). */
export const observability: Addon = {
  name: 'observability',
  description: 'A lightweight observability stack for logs, traces and metrics',
  version: '77.6.2',
  sign: { kind: 'deployments', name: 'kube-prom-stack-grafana' },
  needs: ['dns', 'hostpath-storage'],
  takesS: 60,
  objects: () => [
    namespace('observability'),
    ...chartNamed('prometheus-operator-crds', '31.0.1')
      .render('observability', {})
      .map(({ manifest }) => manifest),
  ],
  release: { chart: 'kube-prometheus-stack', version: '77.6.2', name: 'kube-prom-stack', namespace: 'observability' },
};

export const certManager: Addon = {
  name: 'cert-manager',
  description: 'Cloud native certificate management',
  version: '1.19.1',
  sign: { kind: 'deployments', name: 'cert-manager' },
  needs: ['dns'],
  takesS: 45,
  // Types, too: `disable` removes them, although its chart would keep them (platform 5/7).
  objects: () => [
    namespace('cert-manager'),
    crd('cert-manager.io', 'Certificate', 'certificates', 'v1', 'Namespaced'),
    crd('cert-manager.io', 'Issuer', 'issuers', 'v1', 'Namespaced'),
    crd('cert-manager.io', 'ClusterIssuer', 'clusterissuers', 'v1', 'Cluster'),
  ],
  release: {
    ...{ chart: 'cert-manager', version: 'v1.19.1', name: 'cert-manager', namespace: 'cert-manager' },
    values: { crds: { enabled: true } },
  },
};
