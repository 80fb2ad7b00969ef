import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id, Load, Step, World } from '../../engine/types.ts';
import { namesKnown } from '../../resources/names-known.ts';
import { namesServed } from '../../resources/names-served.ts';
import { addons } from './addons.ts';
import { authority } from './ca.ts';
import { ingresses } from './ingresses.ts';
import { entrances, type Named, namedServices } from './names.ts';
import { proofs } from './proofs.ts';

/** How services are reached from outside of the cluster. `others`: the steps that bring services. */
export function networkStep(others: readonly Step[]): Step {
  return {
    name: 'network',
    title: 'Names, addresses and certificates for services',
    resources: (file) => (file.network ? resources(file, others) : []),
    asksFor,
    notes: (world) => notes(world, namedServices(world.file, others)),
  };
}

function resources(file: Cluster, others: readonly Step[]): Declared[] {
  const named = namedServices(file, others);
  return [
    ...addons(file),
    ...(file.network?.tls ? authority(file, named) : []),
    ...ingresses(file, others, named),
    ...served(file, named),
    ...onWorkstation(file, named),
    ...proofs(file),
  ];
}

/** That people really get at what has a name. */
function served(file: Cluster, named: readonly Named[]): Declared[] {
  if (named.length === 0) return [];
  const certified: Id[] = file.network?.tls ? ['network/certificates@cluster'] : [];
  return [
    namesServed({
      id: 'network/served@cluster',
      on: 'cluster',
      needs: [...certified, ...named.map(({ service }): Id => `network/ingress-${service.name}@cluster`)],
      urls: named.map(({ url }) => url),
      addresses: entrances(file).map(({ address }) => address),
    }),
  ];
}

/** A machine of the cluster knows the names by the block in its own /etc/hosts. */
function onWorkstation(file: Cluster, named: readonly Named[]): Declared[] {
  const [entrance] = entrances(file);
  if (!entrance || named.length === 0 || file.nodes.some(({ local }) => local)) return [];
  return [
    namesKnown({
      id: 'network/names@workstation',
      on: 'workstation',
      needs: [],
      names: named.map(({ host }) => host),
      address: entrance.address,
      machines: entrances(file).map(({ address }) => address),
      ...(file.network?.loadBalancer ? { range: file.network.loadBalancer } : {}),
    }),
  ];
}

/** What the sheets know of; the others ask the scheduler for nothing. facts: platform sheet, 3 */
function asksFor({ network }: Cluster): Load[] {
  if (!network) return [];
  return [
    { name: 'metrics-server', cpu: 100, memory: 200 },
    ...(network.loadBalancer ? [{ name: 'MetalLB' }] : []),
    ...(network.ingress ? [{ name: 'Ingress' }] : []),
    ...(network.tls ? [{ name: 'cert-manager' }] : []),
  ];
}

function notes({ file: { network } }: World, named: readonly Named[]): string[] {
  if (!network) return [];
  return [
    ...named.map(({ url, service }) => `${service.name}: ${url}`),
    ...(network.tls && named.length > 0 ? ['to have browsers trust these names: mlk8s ca --help'] : []),
  ];
}
