import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { judged } from './answers.ts';
import type { Bash, Placed } from './declare.ts';

/** Something that must work and that mlk8s cannot repair: it is ok or refused, never a change. */
export type HealthCheckSpec = {
  /** Works when it ends with status 0 and prints something. */
  readonly probe: Bash;
  readonly timeoutS: number;
  /** What is true when it works. */
  readonly works: string;
  /** What is the matter when it does not, and why likely. */
  readonly seen: string;
  readonly why: string;
  readonly next: readonly string[];
};

export function healthCheck({ id, on, needs, ...spec }: Placed & HealthCheckSpec): Declared<HealthCheckSpec> {
  return { kind: 'health-check', id, on, needs, spec };
}

export const healthCheckKind: Kind<HealthCheckSpec> = { kind: 'health-check', transient: true, asks, judge };

function asks(it: Declared<HealthCheckSpec>): Ask[] {
  const { probe, timeoutS, works } = it.spec;
  return [{ key: `check: ${works}`, on: it.on, sh: probe, timeoutS }];
}

function judge(it: Declared<HealthCheckSpec>, world: World): Verdict {
  const { works, seen, why, next, timeoutS } = it.spec;
  const [ask] = asks(it);
  const late = ask && world.answer(it.on, ask.key).kind === 'timeout';
  if (late)
    return { verdict: 'refused', problem: { where: it.id, seen: `${seen} (no answer in ${timeoutS} s)`, why, next } };
  return judged(it, world, asks(it), ({ text, status }) => {
    if (status === 0 && text.trim() !== '') return { verdict: 'ok', because: works };
    return { verdict: 'refused', problem: { where: it.id, seen, why, next } };
  });
}
