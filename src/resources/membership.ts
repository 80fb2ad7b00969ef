import type { Ask } from '../engine/types.ts';
import { MACHINE_STATE } from '../shell/job.ts';
import { type Script, sh } from '../shell/script.ts';
import { SNAP_DATA } from './kube.ts';

const SNAP_COMMON = '/var/snap/microk8s/common';

/** Written before a machine leaves its cluster, so that an interruption cannot be taken for a reinstalled machine. */
export const LEAVING = `${MACHINE_STATE}/leaving`;

/** What a machine says of its own MicroK8s, read without trusting what it once joined. */
export interface Membership {
  /** `away`: installed, but its data is not reachable at the moment (disabled, or in the middle of a refresh). */
  readonly microk8s: 'none' | 'away' | 'worker' | 'control-plane';
  /** UID of kube-system as its own API server answers; undefined when that does not answer. */
  readonly uid: string | undefined;
  /** The identity that mlk8s wrote down when it made the machine a member. */
  readonly identity: string | undefined;
  /** It was being taken out of the cluster: what it holds and what the cluster still says of it is nobody's. */
  readonly leaving: boolean;
  /** mlk8s installed the snap. */
  readonly ours: boolean;
  /** Namespaces that neither Kubernetes nor mlk8s made: what somebody would lose by a join. */
  readonly holds: readonly string[];
  /** Control planes that share the machine's datastore, itself included. */
  readonly peers: number;
}

/** Prints the facts that `parseMembership` reads. facts: microk8s sheet, section 3 (lock files, backend directory). */
const askMembership: Script = sh`
  data=${SNAP_DATA}
  echo "identity=$(cat ${MACHINE_STATE}/identity 2>/dev/null)"
  [ -e ${LEAVING} ] && echo leaving=yes
  grep -qs '"origin":"created"' ${MACHINE_STATE}/inventory/microk8s_snap_*.json && echo ours=yes
  if [ ! -e $data ]; then
    if [ -d ${SNAP_COMMON} ]; then echo microk8s=away; else echo microk8s=none; fi
    exit 0
  fi
  if [ -e $data/var/lock/clustered.lock ]; then echo microk8s=worker; exit 0; fi
  echo microk8s=control-plane
  echo "peers=$(grep -c Address: $data/var/kubernetes/backend/cluster.yaml 2>/dev/null)"
  echo "namespaces=$(microk8s kubectl --request-timeout=5s get namespaces -o 'jsonpath={range .items[*]}{.metadata.name}={.metadata.uid} {end}' 2>/dev/null)"
`;

/** Namespaces that every MicroK8s has, or that mlk8s makes for itself. */
const EXPECTED_NAMESPACES = new Set([
  ...['default', 'kube-system', 'kube-public', 'kube-node-lease'],
  ...['mlk8s-system', 'mlk8s-proof'],
]);

/** The question of every machine that decides who leads, and whether it is in. */
export function membershipAsk(host: string): Ask {
  return { key: 'mlk8s.membership', on: { host }, sh: askMembership, timeoutS: 30 };
}

/** Reads the answer to `membershipAsk`. What was not said is not taken for known. */
export function parseMembership(text: string): Membership {
  const value = new Map(
    text.split('\n').map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]),
  );
  const microk8s = value.get('microk8s');
  const namespaces = new Map(
    (value.get('namespaces') ?? '').split(' ').map((pair) => pair.split('=') as [string, string]),
  );
  namespaces.delete('');
  return {
    microk8s: microk8s === 'worker' || microk8s === 'control-plane' || microk8s === 'away' ? microk8s : 'none',
    uid: namespaces.get('kube-system'),
    identity: value.get('identity') || undefined,
    leaving: value.get('leaving') === 'yes',
    ours: value.get('ours') === 'yes',
    holds: [...namespaces.keys()].filter((name) => !EXPECTED_NAMESPACES.has(name)),
    peers: Number(value.get('peers') ?? 0),
  };
}
