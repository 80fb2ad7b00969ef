import type { Ask, World } from '../engine/types.ts';
import type { Problem } from '../errors.ts';
import { placeName, unanswered } from '../resources/answers.ts';
import type { Finding } from './diagnose.ts';

/**
 * Questions without an answer that says something: nothing is concluded from silence, and "all is well" least of all. A
 * machine that dropped out has its own line, and without a cluster there is nobody to ask. `unread`: what was answered,
 * but not in a way that can be read.
 */
export function silences(world: World, asks: readonly Ask[], unread: readonly Ask[]): Finding[] {
  const refused = asks.filter((ask) => isRefused(world, ask));
  const api = {
    where: `the cluster, asked on ${world.lead ?? 'no machine'}`,
    seen: `the API gave no answer about ${refused.map(aboutOf).join(', ')}`,
    why: 'MicroK8s on the control planes is stopped, or is starting',
    next: ['mlk8s status   says how MicroK8s stands on each machine', 'mlk8s doctor   looks again'],
  };
  const others = asks.filter((ask) => !refused.includes(ask));
  return [
    ...(refused.length === 0 ? [] : [notSeen(api, refused)]),
    ...others.flatMap((ask) => silenceOf(world, ask, unread.includes(ask))),
  ];
}

/** kubectl ended with an error. */
function isRefused(world: World, ask: Ask): boolean {
  const answer = world.answer(ask.on, ask.key);
  return ask.on === 'cluster' && answer.kind === 'bytes' && !answer.cut && answer.status !== 0;
}

function silenceOf(world: World, ask: Ask, isUnread: boolean): Finding[] {
  const answer = world.answer(ask.on, ask.key);
  const where = `${placeName(ask.on)}: ${aboutOf(ask)}`;
  if (answer.kind === 'timeout') return [notSeen(unanswered(where, ask, answer), [ask])];
  if (answer.kind !== 'bytes' || !(answer.cut || isUnread)) return [];
  const seen = answer.cut ? 'the answer is too long to be read' : 'the answer cannot be read';
  const why = answer.cut ? 'there is much more than usual' : 'the program there is of another version, or is broken';
  return [notSeen({ where, seen, why, next: ['mlk8s doctor   looks again', 'mlk8s status'] }, [ask])];
}

const aboutOf = ({ key }: Ask): string => key.replace(/^doctor /, '');

function notSeen(problem: Problem, asks: readonly Ask[]): Finding {
  const machines = asks.flatMap((ask) => (typeof ask.on === 'string' ? [] : [ask.on.host]));
  return { entry: 'not-seen', component: 'doctor', count: 1, objects: asks.map(aboutOf), machines, problem };
}
