import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import { APT_DEADLINE_S, aptGet, aptUpdate } from './apt.ts';
import type { Placed } from './declare.ts';

/** dpkg was not interrupted: no package is half installed. gpu-and-nodes sheet 6.1. */
export type DpkgStateSpec = Record<string, never>;

export function dpkgState(placed: Placed): Declared<DpkgStateSpec> {
  return { kind: 'dpkg-state', ...placed, spec: {} };
}

export const dpkgStateKind: Kind<DpkgStateSpec> = { kind: 'dpkg-state', transient: true, asks, judge };

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
          run: repair,
          deadlineS: APT_DEADLINE_S,
        },
      ],
    };
  });
}

/**
 * dpkg does not wait for its lock as apt does. What looks interrupted may be an upgrade that is going on: then there is
 * nothing left to configure once the lock is free.
 */
const repair = sh`
  for try in {1..40}; do
    if said=$(env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l dpkg --configure -a --force-confdef --force-confold 2>&1); then
      break
    fi
    echo "$said"
    case $said in
      *locked*) [ "$try" -lt 40 ] && sleep 15 ;;
      *) exit 1 ;;
    esac
  done
  # What was cut off while it was unpacked can only be installed anew, and nothing else of apt does that.
  broken=$(dpkg-query -W -f '\${db:Status-Eflag} \${binary:Package}\n' | sed -n 's/^reinstreq //p')
  if [ -n "$broken" ]; then
    ${aptUpdate}
    ${aptGet} install --reinstall $broken
  fi
  ${aptGet} --no-remove -f install
`;
