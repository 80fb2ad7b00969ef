import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import { APT_DEADLINE_S, aptGet } from './apt.ts';
import type { Placed } from './declare.ts';

/** dpkg was not interrupted: no package is half installed. gpu-and-nodes sheet 6.1. */
export type DpkgStateSpec = Record<string, never>;

export function dpkgState(placed: Placed): Declared<DpkgStateSpec> {
  return { kind: 'dpkg-state', ...placed, spec: {} };
}

export const dpkgStateKind: Kind<DpkgStateSpec> = { kind: 'dpkg-state', asks, judge };

function asks(it: Declared<DpkgStateSpec>): Ask[] {
  const script = sh`
    ls /var/lib/dpkg/updates | grep -E '^[0-9]+$'
    dpkg --audit
  `;
  return [{ key: 'dpkg state', on: it.on, sh: script, timeoutS: 30 }];
}

function judge(it: Declared<DpkgStateSpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }) => {
    if (text.trim() === '') return { verdict: 'ok', because: 'no installation was interrupted' };
    return {
      verdict: 'change',
      because: 'an earlier installation was interrupted',
      diff: [{ what: 'dpkg --audit', before: text, after: '' }],
      moves: [
        {
          does: 'finish the interrupted installation',
          on: it.on,
          run: sh`
            env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l dpkg --configure -a --force-confdef --force-confold
            ${aptGet} -f install
          `,
          deadlineS: APT_DEADLINE_S,
        },
      ],
    };
  });
}
