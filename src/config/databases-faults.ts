/** Rules of `databases:` that no single value can keep. Tolerant of values of a wrong type. */
import { isLoose, type Loose, type Placed } from './loose.ts';
import { quoted } from './rules.ts';
import type { Cluster } from './schema.ts';
import { defaultClass } from './storage-classes.ts';
import { isBrought } from './storage-faults.ts';

export function databasesFaults(value: unknown, nodes: readonly Loose[]): Placed[] {
  const databases = isLoose(value) ? value.databases : undefined;
  if (!isLoose(value) || !isLoose(databases)) return [];
  const named = Object.entries(databases).flatMap(([name, it]) => (isLoose(it) ? [{ name, it }] : []));
  if (named.length === 0) return Object.keys(databases).length === 0 ? [nothing] : [];
  if (value.storage === undefined) return [withoutStorage];
  const { storage } = value;
  return [
    ...named.flatMap(({ name, it }) => (isLoose(storage) ? classFaults(name, it, storage) : [])),
    ...named.flatMap(({ name, it }) => (name === 'postgres' ? tooMany(it, nodes) : [])),
  ];
}

const nothing: Placed = {
  path: ['databases'],
  fault: {
    seen: 'databases names none',
    why: 'each of them is there if it is named',
    next: ['Name one, for example: databases: { postgres: {} }', 'Or delete the section.'],
  },
};

/** Their claims name a class: a default class that comes and goes would leave them waiting. platform sheet, 5 #9 */
const withoutStorage: Placed = {
  path: ['databases'],
  fault: {
    seen: 'databases without storage',
    why: 'they keep what they know in volumes, and nothing in the file makes volumes',
    next: ['Add a section storage: "storage: {}" will do. See docs/storage.md.'],
  },
};

function classFaults(name: string, { storageClass }: Loose, storage: Loose): Placed[] {
  if (typeof storageClass !== 'string' || isBrought(storageClass, storage)) return [];
  const fault = {
    seen: `nothing brings the class ${quoted(storageClass)}`,
    why: 'section storage does not ask for it',
    next: ['Ask for it there, or delete this line: then the volume is of the default class.'],
  };
  return [{ path: ['databases', name, 'storageClass'], fault }];
}

/** Two copies on one machine would be lost together, so a second one there is never started. */
function tooMany({ instances }: Loose, nodes: readonly Loose[]): Placed[] {
  if (typeof instances !== 'number' || nodes.length === 0) return [];
  const open = nodes.filter(isOpen).length;
  if (instances <= Math.max(open, 1)) return [];
  const fault = {
    seen: `${instances} copies, and ${open} ${open === 1 ? 'machine' : 'machines'} for them`,
    why: 'each copy is on a machine of its own, and machines with taints take none',
    next: [`Write: instances: ${Math.max(open, 1)}`],
  };
  return [{ path: ['databases', 'postgres', 'instances'], fault }];
}

/** Pods that tolerate nothing may run there. */
function isOpen({ taints }: Loose): boolean {
  if (!Array.isArray(taints)) return true;
  return taints.every((taint) => isLoose(taint) && taint.effect === 'PreferNoSchedule');
}

/** What is allowed and likely not meant. facts: storage-and-databases sheet, 3.1 and 3.5; catalogue 21 */
export function databasesWarnings({ databases = {}, storage }: Cluster): Placed[] {
  if (!storage) return [];
  return Object.entries(databases).flatMap(([name, it]): Placed[] => {
    if (!it || (it.storageClass ?? defaultClass(storage)) !== 'nfs-csi') return [];
    const fault = {
      seen: `${name} keeps its data on NFS`,
      why: 'a database trusts that what it wrote is on a disk and that its locks hold; over a network folder it may lose data',
      next: [`Write into databases.${name}: storageClass: openebs-hostpath`],
    };
    return [{ path: ['databases', name], fault }];
  });
}
