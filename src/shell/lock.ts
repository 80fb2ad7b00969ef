import { MACHINE_STATE } from './job.ts';
import { quote } from './script.ts';

/** Who holds the lock, for the people who wait for it. */
export interface LockHolder {
  readonly run: string;
  readonly who: string;
  readonly from: string;
  readonly since: string;
  readonly why: string;
}

/**
 * Takes the machine's lock and keeps it as long as lines come in. Each line is a beat and is echoed; `silenceS` real
 * seconds without one free the lock, so that a client that froze or died does not keep others out.
 * Prints `locked`, or `held` and what the holder wrote, and ends. `unusable` and a reason: there can be no lock.
 */
export function lockFrame(holder: LockHolder, silenceS: number): string {
  return `
umask 077
if ! said=$({ mkdir -p ${MACHINE_STATE} && : >>${MACHINE_STATE}/lock; } 2>&1); then
  echo unusable
  echo "$said"
  exit 0
fi
exec 9>>${MACHINE_STATE}/lock
if ! flock -n 9; then
  echo held
  cat ${MACHINE_STATE}/lock.holder 2>/dev/null
  exit 0
fi
printf '%s\\n' ${quote(JSON.stringify(holder))} >${MACHINE_STATE}/lock.holder
echo locked
while read -r -t ${silenceS} beat; do echo "$beat"; done
`;
}
