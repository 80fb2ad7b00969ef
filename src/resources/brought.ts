import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { type ObjectRef, objectsAsk, objectsOf, titleOf } from './objects.ts';

/** Objects that nobody wrote, because a controller makes them of others, are there. */
export type BroughtSpec = {
  readonly objects: readonly ObjectRef[];
  /** Who makes them, for people: `the profile controller`. */
  readonly by: string;
  /** Seconds that it may take. */
  readonly withinS: number;
};

export function brought({ id, on, needs, ...spec }: Placed & BroughtSpec): Declared<BroughtSpec> {
  return { kind: 'brought', id, on, needs, spec };
}

export const broughtKind: Kind<BroughtSpec> = { kind: 'brought', transient: true, asks, judge };

function asks({ id, spec }: Declared<BroughtSpec>): Ask[] {
  return [objectsAsk(id, spec.objects)];
}

function judge(it: Declared<BroughtSpec>, world: World): Verdict {
  const { objects, by, withinS } = it.spec;
  const settling = (because: string, deadlineS = withinS): Verdict => ({ verdict: 'settling', because, deadlineS });
  if (world.identity === undefined) return settling('there is no cluster yet');
  return judged(it, world, asks(it), (answer) => {
    const found = objectsOf(answer);
    if (!found) return settling(`the API on ${world.lead} does not answer`, 300);
    const isGoing = new Set(found.filter((o) => o.metadata.deletionTimestamp !== undefined).map(titleOf));
    const there = new Set(found.map(titleOf));
    const missing = objects.map(titleOf).filter((title) => !there.has(title));
    if (isGoing.size > 0) return settling(`${[...isGoing].join(', ')}: being removed`);
    if (missing.length > 0) return settling(`${by} has not made ${missing.join(', ')} yet`);
    return { verdict: 'ok', because: `${by} made ${objects.map(titleOf).join(', ')}` };
  });
}
