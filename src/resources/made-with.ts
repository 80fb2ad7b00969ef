import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { kubectl } from './kube.ts';

/**
 * The data in a claim was made with the choice that is asked for now: it cannot be read with another one. The claim
 * remembers it, as an annotation that it got when it was made.
 */
export type MadeWithSpec = {
  readonly namespace: string;
  readonly claim: string;
  readonly annotation: string;
  /** What is chosen, as people call it. */
  readonly choice: string;
  readonly value: string;
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

function choiceAsk({ spec: { namespace, claim, annotation } }: Declared<MadeWithSpec>): Ask {
  const format = `jsonpath={.metadata.annotations.${annotation.replaceAll('.', '\\.')}}`;
  return {
    key: `${annotation} of ${namespace}/${claim}`,
    on: 'cluster',
    sh: sh`${kubectl} -n ${namespace} get persistentvolumeclaim ${claim} --ignore-not-found -o ${format}`,
    timeoutS: 20,
  };
}

function judge(it: Declared<MadeWithSpec>, world: World): Verdict {
  const { namespace, claim, choice, value, next } = it.spec;
  if (world.identity === undefined) return { verdict: 'ok', because: 'there is no cluster yet' };
  return judged(it, world, [choiceAsk(it)], ({ text, status }) => {
    if (status !== 0) {
      return { verdict: 'settling', because: `the API on ${world.lead} does not answer`, deadlineS: 300 };
    }
    const before = text.trim();
    if (before === '') return { verdict: 'ok', because: `no data was made with another ${choice}` };
    if (before === value) return { verdict: 'ok', because: `the data in ${namespace}/${claim} was made with ${value}` };
    return refused(
      it.id,
      `the data in claim ${namespace}/${claim} was made with the ${choice} ${before}, and ${value} is asked for`,
      'with another one it could not be read any more',
      ...next,
    );
  });
}
