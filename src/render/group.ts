import type { PlanItem } from '../engine/events.ts';
import type { Problem } from '../errors.ts';
import { mapTexts } from './printable.ts';
import { idParts, withoutPlace } from './words.ts';

/** Stands for the own name of each machine in the texts of a group. */
export const NAME = 'NAME';

/** Items of several machines that say the same. */
export interface Group {
  /** What they say. */
  readonly item: PlanItem;
  /** Their machines, in the order of the plan. */
  readonly places: readonly string[];
  /** Each item names its own machine, and `item` has NAME in its place. */
  readonly differ: boolean;
}

/**
 * Equal items as one, those of one name beside each other. Items that say literally the same are one group; of the
 * others those that are the same but for the machine's own name.
 */
export function grouped(items: readonly PlanItem[]): Group[] {
  return [...sorted(items, (item) => withoutPlace(item.id)).values()].flatMap((named) => {
    const literal = [...sorted(named, (item) => JSON.stringify(said(item))).values()];
    const alone = literal.filter((equal) => equal.length === 1).flat();
    const alike = sorted(alone, (item) => JSON.stringify(said(nameless(item))));
    return literal.flatMap((equal) => {
      const [first] = equal;
      if (!first) return [];
      if (equal.length > 1) return [{ item: first, places: placesOf(equal), differ: false }];
      const all = alike.get(JSON.stringify(said(nameless(first)))) ?? equal;
      return all[0] === first ? [groupOf(first, all)] : [];
    });
  });
}

function groupOf(first: PlanItem, all: readonly PlanItem[]): Group {
  const places = placesOf(all);
  if (all.length === 1) return { item: first, places, differ: false };
  const item = nameless(first);
  if (!first.problem) return { item, places, differ: true };
  return {
    item: { ...item, problem: problemOf(first.problem, idParts(first.id).place, places) },
    places,
    differ: true,
  };
}

/** What to type next is typed as it stands: such a line is there once for each machine. */
function problemOf(problem: Problem, own: string, places: readonly string[]): Problem {
  const { where, next } = problem;
  return {
    ...named(problem, own, NAME),
    where: named(where, own, places.join(', ')),
    next: next.flatMap((line) => [...new Set(places.map((place) => named(line, own, place)))]),
  };
}

function placesOf(items: readonly PlanItem[]): string[] {
  return items.map((item) => idParts(item.id).place);
}

/** What an item says, without what says which one it is. */
function said({ verdict, because, does, diff, disrupts, problem, removes }: PlanItem): unknown {
  return [verdict, because, does, diff, disrupts, problem, removes];
}

function nameless(item: PlanItem): PlanItem {
  const { id, verdict, ...rest } = item;
  return { id, verdict, ...named(rest, idParts(id).place, NAME) };
}

/** A copy of `value` in which every text has `by` in place of the whole word `name`. */
function named<T>(value: T, name: string, by: string): T {
  // The name of a machine means nothing to a pattern; in a journal that somebody edited there may stand anything.
  const word = new RegExp(`(?<![A-Za-z0-9-])${name.replaceAll(/[^A-Za-z0-9-]/g, '\\W')}(?![A-Za-z0-9-])`, 'g');
  return mapTexts(value, (text) => text.replaceAll(word, () => by));
}

function sorted<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
