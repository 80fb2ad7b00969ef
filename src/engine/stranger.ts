import { DEVBOX, devboxBeside } from '../config/machines.ts';
import type { Cluster } from '../config/schema.ts';
import type { Problem } from '../errors.ts';
import { placeOf } from '../resources/places.ts';
import type { InventoryRecord } from './types.ts';

/** What a machine keeps a record of. */
type Kept = Pick<InventoryRecord, 'id' | 'cluster'>;

/**
 * Why nothing may be done on a machine where a devbox is concerned. A computer is the devbox of one cluster, and a devbox
 * beside the cluster is no machine of it: two files that mean one machine take records of each other for their own.
 */
export function strangeDevbox(file: Cluster, name: string, records: readonly Kept[]): Problem | undefined {
  const concerned = records.filter(({ id }) => name === DEVBOX || placeOf(id) === DEVBOX);
  for (const { id, cluster } of concerned) {
    if (cluster !== undefined && cluster !== file.name) return ofAnotherCluster(name, placeOf(id), cluster);
  }
  const member = concerned.map(({ id }) => placeOf(id)).find((place) => place !== DEVBOX);
  return member === undefined ? undefined : setUpAsMember(member);
}

/** Why nothing may be undone on a machine: its records are about another one. */
export function strangeMachine(file: Cluster, name: string, records: readonly Kept[]): Problem | undefined {
  // What was done on it while it was a devbox beside the cluster is undone with the rest.
  const names = [name, ...(devboxBeside(file) ? [] : [DEVBOX])];
  const other = records.map(({ id }) => placeOf(id)).find((place) => !names.includes(place));
  return other === undefined ? undefined : anotherMachine(name, other);
}

function ofAnotherCluster(name: string, place: string, cluster: string): Problem {
  return {
    where: name,
    seen: `this machine is ${place === DEVBOX ? 'the devbox' : place} of the cluster ${cluster}`,
    why: 'a computer is the devbox of one cluster: a second one would take what the first one did there for its own',
    next: [
      `take it back first, with the cluster file of ${cluster}: mlk8s reset -f FILE --host ${place}`,
      'or leave it out of this cluster file',
      `if ${cluster} is an earlier name of this cluster, give the file that name once more for the reset`,
    ],
  };
}

function setUpAsMember(member: string): Problem {
  return {
    where: DEVBOX,
    seen: `the machine that the cluster file means by devbox.host was set up by mlk8s as ${member}`,
    why: 'it is a machine of the cluster, or was one',
    next: [
      `if it is one, write its name: devbox: { host: ${member} }`,
      `if it was one, take it out first, with the cluster file that has it: mlk8s reset -f FILE --host ${member}`,
    ],
  };
}

function anotherMachine(name: string, recorded: string): Problem {
  return {
    where: name,
    seen: `the machine that the cluster file calls ${name} was set up by mlk8s as ${recorded}`,
    why: 'the cluster file is not the one that it was set up with, or an address in it is wrong',
    next:
      recorded === DEVBOX
        ? [`mean it by devbox.host once more, and run the same command again: devbox: { host: ${name} }`]
        : [`name the cluster file that has ${recorded}: mlk8s reset -f FILE`, `or correct the address of ${name}`],
  };
}
