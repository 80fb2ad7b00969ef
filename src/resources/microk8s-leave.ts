import type { Ask, Id, Move, Recorded, Verdict, World } from '../engine/types.ts';
import type { Problem } from '../errors.ts';
import { ownHost, refused } from './answers.ts';
import { dqliteAsk, dqliteOf, nodesAsk, nodesOf } from './kube.ts';
import { drain, leave, removeNode } from './leave-moves.ts';
import { type Membership, membershipAsk, parseMembership } from './membership.ts';

/** What leaving a cluster is judged by. */
export function leaveAsks(host: string): Ask[] {
  return [membershipAsk(host), nodesAsk, dqliteAsk];
}

/** Nothing keeps the machine, or these moves take it out; else a verdict says what is in the way. */
export type Leave =
  | { readonly free: true; readonly moves: readonly Move[]; readonly alone: boolean; readonly disrupts: string }
  | { readonly free: false; readonly verdict: Verdict };

/** No machine of the cluster stays a member: whatever is in it goes with it. True where there is none. */
export function clusterEnds(world: World): boolean {
  return world.identity === undefined || remaining(world).length === 0;
}

function allLeave(world: World): boolean {
  return world.leaving.length === world.file.nodes.length;
}

/** What it takes for the MicroK8s of a machine to leave its cluster. Order of the moves: microk8s sheet, 2.4. */
export function leaveCluster(it: Recorded<unknown>, world: World): Leave {
  const host = ownHost(it);
  if (world.identity === undefined && membershipOf(world, host)?.identity !== undefined && !allLeave(world)) {
    return { free: false, verdict: nobodyToTell(it, host) };
  }
  if (clusterEnds(world)) return leaveTogether(it, host, world);
  if (!isIn(world, host) && !isListed(world, host)) return { free: true, moves: [], alone: false, disrupts: '' };
  const nodes = nodesOf(world);
  if (!nodes || !dqliteOf(world)) {
    const because = `${world.lead} does not say who is in the cluster`;
    return { free: false, verdict: { verdict: 'settling', because, deadlineS: 300 } };
  }
  const verdict = isPlane(world, host) ? costsCluster(it, host, world) : undefined;
  if (verdict) return { free: false, verdict };
  const keeper = planes(world).find((name) => name !== host && !goes(world, name)) ?? world.lead ?? host;
  return {
    free: true,
    moves: [drain(host, keeper), leave(host, true), removeNode(host, keeper, true)],
    alone: isPlane(world, host),
    disrupts: `what runs on ${host} is moved to other machines where it can be, and ends there`,
  };
}

/**
 * The whole cluster ends. Still one after the other, so that at every moment what is left is a cluster that works:
 * workers first, then control planes, and last a voter, which has nobody to leave.
 */
function leaveTogether(it: Recorded<unknown>, host: string, world: World): Leave {
  const disrupts = 'the cluster ends, with all that runs in it and all data of MicroK8s';
  const last: Leave = { free: true, moves: [], alone: false, disrupts };
  if (!isIn(world, host)) return last;
  const members = world.hosts.filter((name) => isIn(world, name));
  const inTheWay = isPlane(world, host) ? members.find((name) => !isPlane(world, name)) : undefined;
  if (inTheWay) return waits(it, inTheWay, `${inTheWay} is a worker and goes first`);
  const keeper = keeperOf(world);
  if (keeper === undefined) return last;
  if (keeper !== host) {
    const moves = [leave(host, false), removeNode(host, keeper, false)];
    return { free: true, moves, alone: isPlane(world, host), disrupts };
  }
  const other = members.find((name) => name !== host);
  return other ? waits(it, other, `${other} goes first`) : last;
}

function waits(it: Recorded<unknown>, host: string, because: string): Leave {
  const after: Id = `${it.id.slice(0, it.id.lastIndexOf('@'))}@${host}` as Id;
  return { free: false, verdict: { verdict: 'later', because, after } };
}

/** A control plane that keeps the datastore to the end: one that votes, the lead if it can be. */
function keeperOf(world: World): string | undefined {
  const roles = dqliteOf(world);
  const votes = (name: string) => roles?.get(addressOf(world, name)) === 'voter';
  const candidates = planes(world);
  const [first] = [...candidates].sort((a, b) => Number(b === world.lead) - Number(a === world.lead));
  return candidates.find((name) => name === world.lead && votes(name)) ?? candidates.find(votes) ?? first;
}

/** The cluster would go on counting with it. */
function nobodyToTell(it: Recorded<unknown>, host: string): Verdict {
  return refused(
    it.id,
    `${host} belongs to a cluster, but none of its control planes can be asked`,
    'they would go on listing it, and one that votes would be missed',
    'start the control planes and run the same command again',
    'to end the whole cluster: mlk8s reset',
  );
}

