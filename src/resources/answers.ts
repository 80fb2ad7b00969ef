import type { Answer, Ask, Declared, Verdict, Where, World } from '../engine/types.ts';
import type { Problem } from '../errors.ts';

/** An answer that was really given. */
export type Given = Extract<Answer, { kind: 'bytes' }>;

/**
 * Judges by the answers to `asks`, in their order. The one place that deals with answers that did not come: nothing is
 * ever concluded from silence, so a timeout is refused and never taken for "not there".
 */
export function judged<Spec>(
  it: Declared<Spec>,
  world: World,
  asks: readonly Ask[],
  judge: (...answers: Given[]) => Verdict,
): Verdict {
  const given: Given[] = [];
  for (const ask of asks) {
    const answer = world.answer(ask.on, ask.key);
    // Its first member was seen between two questions: it has not been asked yet, which is no refusal.
    if (answer.kind === 'absent' && ask.on === 'cluster' && world.identity !== undefined) {
      return { verdict: 'settling', because: 'the cluster was not asked yet', deadlineS: 300 };
    }
    if (answer.kind !== 'bytes') return { verdict: 'refused', problem: unanswered(it.id, ask, answer) };
    if (answer.cut)
      return refused(
        it.id,
        `the answer to "${ask.key}" is too long to be read`,
        'something there is much larger than it should be',
        'look at the machine, then run the same command again',
      );
    given.push(answer);
  }
  return judge(...given);
}

/** The problem of a question that got no answer. */
export function unanswered(where: string, ask: Ask, answer: Exclude<Answer, Given>): Problem {
  const who = placeName(ask.on);
  if (answer.kind === 'timeout') {
    return {
      where,
      seen: `${who} did not answer "${ask.key}" within ${ask.timeoutS} s`,
      why: 'the machine is very busy, or one of its disks or its name resolution hangs',
      next: ['look at the machine (uptime, dmesg), then run the same command again'],
    };
  }
  const seen =
    answer.kind === 'unreachable' ? `${who} could not be asked` : `there is nobody to ask about "${ask.key}"`;
  return {
    where,
    seen,
    why: answer.kind === 'unreachable' ? 'the connection to it was lost' : 'there is no cluster yet',
    next: ['run the same command again when it can be reached'],
  };
}

/** A refusal in four parts. */
export function refused(where: string, seen: string, why: string, ...next: string[]): Verdict {
  return { verdict: 'refused', problem: { where, seen, why, next } };
}

/** Of an answer that is not whole; `what` it was about. */
export function unread(where: string, what: string): Verdict {
  const why = 'its disk may have failed under the question';
  return refused(where, `nothing is known of ${what}`, why, 'run the same command again');
}

/** The host that a resource lives on; a kind that exists on hosts only says so by calling this. */
export function ownHost<Spec>(it: Declared<Spec>): string {
  if (typeof it.on === 'string') throw new Error(`${it.id}: a ${it.kind} lives on a host, not ${it.on}`);
  return it.on.host;
}

/** A place as people call it. */
export function placeName(on: Where): string {
  return typeof on === 'string' ? `the ${on}` : on.host;
}
