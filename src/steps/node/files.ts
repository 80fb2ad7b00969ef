/** Files of the node step whose content is the same everywhere. */

/**
 * Waits for apt's locks, so that programs which call apt themselves (ubuntu-drivers) wait too. Drivers move only with
 * the kernel modules that belong to them, and machines reboot only when somebody says so. gpu-and-nodes sheet 6, 6.1.
 */
export const APT_SETTINGS = `// Written by mlk8s
DPkg::Lock::Timeout "600";
Unattended-Upgrade::Package-Blacklist {
  "nvidia";
  "libnvidia";
  "linux-modules-nvidia";
  "linux-objects-nvidia";
  "linux-signatures-nvidia";
};
Unattended-Upgrade::Automatic-Reboot "false";
`;

/** Else cloud-init writes /etc/hosts and the host name anew at every boot. microk8s sheet 6, number 1. */
export const CLOUD_INIT_SETTINGS = `# Written by mlk8s
manage_etc_hosts: false
preserve_hostname: true
`;

/** gpu-and-nodes sheet 6, laptop lid. */
export const LID_SETTINGS = `# Written by mlk8s
[Login]
HandleLidSwitch=ignore
HandleLidSwitchExternalPower=ignore
HandleLidSwitchDocked=ignore
`;

/**
 * What every node needs at least. inotify: Kubeflow's demand, above MicroK8s' own; aio: MicroK8s; map count: databases
 * and vector stores; the last two let pods reach each other. gpu-and-nodes sheet 6.
 */
export const SYSCTLS = {
  'fs.inotify.max_user_instances': 2280,
  'fs.inotify.max_user_watches': 1255360,
  'fs.aio-max-nr': 1048576,
  'vm.max_map_count': 262144,
  'net.bridge.bridge-nf-call-iptables': 1,
  'net.ipv4.ip_forward': 1,
};

/** overlay: containerd; br_netfilter and nf_conntrack: kubelet; iscsi_tcp: volumes over iSCSI. */
export const MODULES = ['overlay', 'br_netfilter', 'nf_conntrack', 'iscsi_tcp'];

/**
 * snapd: MicroK8s is a snap, and Debian and minimal images come without it; open-iscsi and nfs-common: volumes over
 * iSCSI and NFS are mounted by the host; ca-certificates and curl: later steps fetch and probe over HTTPS.
 */
export const PACKAGES = ['ca-certificates', 'curl', 'nfs-common', 'open-iscsi', 'snapd'];

export const SLEEP_UNITS = ['sleep.target', 'suspend.target', 'hibernate.target', 'hybrid-sleep.target'];
