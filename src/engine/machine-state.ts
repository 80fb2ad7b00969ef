import { judged } from '../resources/answers.ts';
import { NAMESPACE } from '../resources/kube.ts';
import { clusterEnds } from '../resources/microk8s-leave.ts';
import { placeKey } from '../resources/places.ts';
import { MACHINE_STATE } from '../shell/job.ts';
import { leaveOriginals } from '../shell/originals.ts';
import { type Script, sh } from '../shell/script.ts';
import { workstationRecords } from './inventory.ts';
import type { Ask, Declared, Id, Kind, Move, Verdict, Where, World } from './types.ts';

/** Stands in ids for mlk8s itself, where others have a step. */
export const OWN_STEP = 'mlk8s';

/** What mlk8s keeps for itself at a place is gone: jobs, records, debts, the lock. The last thing that reset does. */
type MachineStateSpec = { readonly cluster: string };

/** `needs`: all that must be undone before, because it is recorded there. */
export function machineState(on: Where, cluster: string, needs: readonly Id[]): Declared {
  return { kind: machineStateKind.kind, id: `${OWN_STEP}/state@${placeKey(on)}`, on, needs, spec: { cluster } };
}

export const machineStateKind: Kind = { kind: 'machine-state', transient: true, asks, judge };

function specOf(it: Declared): MachineStateSpec {
  return it.spec as MachineStateSpec;
}

function asks(it: Declared): Ask[] {
  const scripts: Record<string, Script> = {
    cluster: sh`microk8s kubectl --request-timeout=10s get namespace ${NAMESPACE} -o name --ignore-not-found`,
    workstation: sh`ls -d ${workstationRecords(specOf(it).cluster)}`,
  };
  // Files that are still wanted back by somebody are no reason to come again.
  const own = sh`[ -d ${MACHINE_STATE} ] && ls -A ${MACHINE_STATE} | grep -vx originals`;
  return [{ key: 'mlk8s.state', on: it.on, sh: scripts[placeKey(it.on)] ?? own, timeoutS: 15 }];
}

function judge(it: Declared, world: World): Verdict {
  if (it.on === 'cluster') {
    if (clusterEnds(world)) return { verdict: 'ok', because: 'it goes with the cluster' };
    const answer = world.answer(it.on, 'mlk8s.state');
    if (answer.kind !== 'bytes' || answer.status !== 0) {
      return { verdict: 'settling', because: `the API on ${world.lead} does not answer`, deadlineS: 300 };
    }
  }
  return judged(it, world, asks(it), ({ text }) =>
    text.trim() === ''
      ? { verdict: 'ok', because: 'mlk8s keeps nothing there' }
      : { verdict: 'change', because: 'mlk8s keeps its records there', moves: [remove(it)] },
  );
}

function remove(it: Declared): Move {
  const { on } = it;
  if (on === 'cluster') {
    const run = sh`microk8s kubectl delete namespace ${NAMESPACE} --ignore-not-found --timeout=120s`;
    return { does: `remove the namespace ${NAMESPACE}`, on, run, deadlineS: 180, bare: true };
  }
  if (on === 'workstation') {
    const folder = workstationRecords(specOf(it).cluster);
    const run = sh`
      rm -rf ${folder}
      rmdir --ignore-fail-on-non-empty "$(dirname ${folder})"
    `;
    return { does: 'forget the cluster', on, run, deadlineS: 30 };
  }
  return { does: `remove ${MACHINE_STATE}`, on, run: removeFolder, deadlineS: 60, bare: true };
}

/** A job that somebody started meanwhile keeps it. */
const removeFolder = sh`
  exec 8>>${MACHINE_STATE}/job.lock
  flock -n 8 || { echo 'a job runs on this machine' >&2; exit 1; }
  ${leaveOriginals}
  find ${MACHINE_STATE} -mindepth 1 -maxdepth 1 ! -name originals -exec rm -rf {} +
  rmdir --ignore-fail-on-non-empty /run/mlk8s 2>/dev/null || true
  rmdir --ignore-fail-on-non-empty ${MACHINE_STATE}
`;
