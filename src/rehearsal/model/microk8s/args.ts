import { BACKEND, SD } from './site.ts';

/** Argument files of a fresh install (sheet 3; ARGS/*). */
export const KUBELET_ARGS = `--resolv-conf=/run/systemd/resolve/resolv.conf
--kubeconfig=\${SNAP_DATA}/credentials/kubelet.config
--cert-dir=\${SNAP_DATA}/certs
--client-ca-file=\${SNAP_DATA}/certs/ca.crt
--anonymous-auth=false
--root-dir=\${SNAP_COMMON}/var/lib/kubelet
--fail-swap-on=false
--eviction-hard="memory.available<100Mi,nodefs.available<1Gi,imagefs.available<1Gi"
--container-runtime-endpoint=\${SNAP_COMMON}/run/containerd.sock
--containerd=\${SNAP_COMMON}/run/containerd.sock
--node-labels="microk8s.io/cluster=true,node.kubernetes.io/microk8s-controlplane=microk8s-controlplane"
--authentication-token-webhook=true
--read-only-port=0
--serialize-image-pulls=false
`;

export const WORKER_LABELS = '"microk8s.io/cluster=true,node.kubernetes.io/microk8s-worker=microk8s-worker"';

const APISERVER = `--cert-dir=\${SNAP_DATA}/certs
--service-cluster-ip-range=10.152.183.0/24
--authorization-mode=AlwaysAllow
--client-ca-file=\${SNAP_DATA}/certs/ca.crt
--secure-port=16443
--etcd-servers="unix://\${SNAP_DATA}/var/kubernetes/backend/kine.sock:12379"
--allow-privileged=true
--event-ttl=5m
--enable-admission-plugins=EventRateLimit
--kubelet-preferred-address-types=InternalIP,Hostname,InternalDNS,ExternalDNS,ExternalIP
`;

/** Paths and contents under \`args\`. */
export const ARGS: Record<string, string> = {
  kubelet: KUBELET_ARGS,
  'kube-apiserver': APISERVER,
  'kube-proxy':
    '--kubeconfig=${SNAP_DATA}/credentials/proxy.config\n--cluster-cidr=10.1.0.0/16\n--healthz-bind-address=127.0.0.1\n',
  'kube-controller-manager':
    '--kubeconfig=${SNAP_DATA}/credentials/controller.config\n--use-service-account-credentials\n',
  'kube-scheduler': '--kubeconfig=${SNAP_DATA}/credentials/scheduler.config\n--leader-elect-lease-duration=60s\n',
  kubelite: '--scheduler-args-file=$SNAP_DATA/args/kube-scheduler\n--kubelet-args-file=$SNAP_DATA/args/kubelet\n',
  containerd: '--config ${SNAP_DATA}/args/containerd.toml\n--root ${SNAP_COMMON}/var/lib/containerd\n',
  'containerd-env': 'ulimit -n 65536 || true\nulimit -l 16384 || true\n',
  'containerd-template.toml':
    'version = 2\n\n[grpc]\n  address = "${SNAP_COMMON}/run/containerd.sock"\n\n[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "${SNAP_DATA}/args/certs.d"\n\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia-container-runtime]\n  runtime_type = "${RUNTIME_TYPE}"\n\n  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia-container-runtime.options]\n    BinaryName = "nvidia-container-runtime"\n',
  'containerd.toml': `version = 2\n\n[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "${SD}/args/certs.d"\n`,
  'k8s-dqlite': `--storage-dir=${BACKEND}/\n--listen=unix://${BACKEND}/kine.sock:12379\n`,
  'cluster-agent': '--bind 0.0.0.0:25000\n--timeout 240\n',
  'apiserver-proxy': '--refresh-interval 30s\n',
  'cni-env':
    'IPv4_SUPPORT=true\nIPv4_CLUSTER_CIDR=10.1.0.0/16\nIPv4_SERVICE_CIDR=10.152.183.0/24\nIPv6_SUPPORT=false\n',
  'certs.d/docker.io/hosts.toml':
    'server = "https://docker.io"\n\n[host."https://registry-1.docker.io"]\n  capabilities = ["pull", "resolve"]\n',
  'certs.d/localhost:32000/hosts.toml':
    'server = "http://localhost:32000"\n\n[host."http://localhost:32000"]\n  capabilities = ["pull", "resolve"]\n',
  'cni-network/cni.yaml': cni('first-found'),
};

/** The part of the Calico manifest that a join rewrites (sheet 2.3). */
export function cni(detection: string): string {
  return `            - name: IP_AUTODETECTION_METHOD\n              value: "${detection}"\n            - name: CALICO_IPV4POOL_CIDR\n              value: "10.1.0.0/16"\n`;
}

/** A kubeconfig as the snap keeps it (sheet 3, kubeconfig form). */
export function kubeconfig(server: string, ca: string): string {
  const data = (text: string) => Buffer.from(text).toString('base64');
  return [
    'apiVersion: v1',
    'clusters:',
    '- cluster:',
    `    certificate-authority-data: ${data(ca)}`,
    `    server: ${server}`,
    '  name: microk8s-cluster',
    'contexts:',
    '- context:',
    '    cluster: microk8s-cluster',
    '    user: admin',
    '  name: microk8s',
    'current-context: microk8s',
    'kind: Config',
    'preferences: {}',
    'users:',
    '- name: admin',
    '  user:',
    `    client-certificate-data: ${data(`client of ${ca}`)}`,
    `    client-key-data: ${data(`key of ${ca}`)}`,
    '',
  ].join('\n');
}

/** A certificate file: its body is as good as any other to compute the check of a join URL from. */
export function certificate(name: string, serial: number): string {
  const body = Buffer.from(`simulated certificate ${name} ${serial}`).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
}
