import { type Membership, membershipAsk, parseMembership } from '../engine/lead.ts';
import type { Ask, Declared, Kind, Move, Recorded, Verdict, World } from '../engine/types.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged, ownHost, refused } from './answers.ts';
import { writeIdentity } from './cluster.ts';
import type { Placed } from './declare.ts';
import { dqliteAsk, dqliteOf, kubectl, type NodeInfo, nodesAsk, nodesOf, SNAP_DATA } from './kube.ts';
import { leaveCluster } from './microk8s-leave.ts';
import { install } from './snap.ts';
import { gone } from './stays.ts';

/** The machine is a member of the cluster, in its role, under its name and address, and the lead sees it Ready. */
export type MemberSpec = {
  readonly name: string;
  readonly address: string;
  readonly role: 'control-plane' | 'worker';
  readonly channel: string;
};

export function member({ id, on, needs, ...spec }: Placed & MemberSpec): Declared<MemberSpec> {
  return { kind: 'member', id, on, needs, spec };
}

export const memberKind: Kind<MemberSpec> = { kind: 'member', asks, judge, undo };

function asks(it: Declared<MemberSpec>): Ask[] {
  return [membershipAsk(ownHost(it)), nodesAsk, dqliteAsk];
}

/** Seconds until a joined node is Ready: it pulls Calico over the line of a home. */
const READY_S = 900;
/** Seconds that a join token is good for; it is minted for one join. */
const TOKEN_S = 900;

/** What the machine says of itself, and what the cluster says of it. */
interface Sight {
  readonly it: Declared<MemberSpec>;
  readonly host: string;
  readonly world: World;
  readonly me: Membership;
  readonly node: NodeInfo | undefined;
  /** The datastore lists its address. */
  readonly listed: boolean;
}

function judge(it: Declared<MemberSpec>, world: World): Verdict {
  const host = ownHost(it);
  return judged(it, world, [membershipAsk(host)], ({ text }) => {
    const me = parseMembership(text);
    const nodes = nodesOf(world);
    const members = dqliteOf(world);
    const node = nodes?.find((n) => n.name === it.spec.name);
    const sight: Sight = { it, host, world, me, node, listed: members?.has(it.spec.address) ?? false };
    if (world.identity === undefined) return beforeCluster(sight);
    if (nodes === undefined || members === undefined) {
      return { verdict: 'settling', because: `${world.lead} does not say who is in the cluster`, deadlineS: 300 };
    }
    if (world.mayWipe(host) && !isMember(sight)) return wipeAndJoin(sight);
    if (me.identity === world.identity) return isMember(sight) ? standing(sight) : refuseReinstalled(sight);
    return outside(sight);
  });
}

function beforeCluster(sight: Sight): Verdict {
  if (sight.world.founder !== sight.host) return join(sight, 'there is no cluster yet');
  const because = 'it becomes a member by being the first one';
  return { verdict: 'later', because, after: 'microk8s/cluster@cluster' };
}

/** By its own account: its datastore is that of the cluster, or it runs as the worker that it was made. */
function isMember({ me, world, host }: Sight): boolean {
  if (me.identity !== world.identity || me.microk8s === 'none') return false;
  if (me.microk8s === 'away') return true;
  if (me.microk8s === 'worker' || me.uid === world.identity) return true;
  // An API that does not answer says nothing. A datastore with one member does: that is a MicroK8s of its own, unless
  // the whole cluster is that machine.
  return me.uid === undefined && (me.peers !== 1 || world.lead === host);
}

/** A member: in the right role, at the right address, Ready? */
function standing({ it, host, node, me, world }: Sight): Verdict {
  const { role, address } = it.spec;
  if (me.microk8s === 'away') {
    return { verdict: 'settling', because: `MicroK8s on ${host} is switched off or being refreshed`, deadlineS: 600 };
  }
  if (me.microk8s !== role) return refuseRole(it.id, host, me.microk8s, role);
  if (!node) return register(it, host);
  if (node.address !== address) {
    return refused(
      it.id,
      `${host} is in the cluster as ${node.address}, the cluster file says ${address}`,
      'the address of a member cannot change: its datastore and certificates are bound to it',
      `put  address: ${node.address}  into the cluster file, and reserve it in your router`,
    );
  }
  if (!node.ready) return { verdict: 'settling', because: `${host} is not Ready: ${node.message}`, deadlineS: READY_S };
  const members = dqliteOf(world);
  // The list lags by up to 30 s. The next join must not come before (microk8s sheet, 2.3).
  if (role === 'control-plane' && members && members.size > 1 && !members.has(address)) {
    return { verdict: 'settling', because: `${host} is not in the datastore yet`, deadlineS: 240 };
  }
  const as = role === 'worker' ? 'worker' : `control plane, ${members?.get(address) ?? 'voter'}`;
  return { verdict: 'ok', because: `Ready, ${as}` };
}

