/** Rules of `storage:` that no single value can keep. Tolerant of values of a wrong type. */
import { isLoose, type Loose, listOf, type Placed } from './loose.ts';
import { nearest } from './nearest.ts';
import { quoted } from './rules.ts';
import type { Path } from './tree.ts';

/** Mayastor keeps its own metadata on three machines. facts: storage sheet, 2.3 */
const LEAST_MAYASTOR_NODES = 3;

/** Faults of the section `storage`, each at its place in the file. `nodes`: the machines of the file. */
export function storageFaults(value: unknown, nodes: readonly Loose[], line: (path: Path) => number): Placed[] {
  const storage = isLoose(value) ? value.storage : undefined;
  if (!isLoose(storage)) return [];
  return [...defaultClassFaults(storage), ...poolFaults(storage, nodes, line), ...labelFaults(storage, nodes)];
}

/** The label that says where Mayastor's engine runs. mlk8s sets it; two owners would change it to and fro. */
const ENGINE_LABEL = 'openebs.io/engine';

function labelFaults(storage: Loose, nodes: readonly Loose[]): Placed[] {
  const engines = new Set(listOf(storage.mayastor, 'pools').map(({ node }) => node));
  return nodes.flatMap(({ name, labels }, i): Placed[] => {
    const value = isLoose(labels) ? labels[ENGINE_LABEL] : undefined;
    if (!engines.has(name) || typeof value !== 'string' || value === 'mayastor') return [];
    const fault = {
      seen: `${String(name)} has a disk for Mayastor, and its label ${ENGINE_LABEL} is ${quoted(value)}`,
      why: `Mayastor runs where that label is "mayastor", and mlk8s sets it there`,
      next: ['Delete the label here, or the disk of this machine from storage.mayastor.pools.'],
    };
    return [{ path: ['nodes', i, 'labels', ENGINE_LABEL], fault }];
  });
}

/** Which key of `storage:` brings a class. */
const BROUGHT_BY: Readonly<Record<string, string>> = {
  'openebs-hostpath': 'openebs',
  'microk8s-hostpath': 'hostpath',
  'openebs-single-replica': 'mayastor',
  'nfs-csi': 'nfs',
};

function isAskedFor(key: string, storage: Loose): boolean {
  const wanted = { openebs: true, ...storage } as Loose;
  return wanted[key] !== undefined && wanted[key] !== false;
}

/** Which key of `storage:` brings a class; undefined: mlk8s knows no such class. */
export function bringer(className: string): string | undefined {
  return BROUGHT_BY[className];
}

/** Whether `storage:` brings a class. */
export function isBrought(className: string, storage: Loose): boolean {
  const key = bringer(className);
  return key !== undefined && isAskedFor(key, storage);
}

function defaultClassFaults(storage: Loose): Placed[] {
  const { defaultClass } = storage;
  const isThere = (key: string) => isAskedFor(key, storage);
  const key = typeof defaultClass === 'string' ? BROUGHT_BY[defaultClass] : undefined;
  if (key !== undefined && !isThere(key)) {
    const fault = {
      seen: `nothing brings the class ${quoted(String(defaultClass))}`,
      why: `it comes with storage.${key}, which the file does not ask for`,
      next: [`Ask for it with the key ${key}, or choose another class.`],
    };
    return [{ path: ['storage', 'defaultClass'], fault }];
  }
  if (Object.values(BROUGHT_BY).some(isThere)) return [];
  const fault = {
    seen: 'storage has no class at all',
    why: 'openebs is switched off and nothing else is asked for; claims would wait for ever',
    next: ['Delete the line "openebs: false", or ask for hostpath, mayastor or nfs.'],
  };
  return [{ path: ['storage'], fault }];
}

function poolFaults(storage: Loose, nodes: readonly Loose[], line: (path: Path) => number): Placed[] {
  const pools = listOf(storage.mayastor, 'pools');
  const at = (i: number, key: string): Path => ['storage', 'mayastor', 'pools', i, key];
  const seen = new Map<string, number>();
  const faults = pools.flatMap(({ node, disk }, i): Placed[] => {
    if (typeof node !== 'string') return [];
    if (!nodes.some(({ name }) => name === node)) {
      const names = nodes.flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
      const meant = nearest(node, names);
      const next = meant === undefined ? 'Write the name of one of them.' : `Write ${meant}, if you meant that one.`;
      const why = `the machines of the file are: ${names.join(', ')}`;
      const fault = { seen: `no machine is called ${quoted(node)}`, why, next: [next] };
      return [{ path: at(i, 'node'), fault }];
    }
    const key = JSON.stringify([node, disk]);
    const before = seen.get(key);
    seen.set(key, before ?? i);
    if (before === undefined) return [];
    const fault = {
      seen: `this disk of ${node} stands in line ${line(at(before, 'disk'))} already`,
      why: 'a disk belongs to one pool',
      next: ['Delete one of the two.'],
    };
    return [{ path: at(i, 'disk'), fault }];
  });
  const machines = new Set(pools.map(({ node }) => node)).size;
  if (pools.length === 0 || machines >= LEAST_MAYASTOR_NODES) return faults;
  const fault = {
    seen: `the disks for Mayastor are in ${machines === 1 ? 'one machine' : `${machines} machines`}`,
    why: `it needs at least ${LEAST_MAYASTOR_NODES} machines with a disk of their own for it`,
    next: ['Add disks of other machines, or leave mayastor out: openebs needs none.'],
  };
  return [...faults, { path: ['storage', 'mayastor', 'pools'], fault }];
}
