import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../transport/host.ts';

/** Seconds that every deadline gets on top: real work on the computer that simulates is not scaled. */
const given = Number(process.env.MLK8S_REHEARSAL_GRACE_S);
const GRACE_MS = (given || 8) * 1000;
/**
 * A command asks up to a hundred things: on a crowded computer that takes longer. Less than the three keepalives after
 * which a silent connection is given up, and never for the lock: the next run would wait in vain for one that is late.
 */
const EXEC_GRACE_MS = (given || 20) * 1000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Model time `model` was at real time `real`; both milliseconds since the epoch. */
export interface Anchor {
  readonly model: number;
  readonly real: number;
  readonly scale: number;
}

/** The time of simulated machines. Server and client run on one computer and read the same clock. */
export function scaledClock({ model, real, scale }: Anchor): Clock {
  return {
    now: () => new Date(model + (Date.now() - real) * scale),
    sleep: (seconds, signal) => {
      const ms = Math.min((Math.max(0, seconds) * 1000) / scale, LONGEST_TIMER_MS);
      return wait(ms, undefined, signal && { signal });
    },
    deadlineMs: (seconds) => Math.min((seconds * 1000) / scale + GRACE_MS, LONGEST_TIMER_MS),
    execMs: (seconds) => Math.min((seconds * 1000) / scale + EXEC_GRACE_MS, LONGEST_TIMER_MS),
  };
}