/** A kubelet registers its Node when it starts, and never again. */
function register(it: Declared<MemberSpec>, host: string): Verdict {
  const run = sh`snap restart microk8s.daemon-kubelite`;
  const moves: Move[] = [
    { does: `restart kubelite on ${host}, so that it registers`, on: it.on, run, deadlineS: 300 },
    awaitNode(it.spec.name),
  ];
  return {
    verdict: 'change',
    because: `the cluster has no Node ${it.spec.name}`,
    disrupts: `kubelet on ${host} is away for about a minute`,
    moves,
    alone: true,
  };
}

function awaitNode(name: string): Move {
  const run = sh`
    for try in $(seq 60); do
      if ${kubectl} get node ${name} -o name; then exit 0; fi
      sleep 5
    done
    exit 1
  `;
  return { does: `wait until the cluster lists ${name}`, on: 'cluster', run, deadlineS: 360 };
}

/** Not a member as far as the machine knows. Nothing that somebody may want is ever discarded by a join. */
function outside(sight: Sight): Verdict {
  const { it, host, me, world, node, listed } = sight;
  if (me.uid === world.identity || (me.microk8s === 'worker' && node?.address === it.spec.address)) return adopt(sight);
  const begun = world.record(it.id) !== undefined || me.leaving;
  if ((node !== undefined || listed) && !begun) return refuseReinstalled(sight);
  if (me.microk8s === 'worker' && !begun) return refuseForeign(sight, 'it is a worker of another cluster');
  if (me.microk8s === 'away') {
    return { verdict: 'settling', because: `MicroK8s on ${host} is switched off or being refreshed`, deadlineS: 600 };
  }
  if (me.microk8s === 'none') return join(sight, `${host} is not in the cluster`);
  if (!me.ours) return refuseForeign(sight, 'it has a MicroK8s that mlk8s did not install');
  if (me.microk8s === 'control-plane' && me.uid === undefined) {
    return { verdict: 'settling', because: `${host} does not say what its MicroK8s holds`, deadlineS: 300 };
  }
  if (me.peers > 1) return refuseForeign(sight, 'it shares its datastore with other machines');
  if (me.holds.length > 0)
    return refuseForeign(sight, `it holds namespaces that mlk8s did not make: ${me.holds.join(', ')}`);
  return join(sight, begun ? `the join of ${host} was begun and not finished` : `${host} is not in the cluster`);
}

/** A member already, by hand or by a run that was cut off after the join. Only the note is missing. */
function adopt({ it, me, world }: Sight): Verdict {
  const uid = world.identity as string;
  const run = lines(sh`uid=${uid}`, writeIdentity);
  const because = 'it is a member, but that was not written down';
  const moves: Move[] = [{ does: 'write down the membership', on: it.on, run, deadlineS: 30 }];
  return { verdict: 'change', because, moves, ...(me.ours ? {} : { adopts: true }), alone: true };
}

function join(sight: Sight, because: string): Verdict {
  const { it, host, world } = sight;
  return {
    verdict: 'change',
    because,
    disrupts: 'the Kubernetes API may be away for some seconds while the datastore takes it in',
    moves: [clean(it, world), ...dropStale(sight), mintToken(host), joinWith(it, world), awaitNode(it.spec.name)],
    alone: true,
  };
}

/** What a join that failed leaves behind stops the certificate watcher (microk8s sheet, 2.3). */
function clean(it: Declared<MemberSpec>, world: World): Move {
  // With --host the machine that makes the cluster may be left out of the run.
  const run = sh`
    [ -n ${world.identity ?? ''} ] || { echo 'there is no cluster to join yet: run mlk8s up without --host first' >&2; exit 1; }
    rm -f ${SNAP_DATA}/var/lock/join-in-progress
    if [ -e ${SNAP_DATA}/var/lock/clustered.lock ]; then microk8s leave; fi
  `;
  return { does: 'clear what an earlier join left', on: it.on, run, deadlineS: 300 };
}

/** `remove-node ADDRESS --force` drops the datastore row and exits 1 when there is no Node of that name. */
function dropStale({ it, node, listed }: Sight): Move[] {
  if (!node && !listed) return [];
  const { name, address } = it.spec;
  const run = sh`
    ${kubectl} delete node ${name} --ignore-not-found
    microk8s remove-node ${address} --force || true
  `;
  return [{ does: `drop the stale member ${name} (${address})`, on: 'cluster', run, deadlineS: 120 }];
}

/** Single use would be without an end; a time to live ends it even if the join never comes (microk8s sheet, 2.2). */
function mintToken(host: string): Move {
  const run = sh`
    token=$(microk8s add-node --token-ttl ${TOKEN_S} --format token-check)
    [ -n "$token" ]
    echo "$token"
  `;
  return { does: `ask for a token for ${host}`, on: 'cluster', run, deadlineS: 60, capture: 'token' };
}

/**
 * "Successfully joined" proves nothing (microk8s sheet, 2.3). A control plane is in when its own API shows the identity
 * of the cluster, a worker when it holds the worker's lock; only then the membership is written down.
 */