/** Why the machines that are to leave cannot all do so. Judged before the first one goes: half of it helps nobody. */
export function refuseLeaving(world: World): Problem | undefined {
  const members = world.leaving.filter((name) => isPlane(world, name) && isIn(world, name));
  const [first] = members;
  if (first === undefined || clusterEnds(world)) return undefined;
  if (members.length === 1) return lastPlane('mlk8s reset', first, world);
  const isOnly = lastPlane('mlk8s reset', members.join(', '), world);
  if (isOnly || allLeave(world)) return isOnly ?? strangersStay(members, world);
  return {
    where: 'mlk8s reset',
    seen: `${members.join(' and ')} are control planes, and more than one would leave`,
    why: 'the datastore hands a vote over when one leaves, and must be seen to have done so before the next one goes',
    next: [...members.map((name) => `mlk8s reset --host ${name}   and when that has ended, the next one`)],
  };
}

function strangersStay(members: readonly string[], world: World): Problem {
  const stay = remaining(world).join(', ');
  return {
    where: 'mlk8s reset',
    seen: `${stay} would stay behind when ${members.join(' and ')} leave`,
    why: 'the cluster file does not have it, or its MicroK8s was not installed by mlk8s',
    next: [endAll(world)],
  };
}

/** Those that stay would have no control plane. `host`: one that leaves, or several. */
function lastPlane(where: string, host: string, world: World): Problem | undefined {
  const stay = remaining(world);
  if (nodesOf(world)?.some((node) => stay.includes(node.name) && !node.worker)) return undefined;
  return {
    where,
    seen: `${host} is the last control plane, and ${stay.join(', ')} would stay without one`,
    why: 'a cluster without a control plane cannot be used, repaired or joined',
    next: [
      endAll(world),
      `a node that is gone for good is dropped on ${world.lead}: microk8s remove-node NAME --force`,
    ],
  };
}

/** Why a control plane cannot go while others stay. */
function costsCluster(it: Recorded<unknown>, host: string, world: World): Verdict | undefined {
  const nodes = nodesOf(world) ?? [];
  const problem = lastPlane(it.id, host, world);
  if (problem) return { verdict: 'refused', problem };
  const roles = dqliteOf(world) ?? new Map();
  if (roles.get(addressOf(world, host)) !== 'voter') return undefined;
  const others = [...roles].filter(([address, role]) => role === 'voter' && address !== addressOf(world, host));
  const alive = others.filter(([address]) => nodes.some((node) => node.address === address && node.ready)).length;
  if (alive * 2 > others.length) return undefined;
  return refused(
    it.id,
    `without ${host} ${alive} of ${others.length} voters of the datastore would be alive`,
    others.length === 0
      ? `${host} holds the only copy of the datastore`
      : 'the datastore needs more than half of its voters, or the cluster stops',
    others.length === 0
      ? `restart ${host}: another control plane takes the datastore over meanwhile; then run the same command again`
      : 'start the other control planes and run the same command again',
    endAll(world),
  );
}

/** How the whole cluster ends; when that is what was asked for, what is in its way. */
function endAll(world: World): string {
  if (!allLeave(world)) return 'to end the whole cluster: mlk8s reset';
  const stay = remaining(world);
  const unlisted = stay.filter((name) => !world.file.nodes.some((node) => node.name === name));
  const list = unlisted.length > 0 ? `put ${unlisted.join(', ')} into the cluster file too, or ` : '';
  return `to end the whole cluster, ${list}have ${stay.join(', ')} leave by hand: microk8s leave`;
}

/** Members that stay when all that is to leave has left: those not named, and those whose MicroK8s is not ours. */
function remaining(world: World): string[] {
  const all = nodesOf(world)?.map((node) => node.name) ?? world.file.nodes.map((node) => node.name);
  return all.filter((name) => !goes(world, name));
}

function goes(world: World, name: string): boolean {
  const me = membershipOf(world, name);
  // What has gone already has no record that calls it ours.
  const isTheirs = me !== undefined && me.microk8s !== 'none' && !me.ours;
  return world.leaving.includes(name) && !isTheirs;
}

function membershipOf(world: World, name: string): Membership | undefined {
  const text = world.text({ host: name }, membershipAsk(name).key);
  return text === undefined ? undefined : parseMembership(text);
}

/** By its own account. One that was about to leave is in as long as it does not show a datastore of its own. */
function isIn(world: World, name: string): boolean {
  const me = membershipOf(world, name);
  if (!me || world.identity === undefined || me.microk8s === 'none') return false;
  if (me.uid !== undefined) return me.uid === world.identity;
  return me.identity === world.identity || me.leaving;
}

function isListed(world: World, name: string): boolean {
  const isNode = nodesOf(world)?.some((node) => node.name === name) ?? false;
  return isNode || (dqliteOf(world)?.has(addressOf(world, name)) ?? false);
}

function isPlane(world: World, name: string): boolean {
  return membershipOf(world, name)?.microk8s === 'control-plane';
}

/** Control planes of the run that are members. */
function planes(world: World): string[] {
  return world.hosts.filter((name) => isPlane(world, name) && isIn(world, name));
}

function addressOf(world: World, name: string): string {
  return world.file.nodes.find((node) => node.name === name)?.address ?? '';
}
