import type { Cluster, ClusterNode } from '../../config/schema.ts';
import type { Service, Step } from '../../engine/types.ts';
import { openNodes } from '../open-nodes.ts';

/** A service with the name that browsers find it by. */
export interface Named {
  /** `grafana.lab` */
  readonly host: string;
  readonly service: Service;
}

/** What steps bring that is looked at with a browser, by its name; nothing without an ingress. */
export function namedServices(file: Cluster, steps: readonly Step[]): Named[] {
  const { network } = file;
  if (!network?.ingress) return [];
  const services = steps.flatMap((step) => step.services?.(file) ?? []);
  return services.filter(({ web }) => web).map((service) => ({ service, host: `${service.name}.${network.domain}` }));
}

/** Machines that the ingress answers on: its pods tolerate no taint. facts: microk8s sheet, 4; platform sheet, 5 (18) */
export function entrances({ nodes }: Cluster): readonly ClusterNode[] {
  return openNodes(nodes);
}

/** The line of /etc/hosts on a machine: it asks itself where it can, so that none depends on another one. */
export function serviceHosts(file: Cluster, node: ClusterNode, named: readonly Named[]): string[] {
  const all = entrances(file);
  const at = all.find(({ name }) => name === node.name) ?? all[0];
  return at && named.length > 0 ? [`${at.address} ${named.map(({ host }) => host).join(' ')}`] : [];
}
