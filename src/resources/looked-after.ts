import type { Ask, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { kubectl } from './kube.ts';
import { stays } from './stays.ts';

/** Objects that an operator looks after, wherever they are. */
export type LooksAfter = {
  /** Name of their definition: `clusters.postgresql.cnpg.io`. */
  readonly type: string;
  /** What one is called. */
  readonly called: string;
  /** The one of mlk8s, `namespace/name`. */
  readonly own: string;
};

const ROWS = 'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{"\\n"}{end}';

/** Names of all of them; none where nobody defined the type. */
export function lookedAfterAsk({ type }: LooksAfter): Ask {
  const script = sh`
    set -e
    defined=$(${kubectl} get customresourcedefinitions ${type} --ignore-not-found -o name)
    if [ -n "$defined" ]; then ${kubectl} get ${type} -A -o ${ROWS}; fi
  `;
  return { key: `all ${type}`, on: 'cluster', sh: script, timeoutS: 20 };
}

/** Why their operator stays: without it nobody would look after those of somebody else. Undefined: it may go. */
export function othersLookedAfter(it: LooksAfter, release: string, world: World): Verdict | undefined {
  const answer = world.answer('cluster', lookedAfterAsk(it).key);
  if (answer.kind !== 'bytes' || answer.status !== 0 || answer.cut) {
    return { verdict: 'settling', because: `${world.lead} does not list ${it.type}`, deadlineS: 300 };
  }
  const others = answer.text.split('\n').filter((name) => name !== '' && name !== it.own);
  return others.length === 0 ? undefined : stays(`release ${release} looks after ${it.called} ${others.join(', ')}`);
}
