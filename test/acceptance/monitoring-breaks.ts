/** How resources of the step monitoring are broken from outside, on a machine rig1 that has the API. */
export const monitoringBreaks: Readonly<Record<string, string>> = {
  'monitoring/crds@cluster': 'microk8s helm3 rollback prometheus-operator-crds 1 -n observability',
  // After the one above, which writes all types anew.
  'monitoring/types-owner@cluster':
    'microk8s kubectl label crd probes.monitoring.coreos.com app.kubernetes.io/managed-by-',
  'monitoring/grafana-admin@cluster':
    'microk8s kubectl -n observability patch secret grafana-admin --type merge -p \'{"data":{"admin-user":"cm9vdA=="}}\'',
  'monitoring/stack@cluster': 'microk8s helm3 rollback kube-prom-stack 1 -n observability',
  'monitoring/blackbox@cluster': 'microk8s helm3 rollback blackbox-exporter 1 -n observability',
  'monitoring/pushgateway@cluster': 'microk8s helm3 rollback prometheus-pushgateway 1 -n observability',
  'monitoring/rules@cluster': 'microk8s kubectl -n observability delete prometheusrule mlk8s',
  'monitoring/dashboards@cluster': 'microk8s kubectl -n observability delete configmap mlk8s-dashboard-gpus',
};

/** Checks, and what is broken in other tests. */
export const monitoringUnbroken: Readonly<Record<string, string>> = {
  'monitoring/lone-stack': 'a check, tried in test/resources/lone-stack.test.ts',
  'monitoring/targets': 'a check, tried here by itself and in test/resources/scrape-targets.test.ts',
  'monitoring/grafana-data': 'a claim with data: tried in test/resources/manifest.test.ts',
};
