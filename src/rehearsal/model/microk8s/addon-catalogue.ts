import { certManager, observability } from './addons-by-helm.ts';
import type { Json } from './merge.ts';
import { clusterScoped, crd, namespace, service, workload } from './objects.ts';
import { LOCKS } from './site.ts';
import type { Manifest } from './store.ts';

/** What tells that an addon is enabled: a file of the node, or an object of the cluster whose name starts so. */
type Sign = { file: string } | { kind: string; name: string };

/** What tells it on a track. */
export const signOf = ({ sign }: Addon, minor: number): Sign => (typeof sign === 'function' ? sign(minor) : sign);

export interface Addon {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly sign: Sign | ((minor: number) => Sign);
  readonly needs?: readonly string[];
  /** Seconds that its script takes. */
  readonly takesS: number;
  objects(args: readonly string[], minor: number): Manifest[];
  /** What it installs by Helm. */
  readonly release?: {
    readonly chart: string;
    readonly version: string;
    readonly name: string;
    readonly namespace: string;
    readonly values?: Json;
  };
}

const none = (): Manifest[] => [];

const dns: Addon = {
  name: 'dns',
  description: 'CoreDNS',
  version: '1.13.1',
  sign: { kind: 'deployments', name: 'coredns' },
  takesS: 8,
  objects: (args) => {
    const forward = args[0] ?? '8.8.8.8 8.8.4.4';
    const Corefile = `.:53 {\n    errors\n    health\n    ready\n    kubernetes cluster.local in-addr.arpa ip6.arpa\n    forward . ${forward.replaceAll(',', ' ')}\n    cache 30\n    loop\n    reload\n    loadbalance\n}\n`;
    return [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'coredns', namespace: 'kube-system' },
        data: { Corefile },
      },
      workload('Deployment', 'kube-system', 'coredns', 'coredns/coredns:1.13.1', 'kube-dns'),
      service('kube-system', 'kube-dns', 53, { clusterIP: '10.152.183.10' }),
    ];
  },
};

const hostpath: Addon = {
  name: 'hostpath-storage',
  description: 'Storage class; allocates storage from host directory',
  version: '1.5.0',
  sign: { kind: 'deployments', name: 'hostpath-provisioner' },
  takesS: 5,
  objects: (args) => [
    workload('Deployment', 'kube-system', 'hostpath-provisioner', 'cdkbot/hostpath-provisioner:1.6.0'),
    {
      ...clusterScoped('storage.k8s.io/v1', 'StorageClass', 'microk8s-hostpath', {
        provisioner: 'microk8s.io/hostpath',
        reclaimPolicy: option(args, '--reclaim-policy', '-r') ?? 'Delete',
        volumeBindingMode: 'WaitForFirstConsumer',
      }),
      metadata: {
        name: 'microk8s-hostpath',
        annotations: {
          'storageclass.kubernetes.io/is-default-class': option(args, '--default-class', '-d') ?? 'true',
        },
      },
    },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'microk8s-hostpath', namespace: 'kube-system' } },
    clusterScoped('rbac.authorization.k8s.io/v1', 'ClusterRole', 'microk8s-hostpath', { rules: [] }),
    clusterScoped('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'microk8s-hostpath', {}),
  ],
};

const NGINX = 'nginx-ingress-microk8s-controller';

const ingress: Addon = {
  name: 'ingress',
  description: 'Ingress controller for external access',
  version: '3.6.2',
  // Before 1.35 nobody looks at classes (sheet, first section).
  sign: (minor) => (minor >= 35 ? { kind: 'ingressclasses', name: 'public' } : { kind: 'daemonsets', name: NGINX }),
  takesS: 20,
  objects: (_args, minor) => {
    const traefik = minor >= 35;
    const controller = traefik ? 'traefik.io/ingress-controller' : 'k8s.io/ingress-nginx';
    const classes = traefik ? ['public', 'nginx', 'traefik'] : ['public', 'nginx'];
    const marks = classes.map((name) =>
      clusterScoped('networking.k8s.io/v1', 'IngressClass', name, { spec: { controller } }),
    );
    const gateway = ['GatewayClass gatewayclasses', 'Gateway gateways', 'HTTPRoute httproutes'].map((pair) => {
      const [kind = '', plural = ''] = pair.split(' ');
      return crd('gateway.networking.k8s.io', kind, plural, 'v1', kind === 'GatewayClass' ? 'Cluster' : 'Namespaced');
    });
    if (!traefik) {
      return [
        namespace('ingress'),
        ...marks,
        onWebPorts(workload('DaemonSet', 'ingress', NGINX, 'ingress-nginx/controller:v1.13.8')),
      ];
    }
    return [
      namespace('ingress'),
      ...gateway,
      ...marks,
      onWebPorts(workload('DaemonSet', 'ingress', 'traefik', 'docker.io/traefik:v3.6.2')),
      service('ingress', 'traefik', 80, { type: 'LoadBalancer' }),
    ];
  },
};

