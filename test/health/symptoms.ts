import type { Evidence } from '../../src/health/evidence.ts';

type Symptom = Partial<Evidence> & Pick<Evidence, 'looks' | 'text'>;

const pod = (text: string, object = 'Pod apps/one'): Symptom => ({ looks: 'pod', text, object });
const log = (text: string): Symptom => ({ looks: 'log', text });
const event = (text: string): Symptom => ({ looks: 'event', text });
const journal = (text: string): Symptom => ({ looks: 'journal', text });
const kernel = (text: string): Symptom => ({ looks: 'kernel', text: `2026-11-21T12:00:00+00:00 rig1 kernel: ${text}` });
const node = (text: string): Symptom => ({ looks: 'node', text });
const object = (text: string): Symptom => ({ looks: 'object', text });
const output = (text: string): Symptom => ({ looks: 'output', text });
const driver = (text: string): Symptom => ({ looks: 'driver', text });

/**
 * How each entry of the catalogue shows, as the fact sheets write it down, or as our own asks put it. The first one of
 * each list is what people see most.
 */
export const symptoms: Readonly<Record<string, readonly Symptom[]>> = {
  'disk-full': [
    output('tar: /var/snap/x: Cannot write: No space left on device'),
    output("E: You don't have enough free space in /var/cache/apt/archives/."),
  ],
  'disk-nearly-full': [{ looks: 'disk', text: '/data is 96 % full; 3.1 GiB are left' }],
  'read-only': [output("touch: cannot touch '/var/lib/mlk8s/x': Read-only file system")],
  'disk-errors': [
    kernel('blk_update_request: I/O error, dev sda, sector 1234'),
    kernel('EXT4-fs error (device sda2): ext4_find_entry:1455: inode #2'),
    kernel('critical medium error, dev nvme0n1, sector 77'),
  ],
  'out-of-memory': [kernel('Out of memory: Killed process 4711 (python3) total-vm:9000000kB')],
  'container-out-of-memory': [
    pod('OOMKilled (exit 137)'),
    kernel('Memory cgroup out of memory: Killed process 812 (java)'),
  ],
  'memory-cgroup-off': [
    journal("failed to create container: memory.oom.group can't be set"),
    journal('cgroup: the memory controller is disabled'),
  ],
  'too-many-open-files': [
    journal('E1121 12:00:00.0 1 watch.go:1] too many open files'),
    log('failed to create fsnotify watcher: too many open files'),
  ],
  'apparmor-denies': [
    kernel('audit: apparmor="DENIED" operation="signal" profile="cri-containerd.apparmor.d" peer="unconfined"'),
  ],
  'firewall-blocks-pods': [kernel('[UFW BLOCK] IN=cali4f OUT=eth0 SRC=10.1.3.4 DST=10.152.183.1')],
  'forward-dropped': [{ looks: 'firewall', text: '-P FORWARD DROP' }],
  'archive-other-key': [
    output(
      'https://cli.github.com/packages/githubcli-archive-keyring.gpg is another key than the one of gh: its fingerprint should be 2C6106201985B60E6C7AC87323F3D4EA75716059, and is 0123456789ABCDEF0123456789ABCDEF01234567',
    ),
  ],
  'archive-not-for-release': [
    output(
      'the archive of docker has no https://download.docker.com/linux/ubuntu/dists/zesty/Release: it may have nothing for this release of Ubuntu',
    ),
  ],
  'apt-would-remove': [output('E: Packages need to be removed but remove is disabled.')],
  'apt-two-keys': [
    output(
      'E: Conflicting values set for option Signed-By regarding source https://packages.microsoft.com/repos/code/ stable: /usr/share/keyrings/microsoft.gpg != /etc/apt/keyrings/mlk8s-vscode.gpg',
    ),
  ],
  'apt-no-key': [
    output(
      "W: GPG error: https://download.docker.com/linux/ubuntu noble InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 7EA0A9C3F273FCD8",
    ),
  ],
  'release-other-file': [
    output(
      'https://get.helm.sh/helm-v3.18.4-linux-amd64.tar.gz is not the file that was released: its checksum should be f818, and is 0000',
    ),
  ],

  'joiner-not-resolved': [
    output(
      'Connection failed. The hostname (rig2) of the joining node does not resolve to the IP "10.0.0.102". Refusing join (400).',
    ),
  ],
  'joiner-already-known': [
    output(
      'Connection failed. Failed to retrieve dqlite cluster nodes: the joining node (10.0.0.102) is already known to dqlite (500).',
    ),
  ],
  'join-address-foreign': [
    output('Invalid connection: Invalid master IP'),
    output('address 10.0.0.9 was not found in any host interface. refuse to update dqlite bind address'),
  ],
  'join-cut-off': [
    journal('level=error msg="bootstrap node can\'t join a cluster"'),
    journal('dqlite: failed to connect: context deadline exceeded'),
  ],
  'dqlite-starting': [
    output('open /var/snap/microk8s/current/var/kubernetes/backend/cluster.yaml: no such file or directory'),
  ],
  'node-name-wrong': [
    journal('leases.coordination.k8s.io "rig2" is forbidden: User "system:node:rig_2" cannot get resource'),
  ],
  'dqlite-busy': [journal('level=error msg="exec: database is locked"')],
  'node-silent': [node('not Ready: NodeStatusUnknown: Kubelet stopped posting node status.')],
  'network-not-ready': [
    node(
      'not Ready: KubeletNotReady: container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized',
    ),
  ],
  'certificate-expired': [
    journal('tls: failed to verify certificate: x509: certificate has expired or is not yet valid'),
  ],
  'kubelet-certificate': [
    log(
      'Get "https://10.0.0.102:10250/containerLogs": x509: cannot validate certificate for 10.0.0.102 because it doesn\'t contain any IP SANs',
    ),
  ],
  'kubepods-missing': [journal("Failed to start ContainerManager: root container [kubepods] doesn't exist")],
  'kubelite-panics': [
    journal('Missing actuated resource record'),
    journal('panic: runtime error: invalid memory address or nil pointer dereference'),
  ],
  'containerd-2-1-3': [node('it runs containerd://2.1.3')],
  'refresh-under-way': [output('error: snap "microk8s" has "refresh-snap" change in progress')],
  'refresh-hook-failed': [
    output('- Run configure hook of "microk8s" snap if present (run hook "configure": exit status 1)'),
  ],
  'snap-removal-stuck': [
    output('- Save data of snap "microk8s" in automatic snapshot set #3 (context deadline exceeded)'),
    output(
      "rm: cannot remove '/var/snap/microk8s/common/run': Device or resource busy"
        .replace("'/", '/')
        .replace("run'", 'run'),
    ),
  ],
  'kmsg-missing': [journal('open /dev/kmsg: no such file or directory')],
  'service-failed': [{ looks: 'unit', text: 'snap.microk8s.daemon-kubelite.service has failed' }],
  'containerd-failed': [{ looks: 'unit', text: 'snap.microk8s.daemon-containerd.service has failed' }],
  'calico-not-ready': [event('Unhealthy: Readiness probe failed: calico/node is not ready: BIRD is not ready')],
  'dns-loop': [
    log(
      '[FATAL] plugin/loop: Loop (127.0.0.1:55953 -> :53) detected for zone ".", see https://coredns.io/plugins/loop',
    ),
    log('[ERROR] plugin/errors: 2 github.com. A: read udp 10.1.3.4:44->8.8.8.8:53: i/o timeout'),
  ],
  'disk-pressure': [
    node('DiskPressure: KubeletHasDiskPressure: kubelet has disk pressure'),
    journal('failed to garbage collect required amount of images. Attempted to free 2 bytes'),
    pod('Failed: Evicted: The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi'),
  ],
  'memory-pressure': [
    node('MemoryPressure: KubeletHasInsufficientMemory: kubelet has insufficient memory available'),
    pod('Failed: Evicted: The node was low on resource: memory.'),
  ],
  cordoned: [node('it takes no new pods (it is cordoned)')],
  'crds-vanished': [object('gpu-operator is installed, but its resource type clusterpolicies.nvidia.com is gone')],
  'foreign-owner': [
    output(
      'Error: INSTALLATION FAILED: Unable to continue with install: Deployment "a" exists and cannot be imported into the current release: invalid ownership metadata',
    ),
  ],
  'helm-busy': [output('Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress')],
  'helm-hook-failed': [output('Error: INSTALLATION FAILED: failed post-install: 1 error occurred:')],

  'image-limit': [
    event(
      'Failed: Failed to pull image "docker.io/calico/cni:v3.28.1": 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit',
    ),
  ],
  'image-removed': [
    pod(
      'ImagePullBackOff: Back-off pulling image "docker.io/bitnami/redis:7.2": ErrImagePull: failed to pull and unpack image "docker.io/bitnami/redis:7.2": docker.io/bitnami/redis:7.2: not found',
    ),
    event('Failed: Failed to pull image "quay.io/minio/minio:RELEASE": manifest unknown'),
  ],
  'image-missing': [
    pod(
      'ErrImagePull: failed to pull and unpack image "ghcr.io/me/app:v9": failed to resolve reference "ghcr.io/me/app:v9": ghcr.io/me/app:v9: not found',
    ),
  ],
  'registry-unreachable': [
    pod(
      'ImagePullBackOff: failed to pull and unpack image "docker.io/a/b:1": failed to do request: Head "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
    ),
  ],
  'image-pull': [
    pod('ImagePullBackOff: Back-off pulling image "docker.io/a/b:1"'),
    pod(
      'ImagePullBackOff: Back-off pulling image "docker.io/a/b:1": ErrImagePull: failed to pull and unpack image "docker.io/a/b:1"',
    ),
  ],
  'image-other-processor': [log('exec /usr/bin/app: exec format error')],
  'no-room': [pod('0/3 nodes are available: 1 Insufficient cpu, 2 Insufficient memory.')],
  'too-many-pods': [pod('0/1 nodes are available: 1 Too many pods.')],
  'port-taken': [pod("0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.")],
  'gpu-taint': [pod('0/1 nodes are available: 1 node(s) had untolerated taint {nvidia.com/gpu: present}.')],
  'node-not-ready-taint': [
    pod('0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.'),
  ],
  'api-webhook-away': [
    output(
      'Error: Internal error occurred: failed calling webhook "mcluster.cnpg.io": Post "https://cnpg-webhook-service": connect: connection refused',
    ),
    // monitoring-and-cost 7/4
    output(
      'Error: UPGRADE FAILED: failed to create resource: Internal error occurred: failed calling webhook "prometheusrulemutate.monitoring.coreos.com": failed to call webhook: Post "https://kube-prom-stack-kube-prome-operator.observability.svc:443/admission-prometheusrules/mutate?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    ),
  ],

  'no-default-class': [
    { looks: 'claim', text: 'no persistent volumes available for this claim and no storage class is set' },
    { looks: 'class', text: 'no StorageClass is the default; there are openebs-hostpath' },
  ],
  'two-default-classes': [
    { looks: 'class', text: '2 StorageClasses are the default: microk8s-hostpath, openebs-hostpath' },
  ],
  'class-missing': [{ looks: 'claim', text: 'storageclass.storage.k8s.io "fast" not found' }],
  'claim-waits-for-pod': [{ looks: 'claim', text: 'waiting for first consumer to be created before binding' }],
  'claim-not-bound': [
    pod('0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.'),
    pod('persistentvolumeclaim "data" not found'),
  ],
  'hostpath-helper-failed': [
    {
      looks: 'claim',
      text: 'ProvisioningFailed: failed to provision volume with StorageClass "openebs-hostpath": create process timeout after 120 seconds',
    },
  ],
  'hostpath-helper-pod': [pod('Error (exit 1)', 'Pod openebs/init-pvc-0a1b')],
  'volume-elsewhere': [pod('0/2 nodes are available: 2 node(s) had volume node affinity conflict.')],
  'claim-terminating': [{ looks: 'claim', text: 'Terminating for 31 min, held by kubernetes.io/pvc-protection' }],
  'hugepages-missing': [pod('0/3 nodes are available: 3 Insufficient hugepages-2Mi.')],
  'io-engine-memory': [
    log('EAL: No free 2048 kB hugepages reported on node 0'),
    log("thread 'main' panicked: io-engine: Cannot allocate memory"),
  ],
  'io-engine-iova': [log("EAL: Cannot use IOVA as 'PA' since physical addresses are not available")],
  'nvme-tcp-missing': [log('Waiting for kernel module nvme_tcp to be loaded')],
  'kubelet-folder': [
    event('FailedMount: MountVolume.SetUp failed: Failed to find parent dir for mountpoint /var/lib/kubelet/pods/x'),
    event('FailedMount: stat /var/lib/kubelet/plugins/kubernetes.io/csi/a/globalmount: no such file or directory'),
  ],
  'pool-not-online': [object('DiskPool: cr_state Creating, pool_status Unknown')],
  'registry-is-http': [
    event(
      'Failed: failed to do request: Head "https://registry.local:32000/v2/app": http: server gave HTTP response to HTTPS client',
    ),
  ],
  'addon-asks': [output('Remove PVC storage at /var/snap/microk8s/common/default-storage ? (Y/N):')],
  'bus-error': [pod('Error (exit 135)'), log('initdb: Bus error (core dumped)')],

  'runtime-missing': [
    event('FailedCreatePodSandBox: failed to get sandbox runtime: no runtime for "nvidia" is configured'),
  ],
  'operator-stuck': [pod('not ready for 14 min: PodInitializing', 'Pod gpu-operator/nvidia-operator-validator-x2x4z')],
  'toolkit-no-containerd': [
    log('error: failed to load config: exec: "containerd": executable file not found in $PATH'),
  ],
  'cuda-runtime': [log('CUDA error: CUDA driver version is insufficient for CUDA runtime version')],
  'nvml-library-missing': [log('libnvidia-ml.so.1: cannot open shared object file: No such file or directory')],
  'plugin-sees-no-driver': [
    log('E1121 main.go:1] Incompatible strategy detected auto'),
    log('error: invalid device discovery strategy'),
  ],
  'no-host-driver': [
    log('command failed, failed to validate the driver, retrying after 5 seconds'),
    log("chroot: failed to run command 'nvidia-smi': No such file or directory"),
  ],
  'driver-in-use': [log('Could not unload NVIDIA driver kernel modules, driver is in use')],
  'driver-image-missing': [
    pod(
      'ImagePullBackOff: failed to resolve reference "nvcr.io/nvidia/driver:580.95.05-ubuntu26.04": nvcr.io/nvidia/driver:580.95.05-ubuntu26.04: not found',
    ),
  ],
  nouveau: [kernel('NVRM: GPU 0000:01:00.0 is already bound to nouveau.')],
  nova: [kernel('NVRM: GPU 0000:01:00.0 is already bound to NovaCore.')],
  'secure-boot': [
    output("modprobe: ERROR: could not insert 'nvidia': Key was rejected by service"),
    kernel('Loading of unsigned module is rejected'),
  ],
  'driver-mismatch': [driver('Failed to initialize NVML: Driver/library version mismatch')],
  'nvml-unknown': [log('Failed to initialize NVML: Unknown Error')],
  'driver-not-loaded': [
    driver(
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
    ),
  ],
  'no-devices': [driver('No devices were found')],
  'no-gpu-nodes': [object('ClusterPolicy: state ready: NoGPUNodes (No GPU node found)')],
  'operator-not-ready': [
    object(
      'ClusterPolicy: state notReady: OperandNotReady (ClusterPolicy is not ready; states not ready: [state-driver])',
    ),
  ],
  'two-nfd': [object('2 installations of Node Feature Discovery: gpu-operator/a, node-feature-discovery/b')],
  'run-not-shared': [event('Failed: path "/run/nvidia/validations" is mounted on "/run" but it is not a shared mount')],
  'gpu-lost': [
    kernel('NVRM: Xid (PCI:0000:44:00): 79, GPU has fallen off the bus'),
    driver(
      'Unable to determine the device handle for GPU 0000:C1:00.0: GPU is lost.  Reboot the system to recover this GPU',
    ),
    log('XidCriticalError: Xid=48 on Device=GPU-1; marking device as unhealthy.'),
  ],
  xid: [kernel('NVRM: Xid (PCI:0000:01:00): 119, Timeout waiting for RPC from GSP')],
  'xid-of-a-program': [kernel('NVRM: Xid (PCI:0000:01:00): 31, pid=812, MMU Fault')],
  'driver-upgrade-failed': [node('nvidia.com/gpu-driver-upgrade-state is upgrade-failed')],
  'addon-second-run': [output('Error: INSTALLATION FAILED: cannot re-use a name that is still in use')],
  'shared-request': [pod('Failed: UnexpectedAdmissionError: maximum request size for shared resources is 1; found 2')],
  'rocm-cannot': [kernel('kfd kfd: amdgpu: TOPAZ  not supported in kfd')],
  'gpu-not-offered': [
    node('it has an NVIDIA card and offers no nvidia.com/gpu'),
    node('it offers 1 of 2 nvidia.com/gpu'),
  ],
  'gpus-taken': [pod('0/2 nodes are available: 2 Insufficient nvidia.com/gpu.')],
  'opencost-no-prometheus': [
    log(
      'ERR Failed to query prometheus at http://prometheus-server.prometheus-system.svc.cluster.local:80: dial tcp: lookup prometheus-server.prometheus-system.svc.cluster.local: no such host',
    ),
  ],
  'crds-too-long': [
    output(
      'The CustomResourceDefinition "prometheuses.monitoring.coreos.com" is invalid: metadata.annotations: Too long: must have at most 262144 bytes',
    ),
  ],
  'root-not-shared': [
    pod(
      'CreateContainerError: failed to generate container spec: path "/" is mounted on "/" but it is not a shared or slave mount',
    ),
  ],
  'volume-attached-elsewhere': [
    event(
      'FailedAttachVolume: Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) kube-prom-stack-grafana-1',
    ),
  ],
  'telegram-chat': [
    log('err="notify retry canceled due to unrecoverable error: telegram: Bad Request: chat not found (400)"'),
    log('yaml: unmarshal errors: line 12: cannot unmarshal !!str `-100123` into int64'),
  ],
  'prometheus-volume-full': [
    {
      ...log('level=ERROR msg="opening storage failed" err="get segment range: segments are not sequential"'),
      object: 'Pod observability/prometheus-kube-prom-stack-kube-prome-prometheus-0',
    },
  ],
  'postgres-login': [log('FATAL:  password authentication failed for user "app"')],
  'redis-memory-full': [
    log("redis.exceptions.OutOfMemoryError: OOM command not allowed when used memory > 'maxmemory'."),
  ],
  'redis-cannot-save': [
    log("MISCONF Valkey is configured to save RDB snapshots, but it's currently unable to persist to disk."),
    log("1:M 21 Nov 2026 12:00:00.000 # Can't save in background: fork: Cannot allocate memory"),
  ],
  'redis-login': [
    log('redis.exceptions.AuthenticationError: WRONGPASS invalid username-password pair or user is disabled.'),
    log('(error) NOAUTH Authentication required.'),
  ],
  'milvus-processor': [
    pod('CrashLoopBackOff: Error (exit 132)', 'Pod milvus/milvus-standalone-5d6f-x2x4z'),
    { ...log('SIGILL: illegal instruction'), object: 'Pod milvus/milvus-standalone-5d6f-x2x4z' },
  ],
  'milvus-old-data': [
    {
      ...log('etcdserver: re-configuration failed due to not enough started members'),
      object: 'Pod milvus/milvus-etcd-0',
    },
  ],
  'milvus-slow-start': [
    {
      ...event('Unhealthy: Readiness probe failed: Get "http://10.1.2.3:9091/healthz": connect: connection refused'),
      object: 'Pod milvus/milvus-standalone-5d6f-x2x4z',
    },
  ],
  'milvus-volume': [
    log(
      '[FATAL] [paramtable/component_param.go:4413] ["failed to mkdir"] [localStoragePath=/var/lib/milvus/data/] [error="mkdir /var/lib/milvus/data/: permission denied"]',
    ),
    log(
      '{"level":"fatal","msg":"create file","error":"open /var/lib/milvus/etcd/member/wal/0.tmp: permission denied"}',
    ),
  ],
  'dynamodb-volume': [log('com.almworks.sqlite4java.SQLiteException: [14] unable to open database file')],
  'metallb-no-address': [event('AllocationFailed: Failed to allocate IP for "web/app": no available IPs')],
  'metallb-range': [output('Your input value (1.2.3) is not a valid IP Range')],
  'cert-manager-types-gone': [output('no matches for kind "ClusterIssuer" in version "cert-manager.io/v1"')],
  'istio-cni-deadlock': [
    event(
      'FailedCreatePodSandBox: Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "4f": plugin type="istio-cni" name="istio-cni" failed (add): stat /var/run/istio-cni/istio-cni-kubeconfig: no such file or directory',
    ),
  ],
  'istio-cni-left': [
    event(
      'FailedCreatePodSandBox: Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "4f": plugin type="istio-cni" failed (add): failed to find plugin "istio-cni" in path [/var/snap/microk8s/current/opt/cni/bin]',
    ),
  ],
  'istio-validation': [
    pod(
      'CrashLoopBackOff: back-off 5m0s restarting failed container=istio-validation pod=dashboard-5d6f-x2x4z_kubeflow(3a)',
    ),
  ],
  'cni-file-cut': [
    journal(
      'level=error msg="failed to load cni during init, please check CRI plugin status before setting up network for pods" error="cni config load failed: failed to load CNI config list file /var/snap/microk8s/current/args/cni-network/10-calico.conflist: error parsing configuration list: unexpected end of JSON input: invalid cni config: failed to load cni config"',
    ),
  ],
  'types-not-there': [
    output(
      'resource mapping not found for name: "mlk8s" namespace: "kubeflow" from "rendered": no matches for kind "PodDefault" in version "kubeflow.org/v1alpha1"',
    ),
  ],
  'remote-base': [
    output(
      "error: accumulating resources: accumulation err='accumulating resources from 'https://github.com/argoproj/argo-workflows/manifests/base/crds/minimal?ref=v3.7.3': URL is a git repository': failed to run '/usr/bin/git fetch --depth=1 origin v3.7.3': fatal: unable to access: exit status 128",
    ),
  ],
  'other-manifests': [
    output('these are not the manifests of Kubeflow 26.03: their digest should be c8f0ca, and is 000000'),
  ],
  'github-unreachable': [
    output('curl: (6) Could not resolve host: github.com'),
    output('curl: (28) Failed to connect to raw.githubusercontent.com port 443 after 130 ms: Connection timed out'),
  ],
  'knative-kubernetes': [
    log('kubernetes version "1.32.9" is not compatible, need at least "1.33.0-0" (this can be overridden)'),
  ],
  'image-not-for-processor': [
    event('Failed: Failed to pull image "a/b:1": no matching manifest for linux/arm64/v8 in the manifest list entries'),
    pod(
      'ErrImagePull: failed to pull and unpack image "ghcr.io/kubeflow/a:v1": no match for platform in manifest: not found',
    ),
  ],
  'user-quota': [
    event(
      'FailedCreate: create Pod work-0 in StatefulSet work failed error: pods "work-0" is forbidden: exceeded quota: kf-resource-quota, requested: cpu=8, used: cpu=4, limited: cpu=8',
    ),
  ],
  'user-quota-unsaid': [
    event(
      'FailedCreate: Error creating: pods "run-1" is forbidden: failed quota: kf-resource-quota: must specify cpu for: main',
    ),
  ],
  'pod-security': [
    event(
      'FailedCreate: pods "a" is forbidden: violates PodSecurity "baseline:latest": privileged (container "a" must not set securityContext.privileged=true)',
    ),
  ],
  'no-profile': [
    output('the dashboard shows anna@home.lab no namespace kubeflow-anna: {"user":"anna@home.lab"}'),
    output('no experiment can be made in kubeflow-anna: RBAC: access denied'),
  ],
  'old-login-key': [
    output("no run can be started in kubeflow-anna: Jwks doesn't have key to match kid or alg from Jwt"),
  ],
  'kubeflow-gateway': [
    output('the gateway does not ask for a login, it answers 503'),
    output('there is no form to log in with at http://localhost/oauth2/callback'),
  ],
  'kubeflow-terminating': [
    output('error: timed out waiting for the condition on namespaces/kubeflow-anna'),
    output('error: timed out waiting for the condition on profiles.kubeflow.org/kubeflow-anna'),
  ],
};

/** A symptom as something that was seen. */
export function seen({ object = 'rig1', machine = 'rig1', ...symptom }: Symptom): Evidence {
  return { object, machine, ...symptom };
}
