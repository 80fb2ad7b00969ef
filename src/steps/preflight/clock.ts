import type { Check } from '../../engine/check.ts';
import { clockAsk } from '../../resources/time-sync.ts';
import { sh } from '../../shell/script.ts';
import { comparison, error, warning } from './check.ts';

/**
 * Between a question and its answer lie seconds: a slow login, a long list of questions, and far more of the machine's
 * own seconds in a rehearsal, where time runs a hundred times as fast.
 */
const SURELY_WRONG_S = 120;
/** Below this, only a machine that is not synchronised is worth a word. */
const DOUBTFUL_S = 30;

/** Certificates, tokens and leases need equal clocks. gpu-and-nodes sheet 6, time. */
export const clockCheck: Check = comparison(
  'clock',
  (node) => [
    { key: 'time', on: { host: node.name }, sh: sh`date +%s.%N`, timeoutS: 10 },
    clockAsk({ host: node.name }),
  ],
  (time, clock) => {
    // Not all are asked at the same moment: of many machines, the last ones long after the first.
    const seconds = Number(time?.text.trim() || Number.NaN) - (time?.askedAtS ?? 0);
    const synchronised = clock?.text.includes('NTPSynchronized=yes') ?? false;
    return Number.isNaN(seconds) ? undefined : { seconds, synchronised };
  },
  (found) =>
    found.flatMap(({ subject, value }) => {
      const off =
        value.seconds -
        reference(
          found.map((it) => it.value.seconds),
          value.seconds,
        );
      const seen = `its clock is ${Math.round(Math.abs(off))} s ${off > 0 ? 'ahead of' : 'behind'} the other machines`;
      const next = 'on that machine: sudo timedatectl set-ntp true, wait, and look: timedatectl';
      if (Math.abs(off) > SURELY_WRONG_S) {
        return [error(subject, seen, 'certificates and join tokens are not valid yet, or no longer', next)];
      }
      if (Math.abs(off) <= DOUBTFUL_S || value.synchronised) return [];
      return [warning(subject, seen, 'its clock is not synchronised', next)];
    }),
);

/** What most machines say. Of two, the other one: nobody knows which is right, so both are named. */
function reference(all: readonly number[], own: number): number {
  if (all.length === 2) return all.find((value) => value !== own) ?? own;
  return [...all].sort((a, b) => a - b)[Math.floor((all.length - 1) / 2)] ?? own;
}
