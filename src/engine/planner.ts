import { placeKey } from '../resources/places.ts';
import type { Judged } from './judge.ts';
import type { Id, Move, Verdict, Where } from './types.ts';

/** A resource that is not as it should be, with the moves that make it so. */
export type Change = Judged & { readonly verdict: Extract<Verdict, { verdict: 'change' }> };

/** Changes that one machine makes as one job, or one change whose moves go from machine to machine. */
export interface Group {
  /** The machine that is busy meanwhile: a host name or `workstation`. */
  readonly machine: string;
  readonly changes: readonly Change[];
  /** Moves run one by one: they are on several machines, pass a secret on, or reboot. */
  readonly sequence: boolean;
}

/** What goes on already: nothing is started that would come in its way. */
export interface Running {
  readonly machines: ReadonlySet<string>;
  /** Changes that run, were applied and are not settled yet, or failed: they are not started (again). */
  readonly taken: ReadonlySet<Id>;
  /** A change that must be alone in the whole cluster runs or has not settled. */
  readonly clusterAlone: boolean;
}

/** The machine that carries out what belongs to `on`; undefined while there is none. */
export function machineOf(on: Where, lead: string | undefined): string | undefined {
  return on === 'cluster' ? lead : placeKey(on);
}

/**
 * What can be started now, one group per idle machine. Consecutive changes of a machine are one job: those whose needs
 * stand, and after them those that need nothing else but what is in the same job. A change that is alone, reboots,
 * captures or touches several machines is a group of its own.
 */
export function nextGroups(
  judged: Iterable<Judged>,
  running: Running,
  lead: string | undefined,
  parallel: number,
): Group[] {
  const groups = new Map<string, Group>();
  let clusterAlone = running.clusterAlone;
  let free = parallel - running.machines.size;
  for (const it of judged) {
    if (!isChange(it) || running.taken.has(it.it.id)) continue;
    const machine = machineOf(it.it.on, lead);
    if (machine === undefined || running.machines.has(machine)) continue;
    const group = groups.get(machine);
    const sequence = isSequence(it.verdict.moves, it.it.on);
    const alone = it.verdict.alone === true;
    if (group ? !joins(group, it, sequence) : !it.ready || free <= 0 || (alone && clusterAlone)) continue;
    if (alone) clusterAlone = true;
    if (!group) free -= 1;
    groups.set(machine, { machine, changes: [...(group?.changes ?? []), it], sequence });
  }
  return [...groups.values()];
}

/** A change may follow the others of a job when they bring all that it still needs. */
function joins(group: Group, it: Change, sequence: boolean): boolean {
  if (group.sequence || sequence || it.verdict.alone || group.changes[0]?.verdict.alone) return false;
  if (it.verdict.settled && !it.ready) return false;
  const ids = new Set(group.changes.map((change) => change.it.id));
  return it.waitsFor.every((need) => ids.has(need));
}

export function isChange(it: Judged): it is Change {
  return it.verdict.verdict === 'change';
}

function isSequence(moves: readonly Move[], on: Where): boolean {
  const isBare = (move: Move) => 'reboot' in move || move.capture !== undefined || move.bare;
  return moves.some((move) => isBare(move) || placeKey(move.on) !== placeKey(on));
}

/** Machines on which a group has run something. */
export function movedOn(group: Group, lead: string | undefined): string[] {
  const places = group.changes.flatMap((change) => change.verdict.moves.map((move) => machineOf(move.on, lead)));
  return [...new Set([group.machine, ...places])].filter((name) => name !== undefined);
}

/** Machines that those of the changes with a reboot restart. */
export function rebootedBy(judged: readonly Judged[]): string[] {
  const moves = judged.flatMap(({ verdict }) => (verdict.verdict === 'change' ? verdict.moves : []));
  return moves.flatMap((move) => ('reboot' in move ? [move.on.host] : []));
}
