import type { Problem } from '../errors.ts';
import { NAMESPACE } from '../resources/kube.ts';
import { placeKey, placeOf } from '../resources/places.ts';
import { MACHINE_STATE } from '../shell/job.ts';
import { sh } from '../shell/script.ts';
import { type Kinds, kindOf, nameOf } from './judge.ts';
import type { Ask, Declared, Id, InventoryRecord, Kind, Recorded, Verdict } from './types.ts';

/** Stands for a kind that this version does not know. */
const UNKNOWN = 'unknown';

/**
 * The same kinds, turned round: what is judged is a record, and a change takes it away. So the plan, the jobs and the
 * proof afterwards of an undo are those of every other run.
 */
export function undoing(kinds: Kinds): Kinds {
  const turned = Object.values(kinds).map((kind): [string, Kind] => [kind.kind, turnedRound(kind)]);
  return Object.fromEntries([...turned, [UNKNOWN, unknownKind]]);
}

function turnedRound(kind: Kind): Kind {
  const { kind: name } = kind;
  if (kind.transient) {
    const judge: Kind['judge'] = () => ({ verdict: 'ok', because: 'it leaves nothing behind' });
    return { kind: name, transient: true, asks: () => [], judge };
  }
  // Who may write into the cluster must not have something undone on its machines.
  const isHome = ({ on }: Declared) => (kind.lives ?? 'host') === (typeof on === 'string' ? on : 'host');
  const asks = (it: Declared) => [...kind.asks(it), ...(kind.undoAsks?.(it as Recorded) ?? [])];
  return {
    ...kind,
    asks: (it) => (isHome(it) ? (readable(() => asks(it)) ?? []) : []),
    judge: (it, world) => {
      if (!isHome(it)) return { verdict: 'refused', problem: damaged(it) };
      const record = it as Recorded;
      if (record.origin === 'created' || kind.givesBack) {
        return readable(() => kind.undo(record, world)) ?? { verdict: 'refused', problem: damaged(it) };
      }
      return { verdict: 'ok', because: 'it was there before mlk8s', stays: true };
    },
  };
}

/** Stands before the name of a kind that takes away what left the file, beside the kind of the same name. */
export const LEFT = 'left ';

/**
 * The kinds turned round under other names, for a run that also has them as they are. A record of which nothing is left,
 * or of something that never was to be removed, goes: else it would be told of for ever. That of data that stays is kept,
 * for when it may go one day. `records`: what asks for the records of a place.
 */
export function pruning(kinds: Kinds, records: readonly Ask[]): Kinds {
  const turned = Object.values(undoing(kinds)).map((kind) => pruned(kind, records));
  return Object.fromEntries(turned.map((kind) => [kind.kind, kind]));
}

function pruned(kind: Kind, records: readonly Ask[]): Kind {
  return {
    ...kind,
    kind: `${LEFT}${kind.kind}`,
    aside: true,
    asks: (it) => [...kind.asks(it), ...records.filter((ask) => placeKey(ask.on) === placeKey(it.on))],
    judge: (it, world) => {
      const verdict = kind.judge(it, world);
      if (verdict.verdict !== 'ok' || !world.record(it.id)) return verdict;
      const isCreated = it.on === 'cluster' && (it as Recorded).origin === 'created';
      const isData = verdict.stays && !verdict.forGood && isCreated;
      return isData ? verdict : forget(it, verdict.because, verdict.stays === true);
    },
  };
}

/** A change that touches nothing but the record. */
function forget({ on }: Declared, because: string, stays: boolean): Verdict {
  const moves = [{ does: stays ? 'leave it and forget it' : 'forget it', on, run: sh`true`, deadlineS: 10 }];
  return { verdict: 'change', because, moves, forgets: stays ? 'stays' : 'ok' };
}

/** Undefined when `read` fails: nobody has checked that a record from a machine holds what its kind once wrote there. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const RECORDS: Readonly<Record<string, string>> = {
  cluster: `in the ConfigMap inventory of the namespace ${NAMESPACE}`,
  workstation: 'below ~/.local/state/mlk8s/inventory',
};

function damaged({ id, on }: Declared): Problem {
  const where = typeof on === 'string' ? `the ${on}` : on.host;
  const kept = RECORDS[placeKey(on)] ?? `below ${MACHINE_STATE}/inventory`;
  return {
    where: id,
    seen: `what ${where} keeps about it cannot be read`,
    why: 'its record was damaged or changed by something else',
    next: [`take it away by hand if it is still there, and its record ${kept} as well`],
  };
}

const unknownKind: Kind = {
  kind: UNKNOWN,
  transient: true,
  asks: () => [],
  judge: (it) => ({
    verdict: 'refused',
    problem: {
      where: it.id,
      seen: 'this version of mlk8s does not know what that is',
      why: 'a newer version made it',
      next: ['run the same command with the newest version of mlk8s'],
    },
  }),
};

/**
 * Records as what there is to undo, each after all that was built on it. `needs` of the result are turned round too.
 */
export function toUndo(records: readonly InventoryRecord[], kinds: Kinds): Recorded[] {
  const builtOn = (id: Id) => records.filter((it) => it.needs?.includes(id)).map((it) => it.id);
  const sorted = new Map<Id, Recorded>();
  const add = (record: InventoryRecord, path: readonly Id[]): void => {
    if (sorted.has(record.id)) return;
    const needs = builtOn(record.id).filter((id) => !path.includes(id));
    for (const above of records) if (needs.includes(above.id)) add(above, [...path, record.id]);
    const kind = kinds[record.kind] ? record.kind : UNKNOWN;
    sorted.set(record.id, { ...record, kind, needs });
  };
  for (const record of records) add(record, []);
  return [...sorted.values()];
}

/** What a resource is built on and what is remembered: a transient need stands for what it needs itself. */
export function lastingNeeds(it: Declared, all: readonly Declared[], kinds: Kinds): Id[] {
  const found = new Set<Id>();
  const visit = (needs: readonly Id[]): void => {
    for (const other of all) {
      if (other.id === it.id || !needs.some((need) => means(need, other.id))) continue;
      if (kindOf(kinds, other).transient) visit(other.needs);
      else found.add(other.id);
    }
  };
  visit(it.needs);
  return [...found].sort();
}

/** A need may be of any machine, or of the lead. */
export function means(need: Id, id: Id): boolean {
  return nameOf(need) === nameOf(id) && ['*', 'lead', placeOf(id)].includes(placeOf(need));
}
