import type { Cluster, ClusterNode } from '../../config/schema.ts';
import type { Declared, Step, World } from '../../engine/types.ts';
import { cluster } from '../../resources/cluster.ts';
import { dns } from '../../resources/dns.ts';
import { kubeconfig } from '../../resources/kubeconfig.ts';
import { member } from '../../resources/member.ts';
import { microk8sReady } from '../../resources/microk8s-ready.ts';
import { microk8sUser } from '../../resources/microk8s-user.ts';
import { nodeMeta } from '../../resources/node-meta.ts';
import { rbac } from '../../resources/rbac.ts';
import { snap } from '../../resources/snap.ts';
import { snapdSeeded } from '../../resources/snapd-seeded.ts';
import { voters } from '../../resources/voters.ts';
import { beforeKubelet } from '../storage/mayastor-machines.ts';

/** MicroK8s on every machine, one cluster of them, and the way to it for the user. Order: platform sheet, 4. */
export const microk8sStep: Step = {
  name: 'microk8s',
  title: 'MicroK8s on every machine, joined into one cluster',
  resources: (file) => [...file.nodes.flatMap((node) => onMachine(file, node)), ...inCluster(file)],
  notes,
};

function onMachine(file: Cluster, node: ClusterNode): Declared[] {
  const host = node.name;
  const on = { host };
  const { channel } = file.microk8s;
  return [
    snapdSeeded({ id: `microk8s/snapd@${host}`, on, needs: [`node/packages@${host}`], after: `node/packages@${host}` }),
    // Names want to be final before kubelet first starts, and no reboot may come after the first join.
    snap({
      id: `microk8s/snap@${host}`,
      on,
      needs: [
        `microk8s/snapd@${host}`,
        `node/hostname@${host}`,
        `node/hosts@${host}`,
        `node/sysctl@${host}`,
        `node/reboot@${host}`,
        ...beforeKubelet(file, host),
      ],
      snap: 'microk8s',
      channel,
    }),
    microk8sReady({ id: `microk8s/ready@${host}`, on, needs: [`microk8s/snap@${host}`] }),
    microk8sUser({ id: `microk8s/user@${host}`, on, needs: [`microk8s/snap@${host}`] }),
    member({
      id: `microk8s/member@${host}`,
      on,
      needs: [`microk8s/ready@${host}`, 'microk8s/rbac@cluster', 'node/hosts@*', 'node/reboot@*', 'node/firewall@*'],
      name: host,
      address: node.address,
      role: node.role,
      channel,
    }),
  ];
}

function inCluster(file: Cluster): Declared[] {
  const planes = file.nodes.filter((n) => n.role === 'control-plane');
  return [
    cluster({ id: 'microk8s/cluster@cluster', on: 'cluster', needs: ['microk8s/ready@lead'] }),
    // Before any join: it restarts the API once, and whoever joins later takes the setting over.
    rbac({
      id: 'microk8s/rbac@cluster',
      on: 'cluster',
      needs: ['microk8s/cluster@cluster'],
      planes: planes.map((n) => n.name),
    }),
    dns({ id: 'microk8s/dns@cluster', on: 'cluster', needs: ['microk8s/rbac@cluster'] }),
    voters({ id: 'microk8s/voters@cluster', on: 'cluster', needs: ['microk8s/member@*'] }),
    ...file.nodes.map((node) =>
      nodeMeta({ id: `microk8s/labels@${node.name}`, on: 'cluster', needs: [`microk8s/member@${node.name}`], node }),
    ),
    kubeconfig({
      id: 'microk8s/kubeconfig@workstation',
      on: 'workstation',
      needs: ['microk8s/rbac@cluster'],
      context: file.name,
      planes: planes.map((n) => n.address),
    }),
  ];
}

function notes(world: World): string[] {
  const { nodes, name, microk8s } = world.file;
  const planes = nodes.filter((n) => n.role === 'control-plane').length;
  const workers = nodes.length - planes;
  const count = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;
  return [
    `${name}: ${count(planes, 'control plane')}${workers > 0 ? ` and ${count(workers, 'worker')}` : ''}, MicroK8s ${microk8s.channel}, all Ready`,
    `kubectl --context ${name} get nodes`,
  ];
}
