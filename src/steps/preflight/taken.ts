import type { ClusterNode } from '../../config/schema.ts';
import type { Check, Finding } from '../../engine/check.ts';
import type { Ask } from '../../engine/types.ts';
import type { Given } from '../../resources/answers.ts';
import { microk8sDataAsk } from '../../resources/microk8s-data.ts';
import { sh } from '../../shell/script.ts';
import { comparison, error, machineCheck, warning } from './check.ts';

const on = (node: ClusterNode): Ask['on'] => ({ host: node.name });
const isInstalled = (answer: Given | undefined) => answer?.text.trim() === 'yes';

/** microk8s sheet 2.6: what its own processes listen on. */
const PORTS = [
  '1338',
  '10248',
  '10249',
  '10250',
  '10255',
  '10256',
  '10257',
  '10259',
  '12379',
  '16443',
  '19001',
  '25000',
];

/** All sockets that somebody listens on, and who. */
export function listeningAsk(node: ClusterNode): Ask {
  return { key: 'listening', on: on(node), sh: sh`ss -H -l -t -n -p`, timeoutS: 10 };
}

/** Which of these ports are taken, by the answer to `listeningAsk`: port → name of the program. */
export function listeningOn(text: string, ports: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const row of text.split('\n')) {
    const port = /:(\d+)$/.exec(row.trim().split(/\s+/)[3] ?? '')?.[1] ?? '';
    if (ports.includes(port)) found.set(port, /\(\("([^"]+)"/.exec(row)?.[1] ?? 'an unknown program');
  }
  return found;
}

/** Only before MicroK8s is there: afterwards it is MicroK8s that listens. */
const ports: Check = machineCheck(
  'ports',
  (node) => [microk8sDataAsk(on(node)), listeningAsk(node)],
  (subject, installed, sockets) => {
    if (isInstalled(installed)) return [];
    return [...listeningOn(sockets?.text ?? '', PORTS)].map(([port, program]) => {
      const next = `see what it is (sudo ss -ltnp 'sport = :${port}') and stop it`;
      return error(subject, `port ${port} is used by ${program}`, 'MicroK8s needs that port', next);
    });
  },
);

const UNITS = ['kubelet', 'k3s', 'k3s-agent', 'rke2-server', 'rke2-agent', 'k0scontroller', 'k0sworker'];
const TRACES = ['/etc/kubernetes/kubelet.conf', '/etc/kubernetes/manifests', '/etc/rancher', '/var/lib/rancher'];

/** Another Kubernetes on a machine that MicroK8s is to be installed on; afterwards nothing is looked for. microk8s sheet 1.2 and 3 (links), platform sheet 4, item 1. */
const foreign: Check = machineCheck(
  'other-kubernetes',
  (node) => [
    microk8sDataAsk(on(node)),
    {
      key: 'traces of another Kubernetes',
      on: on(node),
      sh: sh`
        [ -d /var/snap/microk8s ] && exit
        for unit in ${UNITS}; do systemctl is-active --quiet "$unit" && echo "the service $unit runs"; done
        for path in ${TRACES}; do [ -e "$path" ] && echo "there is $path"; done
        [ -d /var/lib/kubelet ] && [ ! -L /var/lib/kubelet ] && ls -A /var/lib/kubelet | grep -q . && echo 'there is /var/lib/kubelet'
      `,
      timeoutS: 15,
    },
    {
      key: 'containerd and networks of others',
      on: on(node),
      sh: sh`
        [ -d /var/snap/microk8s ] && exit
        systemctl is-active --quiet containerd && echo 'the service containerd runs'
        [ -d /etc/cni/net.d ] && [ ! -L /etc/cni/net.d ] && ls -A /etc/cni/net.d | grep -q . && echo 'there is /etc/cni/net.d'
      `,
      timeoutS: 15,
    },
  ],
  (subject, installed, cluster, parts) => {
    if (isInstalled(installed)) return [];
    const seen = (answer: Given | undefined) => answer?.text.trim().split('\n').filter(Boolean).join(', ') ?? '';
    const found: Finding[] = [];
    if (seen(cluster) !== '') {
      const next = 'remove the other Kubernetes with its own uninstaller, or take the machine out of the cluster file';
      found.push(
        error(subject, seen(cluster), 'another Kubernetes is or was here, and both want the same paths', next),
      );
    }
    if (seen(parts) !== '') {
      const why = 'Docker or another Kubernetes brought it; MicroK8s has its own';
      found.push(warning(subject, seen(parts), why, 'leave it if you need it; pods may lack network until it is gone'));
    }
    return found;
  },
);

/** Machines that were cloned share what must be unique. gpu-and-nodes sheet 6, iSCSI. */
const identity: Check = comparison(
  'identity',
  (node) => [
    { key: 'machine id', on: on(node), sh: sh`cat /etc/machine-id`, timeoutS: 10 },
    { key: 'iscsi name', on: on(node), sh: sh`grep '^InitiatorName=' /etc/iscsi/initiatorname.iscsi`, timeoutS: 10 },
  ],
  (id, iqn) => ({ machine: id?.text.trim() ?? '', iscsi: iqn?.text.trim() ?? '' }),
  (found) =>
    found.flatMap(({ subject, value }) => {
      const twin = (key: keyof typeof value) =>
        value[key] !== '' &&
        found.find((it) => it.subject !== subject && it.value[key] === value[key])?.subject.node.name;
      const why = 'one is a clone of the other';
      const [machine, iscsi] = [twin('machine'), twin('iscsi')];
      const newId = 'on one of them: sudo rm /etc/machine-id; sudo systemd-machine-id-setup; then reboot it';
      const newName = 'on one of them: echo "InitiatorName=$(iscsi-iname)" | sudo tee /etc/iscsi/initiatorname.iscsi';
      return [
        ...(machine ? [error(subject, `it has the same machine id as ${machine}`, why, newId)] : []),
        ...(iscsi ? [error(subject, `it has the same iSCSI name as ${iscsi}`, why, newName)] : []),
      ];
    }),
);

export const takenChecks = [ports, foreign, identity];
