interface Break {
  /** Typed on rig1. */
  readonly script: string;
  /** What plan then shows: the broken one, and what cannot be right without it. */
  readonly shows: readonly string[];
}

const kubectl = 'microk8s kubectl';

/** How resources of the step network are broken from outside. */
export const networkBreaks: Readonly<Record<string, Break>> = {
  'network/metrics-server': {
    script: `${kubectl} delete apiservice v1beta1.metrics.k8s.io`,
    shows: ['network/metrics-server@cluster'],
  },
  'network/metallb': {
    script: `${kubectl} -n metallb-system delete daemonset speaker`,
    shows: ['network/metallb@cluster'],
  },
  'network/addresses': {
    script: `${kubectl} -n metallb-system delete ipaddresspool default-addresspool`,
    shows: ['network/addresses@cluster'],
  },
  'network/ingress': {
    script: `${kubectl} delete ingressclass public`,
    shows: ['network/ingress@cluster'],
  },
  'network/cert-manager': {
    script: 'microk8s helm3 rollback cert-manager 1 -n cert-manager',
    shows: ['network/cert-manager@cluster'],
  },
  'network/ca': {
    script: `${kubectl} delete clusterissuer mlk8s-selfsigned`,
    shows: ['network/ca@cluster'],
  },
  'network/proof-ingress': {
    script: `${kubectl} -n mlk8s-system patch configmap proofs --type merge -p '{"data":{"network_proof-ingress_rig1":null}}'`,
    shows: ['network/proof-ingress@rig1'],
  },
  'network/proof-certificate': {
    script: `${kubectl} -n mlk8s-system patch configmap proofs --type merge -p '{"data":{"network_proof-certificate_rig2":null}}'`,
    shows: ['network/proof-certificate@rig2'],
  },
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
};
