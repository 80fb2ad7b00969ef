const kubectl = 'microk8s kubectl';

/** How resources of the step network are broken from outside, on a machine rig1 that has the API. */
export const networkBreaks: Readonly<Record<string, string>> = {
  'network/metrics-server@cluster': `${kubectl} delete apiservice v1beta1.metrics.k8s.io`,
  'network/metallb@cluster': `${kubectl} -n metallb-system delete daemonset speaker`,
  'network/addresses@cluster': `${kubectl} -n metallb-system delete ipaddresspool default-addresspool`,
  'network/ingress@cluster': `${kubectl} delete ingressclass public`,
  'network/cert-manager@cluster': 'microk8s helm3 rollback cert-manager 1 -n cert-manager',
  'network/ca@cluster': `${kubectl} delete clusterissuer mlk8s-selfsigned`,
  'network/proof-ingress@rig1': `${kubectl} -n mlk8s-system patch configmap proofs --type merge -p '{"data":{"network_proof-ingress_rig1":null}}'`,
  'network/proof-certificate@rig2': `${kubectl} -n mlk8s-system patch configmap proofs --type merge -p '{"data":{"network_proof-certificate_rig2":null}}'`,
};

/** Checks. */
export const networkUnbroken: Readonly<Record<string, string>> = {
  'network/lone-ingress': 'a check, tried in test/steps/network/in-cluster.test.ts',
  'network/certificates': 'a check, tried in test/steps/network/in-cluster.test.ts',
};

/** What there is besides when other sections bring something to look at. */
export const namesUnbroken: Readonly<Record<string, string>> = {
  'network/names': 'a check of the workstation, tried in test/cases/names-known.json',
  'network/served': 'a check, tried in test/acceptance/served.test.ts',
  'network/ingress-grafana': 'broken in test/steps/network/in-cluster.test.ts',
  'network/ingress-opencost': 'as that of Grafana',
  'network/ingress-prometheus': 'as that of Grafana',
  'network/ingress-alertmanager': 'as that of Grafana',
  'network/ingress-redis-commander': 'as that of Grafana',
  'network/ingress-attu': 'as that of Grafana',
};
