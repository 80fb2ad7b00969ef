/** Rules of `databases:` that no single value can keep. Tolerant of values of a wrong type. */
import { databaseValuesWarnings } from './databases-values.ts';
import { isLoose, type Loose, type Placed } from './loose.ts';
import { nearest } from './nearest.ts';
import { quoted } from './rules.ts';
import type { Cluster } from './schema.ts';
import { defaultClass, STORAGE_CLASSES } from './storage-classes.ts';
import { bringer, isBrought } from './storage-faults.ts';

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
  if (typeof storageClass !== 'string') return [];
  const brought = STORAGE_CLASSES.filter((one) => isBrought(one, storage));
  if (brought.some((one) => one === storageClass)) return [];
  const key = bringer(storageClass);
  const meant = nearest(storageClass, brought);
  const fault = {
    seen: `nothing brings the class ${quoted(storageClass)}`,
    why: `the section storage of this file brings: ${brought.join(', ') || 'none'}`,
    next: [
      ...(meant ? [`Write ${meant}.`] : []),
      ...(key ? [`Ask for it with storage.${key}, or delete this line: then the volume is of the default class.`] : []),
      ...(meant || key ? [] : ['Write one of these, or delete this line: then the volume is of the default class.']),
    ],
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
export function databasesWarnings(file: Cluster): Placed[] {
  return [...onNfs(file), ...smallVolume(file), ...databaseValuesWarnings(file)];
}

/** While it writes its file anew it has two of them. facts: storage-and-databases sheet, 4 */
function smallVolume({ databases: { redis } = {} }: Cluster): Placed[] {
  const least = redis ? Math.ceil((2 * MAY_FILL * redis.memoryMi) / 1024) : 0;
  if (!redis || redis.sizeGi >= least) return [];
  const fault = {
    seen: `the volume of redis has ${redis.sizeGi} GiB, and its memory ${redis.memoryMi} MiB`,
    why: 'what it may hold is written to that volume, and twice while it writes its file anew; on a full one it takes no more writes',
    next: [`Write: sizeGi: ${least}   or more, or less memoryMi. A volume that is there keeps its size.`],
  };
  return [{ path: ['databases', 'redis'], fault }];
}

/** Of its memory Redis may fill so much with data. */
const MAY_FILL = 0.75;

function onNfs({ databases = {}, storage }: Cluster): Placed[] {
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
