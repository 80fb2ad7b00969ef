/**
 * How each resource of a cluster is broken from outside, by its name: a script for the machine named in its id (cluster
 * and workstation: where it is run). What cannot be broken without breaking the machine itself says why.
 */
export const breaks: Readonly<Record<string, string>> = {
  'node/cloud-init': 'echo "manage_etc_hosts: true" >/etc/cloud/cloud.cfg.d/99-mlk8s.cfg',
  'node/hostname': 'hostnamectl set-hostname renamed',
  'node/hosts': 'sed -i "/rig1$/d" /etc/hosts',
  'node/apt': 'chmod 600 /etc/apt/apt.conf.d/52mlk8s',
  'node/packages': 'apt-get remove -y nfs-common',
  'node/modules-extra': 'apt-get remove -y "linux-modules-extra-$(uname -r)"',
  // After the two above: an interrupted dpkg refuses to remove anything.
  'node/dpkg': 'mkdir -p /var/lib/dpkg/updates && touch /var/lib/dpkg/updates/0001',
  'node/iscsid': 'systemctl stop iscsid.service',
  'node/modules': 'rm /etc/modules-load.d/mlk8s.conf',
  'node/sysctl': 'sysctl -w fs.inotify.max_user_instances=128',
  'node/data-dir': 'rmdir /data/microk8s',
  'node/time': 'timedatectl set-ntp false',
  'node/lid': 'rm /etc/systemd/logind.conf.d/10-mlk8s.conf',
  'node/sleep': 'systemctl unmask suspend.target',
  'node/firewall': 'ufw --force enable',
  'node/reboot': 'cat /proc/sys/kernel/random/boot_id >/var/lib/mlk8s/debts/reboot',
  'microk8s/snap': 'snap refresh --unhold microk8s',
  'microk8s/user': 'gpasswd -d lab microk8s',
  'microk8s/ready': 'snap stop --disable microk8s',
  'microk8s/member': 'rm /var/lib/mlk8s/identity',
  'microk8s/rbac': 'microk8s disable rbac',
  'microk8s/dns': 'microk8s kubectl -n kube-system delete deployment coredns',
  'microk8s/labels': 'microk8s kubectl label node rig2 disk-',
  'microk8s/kubeconfig': 'sed -i "s/name: lab-admin/name: other/" /home/lab/.kube/config',
  'storage/openebs': 'microk8s helm3 rollback openebs 1 -n openebs',
  'storage/default-class':
    'microk8s kubectl annotate sc openebs-hostpath storageclass.kubernetes.io/is-default-class=false --overwrite',
  'storage/registry': 'microk8s kubectl -n container-registry delete service registry',
  'storage/registry-name': 'sed -i "/registry.local$/d" /etc/hosts',
  'storage/registry-trust': 'rm /var/snap/microk8s/current/args/certs.d/registry.local:32000/hosts.toml',
  'storage/proof-openebs-hostpath': `microk8s kubectl -n mlk8s-system patch configmap proofs --type merge -p '{"data":{"storage_proof-openebs-hostpath_rig2":null}}'`,
};

/** Checks that hold on every machine that works, and what would break the machine rather than the resource. */
export const unbroken: Readonly<Record<string, string>> = {
  'node/dns': 'a check, tried with the fault nodns',
  'node/memory-cgroup': 'only a Raspberry Pi has it to set',
  'microk8s/snapd': 'a check, tried with the fault unseeded',
  'microk8s/cluster': 'not a thing of its own: it stands as long as one member knows the identity',
  'microk8s/voters': 'a check of the datastore',
  'capacity/room': 'a check: what machines have does not change',
  'cost/opencost': 'uninstalled in test/acceptance/cost.test.ts',
  'storage/no-pools': 'a check: only pools of Mayastor that are left behind are in its way',
};
