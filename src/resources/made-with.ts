import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { kubectl, withoutNoise } from './kube.ts';

/**
 * Data was made with the choice that is asked for now: it is of no use with another one. An object that is there as long
 * as the data remembers it.
 */
export type MadeWithSpec = {
  readonly namespace: string;
  /** Type of that object, as kubectl takes it, and as people call it. */
  readonly type: string;
  readonly called: string;
  readonly name: string;
  /** Where in it, as a path of kubectl: `{.metadata.annotations.a}`. */
  readonly path: string;
  /** What is chosen, as people call it. */
  readonly choice: string;
  readonly value: string;
  /** It is the size of a volume, as `10Gi`: a larger one may be asked for. */
  readonly mayGrow?: true;
  /** What to type instead. */
  readonly next: readonly string[];
};

export function madeWith({ id, on, needs, ...spec }: Placed & MadeWithSpec): Declared<MadeWithSpec> {
  return { kind: 'made-with', id, on, needs, spec };
}

export const madeWithKind: Kind<MadeWithSpec> = {
  kind: 'made-with',
  transient: true,
  asks: (it) => [choiceAsk(it)],
  judge,
};

/** Errors come with the answer: only by their words a type that is not there yet differs from an API that is away. */
function choiceAsk({ spec: { namespace, type, name, path } }: Declared<MadeWithSpec>): Ask {
  return {
    key: `${path} of ${type} ${namespace}/${name}`,
    on: 'cluster',
    sh: sh`${kubectl} -n ${namespace} get ${type} ${name} --ignore-not-found -o ${`jsonpath=${path}`} 2>&1`,
    timeoutS: 20,
  };
}

function judge(it: Declared<MadeWithSpec>, world: World): Verdict {
  const { namespace, called, name, choice, value, mayGrow, next } = it.spec;
  if (world.identity === undefined) return { verdict: 'ok', because: 'there is no cluster yet' };
  return judged(it, world, [choiceAsk(it)], ({ text, status }) => {
    const isNone = /doesn't have a resource type/.test(text);
    if (status !== 0 && !isNone) {
      return { verdict: 'settling', because: `the API on ${world.lead} does not answer`, deadlineS: 300 };
    }
    const before = isNone ? '' : withoutNoise(text).trim();
    if (before === '') return { verdict: 'ok', because: `no data was made with another ${choice}` };
    if (before === value || (mayGrow && !isSmaller(value, before))) {
      return { verdict: 'ok', because: `the data in ${namespace}/${name} was made with ${before}` };
    }
    return refused(
      it.id,
      `the data in ${called} ${namespace}/${name} was made with the ${choice} ${before}, and ${value} is asked for`,
      mayGrow ? 'a volume cannot become smaller' : 'with another one nobody could read it any more',
      ...next,
    );
  });
}

/** Sizes in other units than ours are not compared: whoever looks after the volume takes them or not. */
function isSmaller(wanted: string, before: string): boolean {
  const gib = (size: string) => Number(/^(\d+)Gi$/.exec(size)?.[1]);
  return gib(wanted) < gib(before);
}
