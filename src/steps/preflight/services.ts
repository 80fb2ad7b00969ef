import { addressNumber, type Range, shareNetwork } from '../../config/addresses.ts';
import type { ClusterNode } from '../../config/schema.ts';
import type { Check, Finding } from '../../engine/check.ts';
import { entrances } from '../network/names.ts';
import { comparison, error, machineCheck, type Subject, warning } from './check.ts';
import { addressAsk, wirelessAsk } from './network.ts';
import { listeningAsk, listeningOn } from './taken.ts';

const INGRESS_PORTS = ['80', '443'];
/** What its speakers listen on: metrics, and each other. facts: platform sheet, 5 (25) */
const METALLB_PORTS = ['7472', '7946'];
const SPEAKER = 'speaker';
/** On every machine that is watched. facts: monitoring-and-cost sheet, 7 (5); platform sheet, 5 (5) */
const EXPORTER = { port: '9100', program: 'node_exporter' };

/** A program of the machine would be out of reach, or keep a pod from starting. facts: platform sheet, 5 (3 and 25) */
const ports: Check = machineCheck(
  'service-ports',
  (node, { network, monitoring }) =>
    network?.ingress || network?.loadBalancer || monitoring ? [listeningAsk(node)] : [],
  (subject, sockets) => {
    const { file, node } = subject;
    const { network, monitoring } = file;
    const isEntrance = network?.ingress === true && entrances(file).some(({ name }) => name === node.name);
    const taken = (wanted: readonly string[]) => [...listeningOn(sockets?.text ?? '', wanted)];
    const find = ([port, program]: readonly [string, string], why: string, leave: string) =>
      error(subject, `port ${port} is used by ${program}`, why, `stop it: sudo ss -ltnp 'sport = :${port}'`, leave);
    return [
      ...(isEntrance ? taken(INGRESS_PORTS) : []).map((it) =>
        find(
          it,
          'the ingress takes that port, and nobody would reach the program any more',
          'or write into the cluster file: network: { ingress: false }',
        ),
      ),
      ...(network?.loadBalancer ? taken(METALLB_PORTS) : [])
        .filter(([, program]) => program !== SPEAKER)
        .map((it) =>
          find(it, 'MetalLB needs that port on every machine', 'or leave network.loadBalancer out of the cluster file'),
        ),
      ...(monitoring ? taken([EXPORTER.port]) : [])
        .filter(([, program]) => program !== EXPORTER.program)
        .map((it) =>
          find(
            it,
            'node-exporter needs that port on every machine; one of the machine itself would take its place',
            'a package of Ubuntu: sudo apt-get purge prometheus-node-exporter',
          ),
        ),
    ];
  },
);

/** How a machine is connected to its network. */
interface Link {
  readonly nic: string;
  readonly prefix: number;
  readonly dynamic: boolean;
  readonly wireless: boolean;
}

/** Addresses of MetalLB are found only by neighbours, and must be nobody else's. facts: platform sheet, 5 (4) */
const range: Check = comparison(
  'service-addresses',
  (node, { network }) => (network?.loadBalancer ? [addressAsk(node), wirelessAsk(node)] : []),
  (list, wireless) => (list && wireless ? { list: list.text, wireless: wireless.text } : undefined),
  (found) => {
    const links = found.flatMap(({ subject, value }) => {
      const link = linkOf(subject.node, value.list, value.wireless);
      return link ? [{ subject, link }] : [];
    });
    const [first] = links;
    const wanted = first?.subject.file.network?.loadBalancer;
    if (!first || !wanted) return [];
    const near = links.filter(({ subject, link }) => isInside(wanted, subject.node.address, link.prefix));
    if (near.length === 0) return [elsewhere(first.subject, wanted, first.link.prefix)];
    return [
      ...near.filter(({ link }) => link.wireless).map(({ subject, link }) => overWifi(subject, link.nic)),
      ...near
        .filter(({ link }) => link.dynamic)
        .slice(0, 1)
        .map(({ subject }) => handedOut(subject, wanted)),
    ];
  },
);

function linkOf({ address }: ClusterNode, list: string, wireless: string): Link | undefined {
  const row = list.split('\n').find((line) => line.includes(` inet ${address}/`)) ?? '';
  const nic = /^\d+: (\S+)/.exec(row)?.[1];
  if (nic === undefined) return undefined;
  return {
    nic,
    prefix: Number(/ inet [\d.]+\/(\d+)/.exec(row)?.[1]),
    dynamic: /\bdynamic\b/.test(row),
    wireless: wireless.includes(`/sys/class/net/${nic}/wireless`),
  };
}

/** Both ends are in the network of that address, and neither is its first or last one, which nobody can have. */
function isInside({ from, to }: Range, address: string, prefix: number): boolean {
  const size = 2 ** (32 - prefix);
  const isUsable = addressNumber(from) % size !== 0 && addressNumber(to) % size !== size - 1;
  return isUsable && shareNetwork(from, address, prefix) && shareNetwork(to, address, prefix);
}

function elsewhere(subject: Subject, { from, to }: Range, prefix: number): Finding {
  const seen = `addresses from ${from} to ${to} are not all in its network ${subject.node.address}/${prefix}`;
  const why = 'nobody would find the others: a router does not ask for addresses of another network';
  return error(subject, seen, why, 'write others into the cluster file, below network.loadBalancer');
}

function overWifi(subject: Subject, nic: string): Finding {
  const why =
    'access points do not pass on everything by which addresses are found: they can be out of reach for minutes';
  return warning(subject, `MetalLB answers for addresses over Wi-Fi (${nic})`, why, 'connect the machine by cable');
}

function handedOut(subject: Subject, { from, to }: Range): Finding {
  const seen = `a router hands out addresses in this network, and MetalLB gives out ${from} to ${to}`;
  const why = 'an address that both give away belongs to two';
  return warning(subject, seen, why, 'see in the router that its DHCP range ends before, or begins after them');
}

export const serviceChecks = [ports, range];
