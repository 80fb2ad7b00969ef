import type { Cluster } from '../config/schema.ts';
import type { Problem } from '../errors.ts';
import type { Membership } from '../resources/membership.ts';

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
  // Only when all of them answered is it sure that none holds the cluster: giving it up is no advice before.
  const quiet = planes.filter((name) => !facts.has(name));
  return {
    kind: 'refused',
    why: 'unknown',
    problem: {
      where: planes.join(', '),
      seen: `a machine belongs to the cluster ${short(identity)}, but no control plane that can be reached does`,
      why:
        quiet.length > 0
          ? `${quiet.join(', ')} did not answer and may hold it`
          : 'the control planes were reinstalled, or those that belong to the cluster are off',
      next:
        quiet.length > 0
          ? [`start ${quiet.join(', ')} and run the same command again`]
          : [
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
