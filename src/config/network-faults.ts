/** Rules of `network:` that no single value can keep. Tolerant of values of a wrong type. */
import { addressNumber, isWithin, overlap, type Range, shareNetwork } from './addresses.ts';
import { isLoose, type Loose, listOf, type Placed } from './loose.ts';
import { type Fault, ipv4, quoted } from './rules.ts';
import type { Cluster } from './schema.ts';
import type { Path } from './tree.ts';

/** Networks inside every MicroK8s cluster. facts: microk8s sheet, section 6 #31; platform sheet, section 5 #4. */
export const CLUSTER_NETWORKS = [
  { from: '10.1.0.0', to: '10.1.255.255', network: '10.1.0.0/16', what: 'pods' },
  { from: '10.152.183.0', to: '10.152.183.255', network: '10.152.183.0/24', what: 'services' },
];

/** The largest network that a home has by far: machines and addresses that differ in its prefix are not neighbours. */
const LARGEST_PREFIX = 16;
/** The network that nearly every home has. */
const USUAL_PREFIX = 24;

const isAddress = (value: unknown): value is string => typeof value === 'string' && ipv4.fault(value) === undefined;

/** Faults of the section `network`, each at its place in the file. `nodes`: the machines of the file. */
export function networkFaults(value: unknown, nodes: readonly Loose[], line: (path: Path) => number): Placed[] {
  const network = isLoose(value) ? value.network : undefined;
  if (!isLoose(network)) return [];
  return [...nobodyServes(network, nodes), ...rangeFaults(network.loadBalancer, nodes, line)];
}

/** Pods of the ingress tolerate no taint. facts: platform sheet, 5 #18 */
function nobodyServes({ ingress }: Loose, nodes: readonly Loose[]): Placed[] {
  const keepsOut = ({ effect }: Loose) => effect === 'NoSchedule' || effect === 'NoExecute';
  if (ingress === false || nodes.length === 0) return [];
  if (!nodes.every((node) => listOf(node, 'taints').some(keepsOut))) return [];
  const fault = {
    seen: 'no machine can serve names: each has a taint',
    why: 'the ingress runs only where there is none',
    next: ['Take the taints off one machine, or write: ingress: false'],
  };
  return [{ path: ['network'], fault }];
}

const BALANCER: Path = ['network', 'loadBalancer'];

function rangeFaults(range: unknown, nodes: readonly Loose[], line: (path: Path) => number): Placed[] {
  if (!isLoose(range) || !isAddress(range.from) || !isAddress(range.to)) return [];
  const { from, to } = range;
  if (addressNumber(from) > addressNumber(to)) {
    const next = [`Write: from: ${to}   to: ${from}`];
    const fault = {
      seen: `${quoted(to)} comes before ${quoted(from)}`,
      why: 'a range goes from its lowest address up',
      next,
    };
    return [{ path: [...BALANCER, 'to'], fault }];
  }
  const faults = [...insideCluster({ from, to }), ...machinesIn({ from, to }, nodes, line)];
  return [...faults, ...(faults.length === 0 ? elsewhere({ from, to }, nodes) : [])].map((fault) => ({
    path: BALANCER,
    fault,
  }));
}

const NEXT = 'Write addresses of your own network that nobody has and that the router does not hand out.';

function insideCluster(range: Range): Fault[] {
  return CLUSTER_NETWORKS.filter((inner) => overlap(range, inner)).map(({ network, what }) => ({
    seen: `addresses from ${range.from} to ${range.to} lie in ${network}`,
    why: `MicroK8s gives addresses of this network to ${what}`,
    next: [NEXT],
  }));
}

function machinesIn(range: Range, nodes: readonly Loose[], line: (path: Path) => number): Fault[] {
  const inside = nodes.flatMap(({ name, address }, i) =>
    isAddress(address) && isWithin(address, range)
      ? [`${address} is the address of ${String(name)} (line ${line(['nodes', i, 'address'])})`]
      : [],
  );
  if (inside.length === 0) return [];
  const why = 'two would answer for an address, and the machine would be out of reach now and then';
  return [{ seen: inside.join(', '), why, next: [NEXT] }];
}

/** Most addresses of machines that are shown as an example. */
const SHOWN = 3;

/** Addresses are found by asking the neighbours, and a router in between does not pass that on. */
function elsewhere({ from, to }: Range, nodes: readonly Loose[]): Fault[] {
  const addresses = nodes.map(({ address }) => address).filter(isAddress);
  const isNear = (it: string) => addresses.some((address) => shareNetwork(it, address, LARGEST_PREFIX));
  if (addresses.length === 0 || (isNear(from) && isNear(to))) return [];
  const rest = addresses.length - SHOWN;
  const examples = `${addresses.slice(0, SHOWN).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  return [
    {
      seen: `no machine has an address near ${isNear(from) ? to : from}`,
      why: 'addresses of another network are never found: nobody there asks for them',
      next: [`${NEXT} The machines have ${examples}.`],
    },
  ];
}

/** What is allowed and likely not meant. Whether it is right only the machines know; they are asked before a change. */
export function networkWarnings({ network, nodes }: Cluster): Placed[] {
  const range = network?.loadBalancer;
  if (!range) return [];
  const isNear = (it: string) => nodes.some(({ address }) => shareNetwork(it, address, USUAL_PREFIX));
  if (isNear(range.from) && isNear(range.to)) return [];
  const fault = {
    seen: `addresses from ${range.from} to ${range.to} may lie in another network than the machines`,
    why: 'most networks at home are those of which the first three numbers are equal',
    next: ['See how large yours is, on a machine: ip -4 addr'],
  };
  return [{ path: BALANCER, fault }];
}
