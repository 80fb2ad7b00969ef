import type { KubeObject } from '../state.ts';
import { ApiError } from './errors.ts';
import { isJson, type Json } from './merge.ts';
import type { KubeStore } from './store.ts';

interface Port {
  port?: number;
  nodePort?: number;
}

/** What the API server gives a Service: a cluster address, and node ports where its type has them. */
export function allocate(services: readonly KubeObject[], service: Json, next: () => number): void {
  const spec = service.spec;
  if (!isJson(spec) || spec.type === 'ExternalName') return;
  spec.type ??= 'ClusterIP';
  spec.clusterIP ??= `10.152.183.${20 + (next() % 230)}`;
  if (spec.type === 'ClusterIP' || !Array.isArray(spec.ports)) return;
  const { name, namespace } = service.metadata as KubeObject['metadata'];
  const others = services.filter((o) => o.metadata.name !== name || o.metadata.namespace !== namespace);
  const taken = new Set(others.flatMap(portsOf));
  (spec.ports as Port[]).forEach((port, i) => {
    if (port.nodePort !== undefined && taken.has(port.nodePort)) {
      const where = `Service "${name}" is invalid: spec.ports[${i}].nodePort`;
      throw new ApiError('Invalid', `${where}: Invalid value: ${port.nodePort}: provided port is already allocated`);
    }
    while (port.nodePort === undefined || taken.has(port.nodePort)) port.nodePort = 30_000 + (next() % 2768);
    taken.add(port.nodePort);
  });
}

/** Node ports that a manifest leaves open stay as they were given out. */
export function keepNodePorts(next: Json, live: KubeObject): void {
  const ports = (o: Json) => (isJson(o.spec) && Array.isArray(o.spec.ports) ? (o.spec.ports as Port[]) : []);
  for (const port of ports(next)) {
    const before = ports(live).find((p) => p.port === port.port)?.nodePort;
    if (port.nodePort === undefined && before !== undefined) port.nodePort = before;
  }
}

function portsOf(service: KubeObject): number[] {
  const ports = isJson(service.spec) && Array.isArray(service.spec.ports) ? (service.spec.ports as Port[]) : [];
  return ports.flatMap((port) => port.nodePort ?? []);
}

/** The address that MetalLB gives a Service of type LoadBalancer; none without a pool (sheet 4, metallb). */
export function loadBalancer(store: KubeStore, service: KubeObject): { ingress?: { ip: string }[] } {
  if (!isJson(service.spec) || service.spec.type !== 'LoadBalancer') return {};
  const pool = Object.values(store.cluster.objects).find((o) => o.kind === 'IPAddressPool');
  const addresses = isJson(pool?.spec) && Array.isArray(pool.spec.addresses) ? (pool.spec.addresses as string[]) : [];
  const fixed = service.metadata.annotations?.['metallb.io/loadBalancerIPs'];
  if (addresses[0] === undefined) return {};
  if (fixed !== undefined) return { ingress: [{ ip: fixed }] };
  const asking = store
    .list(store.kind('services'))
    .filter((o) => isJson(o.spec) && o.spec.type === 'LoadBalancer')
    .sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
  const at = asking.findIndex((o) => o.metadata.uid === service.metadata.uid);
  const parts = (addresses[0].split(/[-/]/)[0] ?? '').split('.');
  return { ingress: [{ ip: [...parts.slice(0, 3), Number(parts[3]) + at].join('.') }] };
}

/** Every Ingress has the address of the ingress controller's Service (sheet 4, ingress). */
export function ingressStatus(store: KubeStore): { ingress?: { ip: string }[] } {
  const controller = store.find(store.kind('services'), 'ingress', 'traefik');
  return controller ? loadBalancer(store, controller) : {};
}