function joinWith(it: Declared<MemberSpec>, world: World): Move {
  // The address of the cluster file: the URLs that MicroK8s prints have bridges and IPv6 in them.
  const lead = world.file.nodes.find((n) => n.name === world.lead)?.address ?? '';
  const worker = it.spec.role === 'worker';
  const isIn = worker
    ? sh`[ -e ${SNAP_DATA}/var/lock/clustered.lock ]`
    : sh`[ "$(${kubectl} get namespace kube-system -o 'jsonpath={.metadata.uid}' 2>/dev/null)" = "$uid" ]`;
  const run = sh`
    uid=${world.identity ?? ''}
    microk8s join ${lead}:25000/"$(cat "$INPUTS/token")" ${worker ? sh`--worker` : sh`--controlplane`}
    for try in $(seq 60); do
      if ${isIn}; then
        ${writeIdentity}
        exit 0
      fi
      sleep 5
    done
    echo 'microk8s join reported success, but this machine is not in the cluster' >&2
    exit 1
  `;
  return { does: `join as ${it.spec.role}`, on: it.on, run, deadlineS: 900, inputs: { token: { captured: 'token' } } };
}

/** Only with --wipe-node: what the machine's MicroK8s holds is gone afterwards. */
function wipeAndJoin(sight: Sight): Verdict {
  const { it, host, me } = sight;
  const joined = join(sight, `--wipe-node ${host} was given`);
  if (joined.verdict !== 'change') return joined;
  const wipe: Script = lines(
    sh`
      snap remove --purge microk8s
      rm -f /var/lib/mlk8s/identity
    `,
    install({ snap: 'microk8s', channel: it.spec.channel }),
    sh`microk8s status --wait-ready --timeout 600 >/dev/null`,
  );
  const first: Move = {
    does: `remove MicroK8s from ${host} with all that it holds, install it anew`,
    on: it.on,
    run: wipe,
    deadlineS: 3000,
  };
  const lost = me.holds.length > 0 ? `, among it the namespaces ${me.holds.join(', ')}` : '';
  return {
    ...joined,
    disrupts: `everything that MicroK8s on ${host} holds is lost${lost}`,
    moves: [...(me.microk8s === 'none' ? [] : [first]), ...joined.moves],
  };
}

function refuseRole(id: string, host: string, is: string, wanted: string): Verdict {
  return refused(
    id,
    `${host} is a ${is} of the cluster, the cluster file says ${wanted}`,
    'up never changes the role of a member: a control plane that leaves may cost the quorum',
    `put  role: ${is}  into the cluster file to keep it`,
    `or take it out by hand (microk8s leave on ${host}), then: mlk8s up --wipe-node ${host}`,
  );
}

function refuseReinstalled({ it, host, me, world }: Sight): Verdict {
  if (world.lead === host) return refuseLost(it, host);
  const now = me.microk8s === 'none' ? 'has no MicroK8s' : 'has a MicroK8s that is not in it';
  return refused(
    it.id,
    `the cluster lists ${host} as a member, but the machine ${now}`,
    'the machine or its MicroK8s was reinstalled',
    `to drop the old member and join the machine anew, losing what its MicroK8s holds: mlk8s up --wipe-node ${host}`,
    `to look first: microk8s kubectl get nodes   on ${world.lead}`,
  );
}

/** The machine that should know the cluster is the one that lost it: there is nobody to join. */
function refuseLost(it: Declared<MemberSpec>, host: string): Verdict {
  return refused(
    it.id,
    `${host} was the cluster, or what is left of it, and its MicroK8s was removed or reinstalled`,
    'the cluster that mlk8s made there is gone; making a new one is your decision',
    `to begin a new cluster, on ${host}: sudo rm /var/lib/mlk8s/identity`,
    'then run the same command again',
  );
}

function refuseForeign({ it, host }: Sight, because: string): Verdict {
  return refused(
    it.id,
    `${host} is not joined: ${because}`,
    'a join discards the datastore of the machine that joins, with all that it holds',
    `save what you need from ${host}, then: mlk8s up --wipe-node ${host}`,
    'or take the machine out of the cluster file',
  );
}

/** A MicroK8s that mlk8s installed leaves when it is removed. One that the user had only leaves, and stays. */
function undo(it: Recorded<MemberSpec>, world: World): Verdict {
  const host = ownHost(it);
  return judged(it, world, [membershipAsk(host)], ({ text }) => {
    if (parseMembership(text).ours) return gone(`${host} leaves when its MicroK8s is removed`);
    const leave = leaveCluster(it, world);
    if (!leave.free) return leave.verdict;
    if (leave.moves.length === 0) return gone(`${host} is in no cluster`);
    const { moves, disrupts } = leave;
    return { verdict: 'change', because: `${host} was joined by mlk8s`, disrupts, moves, alone: true };
  });
}
