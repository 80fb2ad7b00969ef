import type { Cluster } from '../config/schema.ts';
import type { Problem } from '../errors.ts';
import { MACHINE_STATE } from '../shell/job.ts';
import { type Script, sh } from '../shell/script.ts';
import type { Ask } from './types.ts';

const SNAP_DATA = '/var/snap/microk8s/current';
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

/** Who is asked about the cluster. `founder`: there is no cluster yet, and that machine will be the first member. */
export type Lead =
  | { readonly kind: 'lead'; readonly host: string; readonly identity: string }
  | { readonly kind: 'founder'; readonly host: string }
  | { readonly kind: 'refused'; readonly why: 'two-clusters' | 'unknown'; readonly problem: Problem };

/**
 * Finds the lead: the first reachable control plane, in file order, that is a member. Decides on the safe side, because
 * a join discards the joiner's datastore (microk8s sheet, 2.3): two identities, or nobody who knows while a control
 * plane cannot be asked, are refused. `facts` holds the hosts that answered and are not `wiped`; of them those in
 * `out` dropped out afterwards: what they know counts, but they cannot lead.
 */
export function findLead(
  file: Cluster,
  facts: ReadonlyMap<string, Membership>,
  out: ReadonlySet<string>,
  wiped: ReadonlySet<string>,
): Lead {
  const planes = file.nodes.filter((n) => n.role === 'control-plane').map((n) => n.name);
  const identities = firstByUid(facts, (it) => it.identity);
  if (identities.size > 1) return { kind: 'refused', why: 'two-clusters', problem: twoClusters(file, [...identities]) };
  const [identity] = identities.keys();
  if (identity !== undefined) return memberLead(planes, facts, identity, out);

  const strangers = firstByUid(facts, (it) => (it.ours && it.peers <= 1 ? undefined : it.uid));
  if (strangers.size > 1) return { kind: 'refused', why: 'two-clusters', problem: twoClusters(file, [...strangers]) };
  const isSilent = (name: string) => !facts.has(name) || facts.get(name)?.microk8s === 'away';
  const silent = planes.filter((name) => isSilent(name) && !wiped.has(name));
  const able = planes.filter((name) => !out.has(name) && !wiped.has(name));
  if (silent.length > 0 || able.length === 0)
    return { kind: 'refused', why: 'unknown', problem: nobodyKnows(silent.length > 0 ? silent : planes) };
  const stranger = able.find((name) => strangers.has(facts.get(name)?.uid ?? ''));
  return { kind: 'founder', host: stranger ?? (able[0] as string) };
}

/** Each uid that `read` finds, with the first host that has it. */
function firstByUid(
  facts: ReadonlyMap<string, Membership>,
  read: (it: Membership) => string | undefined,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const [host, it] of facts) {
    const uid = read(it);
    if (uid !== undefined && !found.has(uid)) found.set(uid, host);
  }
  return found;
}

function memberLead(
  planes: readonly string[],
  facts: ReadonlyMap<string, Membership>,
  identity: string,
  out: ReadonlySet<string>,
): Lead {
  // One whose own API shows the identity is a member even if somebody removed its note of it.
  const isMember = (it: Membership | undefined) => it?.identity === identity || it?.uid === identity;
  const members = planes.filter((name) => isMember(facts.get(name)) && !out.has(name));
  const answering = members.find((name) => facts.get(name)?.uid === identity);
  const silent = members.find((name) => facts.get(name)?.uid === undefined);
  const host = answering ?? silent ?? members[0];
  if (host !== undefined) return { kind: 'lead', host, identity };
  const keepers = [...facts].filter(([, it]) => it.identity === identity).map(([name]) => name);
  return {
    kind: 'refused',
    why: 'unknown',
    problem: {
      where: planes.join(', '),
      seen: `a machine belongs to the cluster ${short(identity)}, but no control plane that can be reached does`,
      why: 'the control planes were reinstalled, or those that belong to the cluster are off',
      next: [
        'start the control planes of that cluster and run the same command again',
        `or give that cluster up: mlk8s up ${keepers.map((name) => `--wipe-node ${name}`).join(' ')}`,
      ],
    },
  };
}

function nobodyKnows(silent: readonly string[]): Problem {
  return {
    where: silent.join(', '),
    seen: 'no member of the cluster was seen, and not every control plane could be asked',
    why: 'a control plane that is off may hold the cluster; making a new one beside it would end in two',
    next: [
      `start ${silent.join(', ')} and run the same command again`,
      'or take what is gone for good out of the cluster file',
    ],
  };
}

function twoClusters(file: Cluster, found: readonly (readonly [uid: string, host: string])[]): Problem {
  const last = found.at(-1)?.[1] ?? file.name;
  return {
    where: found.map(([, host]) => host).join(', '),
    seen: `these machines belong to different clusters: ${found.map(([uid, host]) => `${host} to ${short(uid)}`).join(', ')}`,
    why: 'a join discards the cluster of the machine that joins, with all that it holds',
    next: [
      'take the machines of the other cluster out of the cluster file',
      `or give up what one of them holds: mlk8s up --wipe-node ${last}`,
    ],
  };
}

const short = (uid: string) => uid.slice(0, 8);
