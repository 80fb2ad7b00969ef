import type { Cluster, ClusterNode } from '../../config/schema.ts';
import type { Service, Step } from '../../engine/types.ts';
import { openNodes } from '../open-nodes.ts';

/** A service with the name that browsers find it by. */
export interface Named {
  /** `grafana.lab` */
  readonly host: string;
  /** What people type into a browser. */
  readonly url: string;
  readonly service: Service;
}

/** What steps bring that is looked at with a browser, by its name; nothing without an ingress. */
export function namedServices(file: Cluster, steps: readonly Step[]): Named[] {
  const services = steps.flatMap((step) => step.services?.(file) ?? []);
  return services.flatMap((service) => {
    const name = service.web ? nameOf(file, service.name) : undefined;
    return name ? [{ service, ...name }] : [];
  });
}

/** The name of a service that is looked at with a browser; undefined: nothing serves names. */
export function nameOf({ network }: Cluster, service: string): Omit<Named, 'service'> | undefined {
  if (!network?.ingress) return undefined;
  const host = `${service}.${network.domain}`;
  return { host, url: `${network.tls ? 'https' : 'http'}://${host}` };
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
