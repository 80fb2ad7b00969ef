import type { Loaded } from '../../src/config/load.ts';
import { MODULES, PACKAGES, SLEEP_UNITS, SYSCTLS } from '../../src/steps/node/files.ts';

type Task = Record<string, unknown>;

/** Prints what it sees and never counts as a change: most of what mlk8s asks has no module in ansible-core. */
const see = (name: string, script: string): Task => ({
  name,
  'ansible.builtin.shell': { cmd: script, executable: '/bin/bash' },
  changed_when: false,
  failed_when: false,
});

/** Files that mlk8s wrote. */
const FILES = [
  '/etc/apt/apt.conf.d/52mlk8s',
  '/etc/modules-load.d/mlk8s.conf',
  '/etc/sysctl.d/90-mlk8s.conf',
  '/etc/systemd/logind.conf.d/10-mlk8s.conf',
];

/**
 * A playbook that checks what an `up` with nothing to do checks, and finds nothing to change. No facts are gathered: no
 * task needs one. What one shell can see is one task, which is kinder to Ansible than a module for each. `read` gives the
 * content of a file as mlk8s left it on the machines.
 */
export function playbook({ file: cluster }: Loaded, read: (path: string) => string): Task[] {
  const lead = cluster.nodes.find((node) => node.role === 'control-plane')?.name ?? '';
  const hosts = cluster.nodes.map(({ address, name }) => `${address} ${name}`).join('\n');
  const onLead = { when: `inventory_hostname == '${lead}'` };
  const tasks: Task[] = [
    { name: 'name', 'ansible.builtin.hostname': { name: '{{ inventory_hostname }}', use: 'systemd' } },
    see('cloud-init', 'cat /etc/cloud/cloud.cfg.d/99-mlk8s.cfg'),
    {
      name: 'hosts',
      'ansible.builtin.blockinfile': { path: '/etc/hosts', marker: '# {mark} mlk8s', block: hosts },
    },
    ...FILES.map((dest) => ({
      name: dest,
      'ansible.builtin.copy': { dest, content: read(dest), mode: '0644', owner: 'root', group: 'root' },
    })),
    see('names resolve', 'getent hosts registry.k8s.io'),
    see('dpkg is whole', 'dpkg --audit'),
    { name: 'packages', 'ansible.builtin.apt': { name: PACKAGES, state: 'present' } },
    see(
      'kernel modules of the kernel',
      'dpkg-query -W linux-modules-extra-$(uname -r) || apt-cache policy linux-modules-extra-$(uname -r)',
    ),
    { name: 'iscsid', 'ansible.builtin.systemd': { name: 'iscsid.service', enabled: true, state: 'started' } },
    see(
      'modules',
      `for name in ${MODULES.join(' ')}; do [ -d /sys/module/$name ] || modprobe --show-depends $name; done`,
    ),
    see('sysctl', `sysctl ${Object.keys(SYSCTLS).join(' ')}; grep -Hs = /etc/sysctl.d/*.conf /etc/sysctl.conf`),
    { name: 'data', 'ansible.builtin.file': { path: cluster.node.dataDir, state: 'directory', mode: '0755' } },
    see('clock', 'timedatectl show'),
    see('sleep', `systemctl is-enabled ${SLEEP_UNITS.join(' ')}`),
    see('firewall', 'ufw status verbose; ufw show added'),
    see('memory cgroup', 'cat /sys/fs/cgroup/cgroup.controllers; cat /boot/firmware/cmdline.txt'),
    see('snap', 'snap wait system seed.loaded; snap list microk8s; snap changes microk8s'),
    see(
      'MicroK8s',
      'cd /var/snap/microk8s/current/var/lock && ls; systemctl show -p Id,ActiveState,UnitFileState snap.microk8s.daemon-containerd snap.microk8s.daemon-kubelite; [ -e clustered.lock ] || microk8s kubectl get --raw /readyz',
    ),
    { name: 'group', 'ansible.builtin.user': { name: '{{ ansible_user }}', groups: 'microk8s', append: true } },
    { ...see('nodes', 'microk8s kubectl get nodes -o json'), ...onLead },
    { ...see('voters', 'cat /var/snap/microk8s/current/var/kubernetes/backend/cluster.yaml'), ...onLead },
    { ...see('DNS', 'microk8s kubectl -n kube-system get deployment coredns -o json'), ...onLead },
    { ...see('kubeconfig', 'microk8s config'), ...onLead },
  ];
  return [{ hosts: 'all', become: true, gather_facts: false, tasks }];
}
