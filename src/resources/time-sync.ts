import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { lines, sh } from '../shell/script.ts';
import { judged, refused } from './answers.ts';
import { APT_DEADLINE_S, aptInstall } from './apt.ts';
import type { Placed } from './declare.ts';
import { gone } from './stays.ts';

/** The clock is kept right over the network, by whatever the machine has for that. */
export type TimeSyncSpec = Record<string, never>;

export function timeSync(placed: Placed): Declared<TimeSyncSpec> {
  return { kind: 'time-sync', ...placed, spec: {} };
}

export const timeSyncKind: Kind<TimeSyncSpec> = { kind: 'time-sync', asks, judge, undo };

/** Seconds until a first answer of a time server: timesyncd asks in growing intervals when the first ones are lost. */
const SYNC_DEADLINE_S = 300;

/** What systemd says of the clock. Also asked by the preflight. */
export function clockAsk(on: Ask['on']): Ask {
  return { key: 'clock', on, sh: sh`timedatectl show`, timeoutS: 15 };
}

function asks(it: Declared<TimeSyncSpec>): Ask[] {
  return [clockAsk(it.on)];
}

function judge(it: Declared<TimeSyncSpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }) => {
    const said = new Set(text.split('\n'));
    const off = said.has('NTP=no') && said.has('CanNTP=yes');
    // The kernel still calls itself synchronised long after the service was switched off; where systemd knows of no
    // service at all, it is kept in step by one that systemd did not start.
    if (said.has('NTPSynchronized=yes') && !off) return { verdict: 'ok', because: 'the clock is synchronised' };
    if (said.has('NTP=yes')) {
      return { verdict: 'settling', because: 'no time server has answered yet', deadlineS: SYNC_DEADLINE_S };
    }
    if (!said.has('NTP=no')) {
      const why = 'systemd-timedated does not run there, which every Ubuntu has';
      return refused(
        it.id,
        'timedatectl does not say how the clock is kept',
        why,
        'on that machine: timedatectl status',
      );
    }
    const setNtp = sh`timedatectl set-ntp true`;
    const nothing = said.has('CanNTP=no');
    return {
      verdict: 'change',
      because: nothing ? 'nothing on the machine can set the clock' : 'the clock is not kept in step',
      diff: [{ what: 'NTP', before: 'no', after: 'yes' }],
      moves: [
        nothing
          ? {
              does: 'install systemd-timesyncd and switch it on',
              on: it.on,
              run: lines(aptInstall(sh`systemd-timesyncd`), setNtp),
              deadlineS: APT_DEADLINE_S,
            }
          : { does: 'switch time synchronisation on', on: it.on, run: setNtp, deadlineS: 60 },
      ],
    };
  });
}

function undo(it: Recorded<TimeSyncSpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }) => {
    if (!text.split('\n').includes('NTP=yes')) return gone('time synchronisation is off');
    return {
      verdict: 'change',
      because: 'it was off before mlk8s',
      diff: [{ what: 'NTP', before: 'yes', after: 'no' }],
      moves: [
        { does: 'switch time synchronisation off', on: it.on, run: sh`timedatectl set-ntp false`, deadlineS: 60 },
      ],
    };
  });
}
