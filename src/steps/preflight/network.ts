import type { ClusterNode } from '../../config/schema.ts';
import type { Check, Finding } from '../../engine/check.ts';
import type { Ask } from '../../engine/types.ts';
import { sh } from '../../shell/script.ts';
import { error, machineCheck, type Subject, warning } from './check.ts';

const on = (node: ClusterNode): Ask['on'] => ({ host: node.name });

/** All addresses of a machine, with the length of their networks. */
export function addressAsk(node: ClusterNode): Ask {
  return { key: 'addresses', on: on(node), sh: sh`ip -o -4 addr show`, timeoutS: 10 };
}

/** Interfaces that are Wi-Fi. */
export function wirelessAsk(node: ClusterNode): Ask {
  return { key: 'wireless', on: on(node), sh: sh`ls -d /sys/class/net/*/wireless`, timeoutS: 10 };
}

/** MicroK8s binds its database and its certificates to the address. microk8s sheet 6, numbers 3, 11 and 22. */
const addresses: Check = machineCheck(
  'address',
  (node) => [
    addressAsk(node),
    wirelessAsk(node),
    { key: 'default route', on: on(node), sh: sh`ip -o -4 route get 1.1.1.1`, timeoutS: 10 },
  ],
  (subject, list, wireless, route) => {
    const { address } = subject.node;
    const row = list?.text.split('\n').find((line) => line.includes(` inet ${address}/`));
    if (row === undefined) {
      const own = [...(list?.text ?? '').matchAll(/ inet ([\d.]+)/g)].map((match) => match[1]);
      const has = own.filter((ip) => ip !== '127.0.0.1').join(', ') || 'none';
      const next = `write one of its own into the cluster file: address: ${own.find((ip) => ip !== '127.0.0.1') ?? '…'}`;
      return [
        error(subject, `${address} is not one of its addresses (${has})`, 'it has changed, or was mistyped', next),
      ];
    }
    const nic = /^\d+: (\S+)/.exec(row)?.[1] ?? '';
    const wifi = wireless?.text.includes(`/sys/class/net/${nic}/wireless`) ?? false;
    return [
      ...(/\bdynamic\b/.test(row) ? [dynamic(subject)] : []),
      ...(wifi && subject.node.role === 'control-plane' ? [overWifi(subject, nic)] : []),
      ...leavesBy(subject, / src ([\d.]+)/.exec(route?.text ?? '')?.[1]),
    ];
  },
);

function dynamic(subject: Subject): Finding {
  const { address, name } = subject.node;
  return warning(
    subject,
    `its address ${address} comes from DHCP`,
    'when the router gives it another one, the cluster loses it',
    `reserve ${address} for ${name} in the router, or set it as a fixed address`,
  );
}

function overWifi(subject: Subject, nic: string): Finding {
  const why = 'the cluster database waits for every control plane at each write, and Wi-Fi stalls';
  return warning(subject, `it is a control plane on Wi-Fi (${nic})`, why, 'use a cable, or make it a worker');
}

function leavesBy(subject: Subject, source: string | undefined): Finding[] {
  const { address } = subject.node;
  if (source === address) return [];
  if (source === undefined) {
    const next = 'give it a default route (its router): ip route';
    return [warning(subject, 'it has no default route', 'MicroK8s waits for one and may misbehave without', next)];
  }
  const next = `write address: ${source} into the cluster file, or let the default route leave by ${address}`;
  return [
    warning(
      subject,
      `its default route leaves from ${source}, not ${address}`,
      'pods then take the other network',
      next,
    ),
  ];
}

/** Up to 10 ms is good, 200 ms too much for the database. gpu-and-nodes sheet 6, netplan and Wi-Fi. */
const SLOW_MS = 50;
const TOO_SLOW_MS = 200;

/** Everybody talks to the control planes; all to all would be ten thousand pings between a hundred machines. */
const partners = (node: ClusterNode, nodes: readonly ClusterNode[]) =>
  nodes.filter((other) => other.role === 'control-plane' && other.name !== node.name);

/** All at once, and a line at a time: one after the other would take seconds per machine. */
function pingAsk(node: ClusterNode, nodes: readonly ClusterNode[]): Ask {
  const script = sh`
    command -v ping || exit
    for address in ${nodes.map((other) => other.address)}; do
      echo "$address $(ping -c 3 -i 0.2 -w 5 -q "$address" | grep -E 'packet loss|min/avg' | tail -n 1)" &
    done
    wait
  `;
  return { key: 'round trips', on: on(node), sh: script, timeoutS: 15 };
}

const roundTrips: Check = machineCheck(
  'round-trips',
  (node, file) => {
    const planes = partners(node, file.nodes);
    return planes.length > 0 ? [pingAsk(node, planes)] : [];
  },
  (subject, answer) => {
    const { file, node } = subject;
    // Minimal images have no ping, which says nothing about the network.
    if (!answer?.text.trim()) return [];
    return partners(node, file.nodes).flatMap((other) => {
      const line = answer?.text.split('\n').find((row) => row.startsWith(`${other.address} `)) ?? '';
      return roundTrip(subject, other, Number(/= [\d.]+\/([\d.]+)\//.exec(line)?.[1] ?? Number.NaN));
    });
  },
);

function roundTrip(subject: Subject, other: ClusterNode, ms: number): Finding[] {
  const { node } = subject;
  const planes = node.role === 'control-plane' && other.role === 'control-plane';
  const seen = `a round trip to ${other.name} takes ${Math.round(ms)} ms`;
  if (Number.isNaN(ms)) {
    const why = 'a firewall keeps pings away, the address is wrong, or the machines are in separate networks';
    return [warning(subject, `${other.name} (${other.address}) does not answer pings`, why, `ping ${other.address}`)];
  }
  if (planes && ms >= TOO_SLOW_MS) {
    const why = 'the cluster database needs answers within a few milliseconds and loses its quorum there';
    return [error(subject, seen, why, 'connect both by cable, or make one of them a worker')];
  }
  const next = 'connect both by cable, or switch Wi-Fi power saving off: iw dev NAME set power_save off';
  return ms > SLOW_MS ? [warning(subject, seen, 'a slow network makes a slow cluster', next)] : [];
}

export const networkChecks = [addresses, roundTrips];
