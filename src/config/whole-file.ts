/** Rules that no single value can keep: they look at all machines together. Tolerant of values of a wrong type. */
import { isWithin } from './addresses.ts';
import { isUnknownTrack, NEWEST_TRACK } from './channel.ts';
import { costFaults } from './cost-faults.ts';
import { databasesFaults, databasesWarnings } from './databases-faults.ts';
import { devboxFaults } from './devbox-faults.ts';
import { gpuFaults } from './gpu-faults.ts';
import { kubeflowFaults } from './kubeflow-faults.ts';
import { type Loose, listOf, type Placed } from './loose.ts';
import { monitoringFaults } from './monitoring-faults.ts';
import { CLUSTER_NETWORKS, networkFaults, networkWarnings } from './network-faults.ts';
import { type Fault, quoted } from './rules.ts';
import type { Cluster } from './schema.ts';
import { storageFaults } from './storage-faults.ts';
import type { Path } from './tree.ts';

/** What is wrong with the machines together. `line` gives the line of a path, to point at the other of two. */
export function wholeFileFaults(value: unknown, line: (path: Path) => number): Placed[] {
  const nodes = listOf(value, 'nodes');
  return [
    ...twins(nodes, 'name', line, {
      why: 'the second machine would take the place of the first in the cluster',
      next: ['Give each machine a name of its own.'],
    }),
    ...twins(nodes, 'address', line, {
      why: 'two machines cannot share an address, and a machine can be in the file only once',
      next: ['Correct one of the two addresses, or delete the machine that is there twice.'],
    }),
    ...localTwice(nodes, line),
    ...nodes.flatMap((node, i) => taintTwice(node, i, line)),
    ...noControlPlane(nodes),
    ...storageFaults(value, nodes, line),
    ...gpuFaults(value),
    ...costFaults(value, nodes),
    ...monitoringFaults(value),
    ...networkFaults(value, nodes, line),
    ...databasesFaults(value, nodes),
    ...kubeflowFaults(value, line),
    ...devboxFaults(value, nodes),
  ];
}

function twins(
  nodes: readonly Loose[],
  key: string,
  line: (path: Path) => number,
  rest: Omit<Fault, 'seen'>,
): Placed[] {
  const first = new Map<string, number>();
  return nodes.flatMap((node, i) => {
    const text = node[key];
    if (typeof text !== 'string') return [];
    const before = first.get(text);
    if (before === undefined) {
      first.set(text, i);
      return [];
    }
    const seen = `${key} ${quoted(text)} stands in line ${line(['nodes', before, key])} already`;
    return [{ path: ['nodes', i, key], fault: { seen, ...rest } }];
  });
}

function localTwice(nodes: readonly Loose[], line: (path: Path) => number): Placed[] {
  const [first, ...others] = nodes.flatMap((node, i) => (node.local === true ? [i] : []));
  return others.map((i) => ({
    path: ['nodes', i, 'local'],
    fault: {
      seen: `a second machine is "local" (the first in line ${line(['nodes', first ?? 0, 'local'])})`,
      why: 'local: true marks the one machine that mlk8s itself runs on',
      next: ['Keep local: true on that machine only.'],
    },
  }));
}

function taintTwice(node: Loose, i: number, line: (path: Path) => number): Placed[] {
  const first = new Map<string, number>();
  return listOf(node, 'taints').flatMap((taint, j) => {
    if (typeof taint.key !== 'string' || typeof taint.effect !== 'string') return [];
    const id = JSON.stringify([taint.key, taint.effect]);
    const before = first.get(id);
    if (before === undefined) {
      first.set(id, j);
      return [];
    }
    const fault = {
      seen: `the taint ${quoted(taint.key)} stands in line ${line(['nodes', i, 'taints', before])} already`,
      why: 'Kubernetes allows a key only once with the same effect',
      next: ['Delete one of the two.'],
    };
    return [{ path: ['nodes', i, 'taints', j], fault }];
  });
}

/** Says nothing while a role is misspelt: that one may be the control plane. */
function noControlPlane(nodes: readonly Loose[]): Placed[] {
  if (nodes.length === 0 || nodes.some((node) => node.role !== undefined && node.role !== 'worker')) return [];
  const who = typeof nodes[0]?.name === 'string' ? nodes[0].name : 'one machine';
  const fault = {
    seen: 'no machine has the role control-plane',
    why: 'a cluster needs at least one control plane: it runs the Kubernetes API and keeps the data; role is worker when it is left out',
    next: [`Give ${who} the line: role: control-plane`],
  };
  return [{ path: ['nodes'], fault }];
}

/** What is allowed and likely not meant. */
export function wholeFileWarnings(file: Cluster): Placed[] {
  return [
    ...evenControlPlanes(file),
    ...clusterNetworks(file),
    ...unknownTrack(file),
    ...networkWarnings(file),
    ...databasesWarnings(file),
  ];
}

/** MicroK8s keeps three voters and promotes a standby when one is lost. facts: microk8s sheet, section 2.7. */
function evenControlPlanes(file: Cluster): Placed[] {
  const count = file.nodes.filter((node) => node.role === 'control-plane').length;
  if (count % 2 !== 0) return [];
  const fault =
    count === 2
      ? {
          seen: 'two control planes are worse than one',
          why: 'until there are three, the database has one voter: when that machine is off, the cluster stops',
          next: ['Make a third machine a control plane, or make one of the two a worker.'],
        }
      : {
          seen: `${count} control planes, an even number`,
          why: `MicroK8s keeps its data on three voters; ${count} control planes survive no more losses at once than ${count - 1} do, and each one takes memory`,
          next: [`Nothing needs to be done. To save memory: make one of them a worker.`],
        };
  return [{ path: ['nodes'], fault }];
}

function clusterNetworks(file: Cluster): Placed[] {
  return file.nodes.flatMap((node, i) => {
    const clash = CLUSTER_NETWORKS.find((inner) => isWithin(node.address, inner));
    if (clash === undefined) return [];
    const fault = {
      seen: `address ${node.address} lies in ${clash.network}`,
      why: `MicroK8s gives addresses of this network to ${clash.what}; machines in it cannot be reached from inside the cluster`,
      next: ['Move the machines to another network in your router, for example 192.168.1.0/24.'],
    };
    return [{ path: ['nodes', i, 'address'], fault }];
  });
}

function unknownTrack(file: Cluster): Placed[] {
  if (!isUnknownTrack(file.microk8s.channel)) return [];
  const fault = {
    seen: `channel ${file.microk8s.channel} is newer than this mlk8s`,
    why: `this version of mlk8s was made for tracks up to 1.${NEWEST_TRACK}`,
    next: ['Update mlk8s, or take an older channel.'],
  };
  return [{ path: ['microk8s', 'channel'], fault }];
}