/** Its pods hold the ports 80 and 443 of their machines (sheet 2.6 and 4). */
function onWebPorts(manifest: Manifest): Manifest {
  const { spec } = manifest as unknown as { spec: { template: { spec: { containers: object[] } } } };
  const ports = [80, 443].map((hostPort) => ({ containerPort: 8000 + hostPort, hostPort }));
  for (const container of spec.template.spec.containers) Object.assign(container, { ports });
  return manifest;
}

const metallb: Addon = {
  name: 'metallb',
  description: 'Loadbalancer for your Kubernetes cluster',
  version: '0.15.2',
  sign: { kind: 'deployments', name: 'controller' },
  takesS: 25,
  objects: (args) => [
    namespace('metallb-system'),
    crd('metallb.io', 'IPAddressPool', 'ipaddresspools', 'v1beta1', 'Namespaced'),
    crd('metallb.io', 'L2Advertisement', 'l2advertisements', 'v1beta1', 'Namespaced'),
    workload('Deployment', 'metallb-system', 'controller', 'quay.io/metallb/controller:v0.15.2'),
    workload('DaemonSet', 'metallb-system', 'speaker', 'quay.io/metallb/speaker:v0.15.2'),
    {
      apiVersion: 'metallb.io/v1beta1',
      kind: 'IPAddressPool',
      metadata: { name: 'default-addresspool', namespace: 'metallb-system' },
      spec: { addresses: (args[0] ?? '').split(',') },
    },
    {
      apiVersion: 'metallb.io/v1beta1',
      kind: 'L2Advertisement',
      metadata: { name: 'default-advertise-all-pools', namespace: 'metallb-system' },
      spec: { ipAddressPools: ['default-addresspool'] },
    },
  ],
};

const registry: Addon = {
  name: 'registry',
  description: 'Private image registry exposed on localhost:32000',
  version: '2.8.3',
  sign: { kind: 'deployments', name: 'registry' },
  needs: ['hostpath-storage'],
  takesS: 6,
  objects: (args) => [
    namespace('container-registry'),
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'registry-claim', namespace: 'container-registry' },
      spec: {
        accessModes: ['ReadWriteMany'],
        resources: { requests: { storage: option(args, '--size', '-s') ?? '20Gi' } },
      },
    },
    workload('Deployment', 'container-registry', 'registry', 'registry:2.8.3'),
    service('container-registry', 'registry', 5000, { type: 'NodePort', ports: [{ port: 5000, nodePort: 32000 }] }),
  ],
};

/** The core addons that the model knows (sheet 4), as of branch 1.35. */
export const ADDONS: readonly Addon[] = [
  certManager,
  dns,
  {
    name: 'ha-cluster',
    description: 'Configure high availability on the current node',
    version: '0.1.0',
    sign: { file: `${LOCKS}/ha-cluster` },
    takesS: 1,
    objects: none,
  },
  {
    name: 'helm',
    description: 'Helm - the package manager for Kubernetes',
    version: '3.19.2',
    sign: { file: LOCKS },
    takesS: 1,
    objects: none,
  },
  {
    name: 'helm3',
    description: 'Helm 3 - the package manager for Kubernetes',
    version: '3.19.2',
    sign: { file: LOCKS },
    takesS: 1,
    objects: none,
  },
  hostpath,
  ingress,
  metallb,
  {
    name: 'metrics-server',
    description: 'K8s Metrics Server for API access to service metrics',
    version: '0.8.0',
    sign: { kind: 'deployments', name: 'metrics-server' },
    takesS: 4,
    objects: () => [
      workload('Deployment', 'kube-system', 'metrics-server', 'registry.k8s.io/metrics-server/metrics-server:v0.8.0'),
      service('kube-system', 'metrics-server', 443),
      clusterScoped('apiregistration.k8s.io/v1', 'APIService', 'v1beta1.metrics.k8s.io', {
        spec: { group: 'metrics.k8s.io', version: 'v1beta1' },
      }),
    ],
  },
  observability,
  {
    name: 'rbac',
    description: 'Role-Based Access Control for authorisation',
    version: '',
    sign: { kind: 'clusterroles', name: 'cluster-admin' },
    takesS: 5,
    objects: () =>
      ['cluster-admin', 'admin', 'edit', 'view'].map((name) =>
        clusterScoped('rbac.authorization.k8s.io/v1', 'ClusterRole', name, { rules: [] }),
      ),
  },
  registry,
];

/** `--flag value` or `--flag=value`. */
function option(args: readonly string[], long: string, short: string): string | undefined {
  const at = args.findIndex((a) => a === long || a === short);
  return at >= 0 ? args[at + 1] : args.find((a) => a.startsWith(`${long}=`))?.slice(long.length + 1);
}
