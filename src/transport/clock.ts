import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from './host.ts';

/** setTimeout fires at once when it is given more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The wall clock: time of real machines. */
export const realClock: Clock = {
  now: () => new Date(),
  sleep: (seconds, signal) => wait(ms(seconds), undefined, signal && { signal }),
  deadlineMs: ms,
  execMs: ms,
};

function ms(seconds: number): number {
  return Math.min(Math.max(0, seconds * 1000), LONGEST_TIMER_MS);
}
