import type { Cluster, ClusterNode } from '../../config/schema.ts';

/** Interfaces of Calico: pods of the machine, and the tunnel between machines. microk8s sheet 2.6 and 6, number 19. */
const CALICO = ['cali+', 'vxlan.calico'];

/**
 * What the firewall of a node must let through: everything from the other nodes, pod traffic, and the Kubernetes API on
 * control planes from anywhere, because kubectl runs on the workstation.
 */
export function firewallRules(cluster: Cluster, node: ClusterNode): string[] {
  const others = cluster.nodes.filter((other) => other.name !== node.name);
  return [
    ...others.map((other) => `allow from ${other.address}`),
    ...CALICO.flatMap((nic) => [`allow in on ${nic}`, `allow out on ${nic}`]),
    ...(node.role === 'control-plane' ? ['allow 16443/tcp'] : []),
  ];
}
