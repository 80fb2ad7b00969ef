import type { Move } from '../engine/types.ts';
import { MACHINE_STATE } from '../shell/job.ts';
import { type Script, sh } from '../shell/script.ts';
import { placeName } from './answers.ts';
import { kubectl, SNAP_DATA } from './kube.ts';
import { LEAVING } from './membership.ts';

/** Seconds that pods get to end themselves on a machine that leaves. */
const DRAIN_S = 300;
/** A control plane takes one to two minutes to leave. facts: microk8s sheet, 2.4. */
const LEAVE_S = 600;

/**
 * Moves away what runs on a machine, asked of `keeper`. A pod that nothing may move (a disruption budget) ends with its
 * machine: the user was told so.
 */
export function drain(host: string, keeper: string): Move {
  const run = sh`
    node=$(${kubectl} get node ${host} -o name --ignore-not-found)
    [ -n "$node" ] || exit 0
    microk8s kubectl drain ${host} --ignore-daemonsets --delete-emptydir-data --force ${`--timeout=${DRAIN_S}s`} ||
      echo 'not everything could be moved away; it ends with its machine'
  `;
  return { does: `move away what runs on ${host}`, on: { host: keeper }, run, deadlineS: DRAIN_S + 120 };
}

/**
 * Has a machine leave its cluster. Where MicroK8s is in no cluster, `leave` only fails (microk8s sheet, 2.4).
 * `mustWork`: else one that cannot leave in order goes all the same.
 */
export function leave(host: string, mustWork: boolean): Move {
  const order = mustWork
    ? sh`microk8s leave`
    : sh`microk8s leave || echo 'it could not leave in order; its MicroK8s goes all the same'`;
  const run = sh`
    touch ${LEAVING}
    ${forgetIdentity}
    peers=$(grep -c Address: ${SNAP_DATA}/var/kubernetes/backend/cluster.yaml 2>/dev/null || true)
    if [ -e ${SNAP_DATA}/var/lock/clustered.lock ] || [ "\${peers:-0}" -gt 1 ]; then ${order}; fi
  `;
  return { does: `have ${host} leave the cluster`, on: { host }, run, deadlineS: LEAVE_S };
}

/** The machine belongs to no cluster any more. Before its MicroK8s goes, or it would count as one that was lost. */
export const forgetIdentity: Script = sh`rm -f ${MACHINE_STATE}/identity`;

/** Has `keeper` drop a node. Refused while the datastore still lists it, which can lag (microk8s sheet, 2.4). */
export function removeNode(host: string, keeper: string, mustWork: boolean): Move {
  const on = { host: keeper };
  const run = sh`
    for try in $(seq 12); do
      if node=$(${kubectl} get node ${host} -o name --ignore-not-found); then
        [ -n "$node" ] || exit 0
        microk8s remove-node ${host} || true
      fi
      sleep 5
    done
    echo ${`the cluster still lists ${host}`} >&2
    exit ${mustWork ? 1 : 0}
  `;
  return { does: `have ${placeName(on)} drop the node ${host}`, on, run, deadlineS: 300 };
}
