import type { Ask, Declared, Kind, Move, Recorded, Verdict, World } from '../engine/types.ts';
import { lines, sh } from '../shell/script.ts';
import { judged, ownHost, refused } from './answers.ts';
import { writeIdentity } from './cluster.ts';
import type { Placed } from './declare.ts';
import { dqliteAsk, dqliteOf, nodesAsk, nodesOf } from './kube.ts';
import { awaitNode, join, wipeAndJoin } from './member-join.ts';
import { refuseForeign, refuseReinstalled, refuseRole } from './member-refusals.ts';
import type { MemberSpec, Sight } from './member-sight.ts';
import { membershipAsk, parseMembership } from './membership.ts';
import { leaveCluster } from './microk8s-leave.ts';
import { gone } from './stays.ts';

/** The machine is a member of the cluster, in its role, under its name and address, and the lead sees it Ready. */
export function member({ id, on, needs, ...spec }: Placed & MemberSpec): Declared<MemberSpec> {
  return { kind: 'member', id, on, needs, spec };
}

export const memberKind: Kind<MemberSpec> = { kind: 'member', asks, judge, undo };

function asks(it: Declared<MemberSpec>): Ask[] {
  return [membershipAsk(ownHost(it)), nodesAsk, dqliteAsk];
}

/** Seconds until a joined node is Ready: it pulls Calico over the line of a home. */
const READY_S = 900;
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
