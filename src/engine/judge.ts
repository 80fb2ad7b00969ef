import { hostOf, placeOf, stepOf } from '../resources/places.ts';
import type { PlanItem } from './events.ts';
import type { Declared, Id, Kind, Verdict, World } from './types.ts';

/** Kinds by their name. */
export type Kinds = Readonly<Record<string, Kind>>;

/** One resource with its verdict and what its needs make of it. */
export interface Judged {
  readonly it: Declared;
  readonly verdict: Verdict;
  /** The verdict is ok, and so are all needs: what stands on it may go on. */
  readonly stands: boolean;
  /** All needs stand: if there is something to do, it may be done now. */
  readonly ready: boolean;
  /** Needs that do not stand, expanded. */
  readonly waitsFor: readonly Id[];
  /** Those that keep it from ever being done in this run, because they are refused: needs of needs, too. */
  readonly blockedBy: readonly Id[];
}

/**
 * Judges every resource by the same world. Resources of hosts that dropped out are not judged: nothing is known of
 * them.
 */
export function judgeAll(
  resources: readonly Declared[],
  kinds: Kinds,
  world: World,
  dropped: ReadonlySet<string>,
): Map<Id, Judged> {
  const live = resources.filter((it) => !dropped.has(hostOf(it) ?? ''));
  const verdicts = new Map(live.map((it) => [it.id, kindOf(kinds, it).judge(it, world)]));
  const byId = new Map(live.map((it) => [it.id, it]));
  const expand = expander(byId, world);
  const standing = new Map<Id, boolean>();
  const stands = (id: Id, path: readonly Id[]): boolean => {
    const known = standing.get(id);
    if (known !== undefined) return known;
    if (path.includes(id)) throw new Error(`resources need each other: ${[...path, id].join(' → ')}`);
    const it = byId.get(id) as Declared;
    const result = expand(it).every((need) => stands(need, [...path, id])) && verdicts.get(id)?.verdict === 'ok';
    standing.set(id, result);
    return result;
  };
  const blocking = new Map<Id, readonly Id[]>();
  const blockers = (it: Declared): readonly Id[] => {
    const known = blocking.get(it.id);
    if (known) return known;
    const open = expand(it).filter((need) => !stands(need, []));
    const isRefused = (need: Id) => verdicts.get(need)?.verdict === 'refused';
    const all = open.flatMap((need) => (isRefused(need) ? [need] : blockers(byId.get(need) as Declared)));
    const found = [...new Set(all)];
    blocking.set(it.id, found);
    return found;
  };
  return new Map(
    live.map((it) => {
      const waitsFor = expand(it).filter((need) => !stands(need, [it.id]));
      const verdict = verdicts.get(it.id) as Verdict;
      const isReady = waitsFor.length === 0;
      return [it.id, { it, verdict, stands: stands(it.id, []), ready: isReady, waitsFor, blockedBy: blockers(it) }];
    }),
  );
}

/** The kind of a resource. A name that nobody registered is a bug. */
export function kindOf(kinds: Kinds, it: Declared): Kind {
  const kind = kinds[it.kind];
  if (!kind) throw new Error(`no kind "${it.kind}" is registered, but ${it.id} is of it`);
  return kind;
}

/**
 * Turns needs into ids of this run. What is left out of the run (a step by --skip, a host by --host, a host that
 * dropped out) is taken as fulfilled.
 */
function expander(live: ReadonlyMap<Id, Declared>, world: World): (it: Declared) => Id[] {
  const lead = world.lead ?? world.founder ?? '';
  return (it) =>
    it.needs.flatMap((need) => {
      const place = placeOf(need);
      const places = place === '*' ? world.hosts : [place === 'lead' ? lead : place];
      return places.map((at) => `${nameOf(need)}@${at}` as Id).filter((id) => live.has(id) && id !== it.id);
    });
}

/** Throws for a need that no step lists on any host: a slip of the pen in a step, which would never be waited for. */
export function checkNeeds(all: readonly Declared[]): void {
  const names = new Set(all.map((it) => nameOf(it.id)));
  const steps = new Set(all.map((it) => stepOf(it.id)));
  for (const it of all) {
    const wrong = it.needs.find((need) => steps.has(stepOf(need)) && !names.has(nameOf(need)));
    if (wrong) throw new Error(`${it.id} needs ${wrong}, which no step lists`);
  }
}

/** The part of an id before the `@`: step and name. */
export function nameOf(id: Id): string {
  return id.slice(0, id.lastIndexOf('@'));
}

/** What a plan shows, in the order of the steps. */
export function planItems(resources: readonly Declared[], judged: ReadonlyMap<Id, Judged>): PlanItem[] {
  return resources.map((it) => {
    const found = judged.get(it.id);
    if (!found) return { id: it.id, verdict: 'dropped', because: `${hostOf(it)} is out of this run` };
    return itemOf(found);
  });
}

/** What settles because something else must come first is no news of its own. */
function waiting({ verdict, ready, waitsFor }: Judged): string | undefined {
  return verdict.verdict === 'settling' && !ready ? `it waits for ${waitsFor.join(', ')}` : undefined;
}

/** What is not going to happen is no change. */
function blocked({ it: { id }, blockedBy }: Judged): PlanItem {
  const are = blockedBy.length === 1 ? 'is' : 'are';
  return { id, verdict: 'later', because: `it waits for ${blockedBy.join(', ')}, which ${are} refused`, blocked: true };
}

function itemOf(judged: Judged): PlanItem {
  const { id } = judged.it;
  const { verdict } = judged;
  const waits = waiting(judged);
  if (waits !== undefined) return { id, verdict: 'later', because: waits };
  if (verdict.verdict === 'change' && judged.blockedBy.length > 0) return blocked(judged);
  switch (verdict.verdict) {
    case 'ok':
      return {
        id,
        verdict: verdict.stays ? 'stays' : 'ok',
        because: verdict.because,
        ...(verdict.warning ? { warning: verdict.warning } : {}),
        ...(verdict.shown ? { shown: true } : {}),
      };
    case 'change':
      if (verdict.forgets) return { id, verdict: verdict.forgets, because: verdict.because, forgets: true };
      return {
        id,
        verdict: 'change',
        because: verdict.because,
        does: verdict.moves.map((move) => move.does),
        ...(verdict.diff ? { diff: verdict.diff } : {}),
        ...(verdict.disrupts ? { disrupts: verdict.disrupts } : {}),
      };
    case 'refused':
      return { id, verdict: 'refused', because: verdict.problem.seen, problem: verdict.problem };
    default:
      return { id, verdict: verdict.verdict, because: verdict.because };
  }
}
