import type { ClusterState, RigState, WorldState } from '../state.ts';
import { clusterOf, membersOf, type Site } from './site.ts';

export const VOTER = 0;
export const STANDBY = 1;
export const SPARE = 2;
const ROLES = ['voter', 'standby', 'spare'] as const;
type Row = ClusterState['dqlite'][number];

/** Numbers that go-dqlite aims at; below three members it keeps one voter (go-dqlite app/roles.go). */
const TARGET = 3;
const FREQUENCY_MS = 30_000;

/** Name of a role as `microk8s status` prints it. */
export const roleName = (row: Row): string => ROLES[row.role];

/** Is the machine powered and booted? */
export function machineUp(rig: RigState, now: number): boolean {
  return rig.bootedAt <= now && !rig.faults.some((f) => f === 'power' || f === 'gone' || f === 'down');
}

/** Is a systemd unit of the snap meant to run? Units that nobody has touched do. */
export function unitRuns(rig: RigState, daemon: string): boolean {
  const name = `snap.microk8s.daemon-${daemon}`;
  const unit = rig.units[`${name}.service`] ?? rig.units[name];
  return unit === undefined || unit.active === 'active' || unit.active === 'activating';
}

/** The rig behind a dqlite row, when its dqlite runs and belongs to this cluster. */
function rowUp(world: WorldState, key: string, row: Row, now: number): boolean {
  return membersOf(world, key).some(
    (rig) =>
      rig.microk8s?.role === 'control-plane' &&
      !rig.microk8s.stopped &&
      !rig.microk8s.wedged &&
      (row.address === `${rig.address}:19001` || row.address === '127.0.0.1:19001') &&
      unitRuns(rig, 'k8s-dqlite') &&
      machineUp(rig, now),
  );
}

/** A majority of the voters is up (sheet 2.7). */
export function hasQuorum(world: WorldState, key: string, now: number): boolean {
  const voters = world.clusters[key]?.dqlite.filter((row) => row.role === VOTER) ?? [];
  return voters.filter((row) => rowUp(world, key, row, now)).length * 2 > voters.length;
}

/** Does the API server of this control plane answer? */
export function apiUp(rig: RigState, world: WorldState, now: number): boolean {
  const mk = rig.microk8s;
  if (mk?.role !== 'control-plane' || mk.stopped || mk.wedged || now < mk.readyAt) return false;
  if (!machineUp(rig, now) || !unitRuns(rig, 'kubelite') || !unitRuns(rig, 'k8s-dqlite')) return false;
  return hasQuorum(world, mk.cluster, now);
}

/** What a node decides about itself when it starts or joins (go-dqlite `Assume`). */
export function assumeRole(world: WorldState, key: string, address: string, now: number): void {
  const rows = world.clusters[key]?.dqlite ?? [];
  const self = rows.find((row) => row.address === address);
  if (!self || rows.length < TARGET || self.role !== SPARE) return;
  const voters = online(world, key, rows, VOTER, now).length;
  if (voters >= TARGET && online(world, key, rows, STANDBY, now).length >= TARGET) return;
  self.role = voters < TARGET ? VOTER : STANDBY;
  const other = rows.find((row) => row.role !== VOTER && row !== self);
  if (self.role === VOTER && voters === 1 && other) other.role = VOTER;
}

/** What the leader does every 30 s (sheet 2.7). */
export function adjustRoles(world: WorldState, key: string, now: number): void {
  const cluster = world.clusters[key];
  if (!cluster || now - cluster.rolesAt < FREQUENCY_MS || !hasQuorum(world, key, now)) return;
  cluster.rolesAt = now;
  for (let i = 0; i < cluster.dqlite.length * 3; i++) {
    const change = adjustment(world, key, cluster.dqlite, now);
    if (!change) return;
    change.row.role = change.role;
  }
}

function adjustment(
  world: WorldState,
  key: string,
  rows: Row[],
  now: number,
): { row: Row; role: Row['role'] } | undefined {
  const of = (role: Row['role']) => online(world, key, rows, role, now);
  const dead = (role: Row['role']) => rows.filter((r) => r.role === role && !rowUp(world, key, r, now));
  const leader = of(VOTER)[0];
  const pick = (row: Row | undefined, role: Row['role']) => row && { row, role };
  if (rows.length === 1) return undefined;
  if (rows.length < TARGET) {
    return pick(
      rows.find((r) => r.role === VOTER && r !== leader),
      SPARE,
    );
  }
  if (of(VOTER).length < TARGET) return pick([...of(STANDBY), ...of(SPARE)][0], VOTER);
  if (of(VOTER).length > TARGET) return pick(of(VOTER).at(-1), SPARE);
  if (dead(VOTER).length > 0) return pick(dead(VOTER)[0], SPARE);
  if (of(STANDBY).length < TARGET && of(SPARE).length > 0) return pick(of(SPARE)[0], STANDBY);
  return pick(dead(STANDBY)[0], SPARE);
}

function online(world: WorldState, key: string, rows: Row[], role: Row['role'], now: number): Row[] {
  return rows.filter((row) => row.role === role && rowUp(world, key, row, now));
}

/** `cluster.yaml` as dqlite keeps it on every member (sheet 2.7). */
export function clusterYaml(cluster: ClusterState): string {
  return cluster.dqlite.map((r) => `- Address: ${r.address}\n  ID: ${r.id}\n  Role: ${r.role}\n`).join('');
}

/** `info.yaml`: the row of one member. */
export function infoYaml(row: Row): string {
  return `Address: ${row.address}\nID: ${row.id}\nRole: ${row.role}\n`;
}

/** The row of a rig in its own cluster. */
export function rowOf(site: Pick<Site, 'rig' | 'world'>): Row | undefined {
  const rows = clusterOf(site.rig, site.world)?.dqlite ?? [];
  return rows.find((r) => r.address === `${site.rig.address}:19001`) ?? rows.find((r) => r.address.startsWith('127.'));
}
