import type { RigFiles } from '../command.ts';
import type { ClusterState, RigState, WorldState } from '../state.ts';

/** A rig at a moment, with the files that its daemons reach. Every CommandContext is one. */
export interface Site {
  readonly rig: RigState;
  readonly world: WorldState;
  readonly files: RigFiles;
  filesOf(rig: string): RigFiles | undefined;
  now(): number;
  next(): number;
}

/** SNAP_DATA and SNAP_COMMON (sheet: sources). */
export const SD = '/var/snap/microk8s/current';
export const SC = '/var/snap/microk8s/common';
export const BACKEND = `${SD}/var/kubernetes/backend`;
export const LOCKS = `${SD}/var/lock`;

/** A time that does not come; plain JSON has no infinity. */
export const NEVER = 8.64e15;

export type Microk8s = NonNullable<RigState['microk8s']>;

/** The cluster that a rig's MicroK8s belongs to. */
export function clusterOf(rig: RigState, world: WorldState): ClusterState | undefined {
  return rig.microk8s && world.clusters[rig.microk8s.cluster];
}

/** Rigs whose MicroK8s belongs to a cluster. */
export function membersOf(world: WorldState, key: string): RigState[] {
  return Object.values(world.rigs).filter((rig) => rig.microk8s?.cluster === key);
}

/** The name a kubelet registers by: the lowercase host name (sheet 2.3). */
export function hostname(site: Site): string {
  return (site.files.read('/etc/hostname')?.trim() || site.rig.name).toLowerCase();
}

/** The value of `--flag=value` in an argument file (sheet 3), without the quotes around it. */
export function readFlag(args: string, flag: string): string | undefined {
  const line = args.split('\n').findLast((l) => l.trim().startsWith(`${flag}=`));
  return line
    ?.trim()
    .slice(flag.length + 1)
    .replace(/^"(.*)"$/, '$1');
}

/** The argument file with the flag set, or without it. */
export function writeFlag(args: string, flag: string, value: string | undefined): string {
  const kept = args.split('\n').filter((l) => l !== '' && l.trim() !== flag && !l.trim().startsWith(`${flag}=`));
  if (value !== undefined) kept.push(`${flag}=${value}`);
  return `${kept.join('\n')}\n`;
}

/** The same number for the same text, 0 up to `below`: what differs between machines but not between runs. */
export function spread(text: string, below: number): number {
  let hash = 7;
  for (const char of text) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 1_000_003;
  return hash % below;
}

/** A uid out of the world's counter. */
export function uid(next: () => number): string {
  const hex = (next() * 2_654_435_761).toString(16).padStart(12, '0').slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4000-8000-${hex}`;
}

/** Another rig, or another moment, as a site: what a daemon does there on behalf of this one. */
export function elsewhere(site: Site, change: Partial<Pick<Site, 'rig' | 'files'>> & { at?: number }): Site {
  const { at } = change;
  return {
    rig: change.rig ?? site.rig,
    world: site.world,
    files: change.files ?? site.files,
    filesOf: (name) => site.filesOf(name),
    now: () => at ?? site.now(),
    next: () => site.next(),
  };
}

/** Every control plane of a rig's cluster with its files, the rig itself among them. */
export function controlPlanes(site: Site): Site[] {
  const key = site.rig.microk8s?.cluster;
  if (key === undefined) return [];
  const rigs = membersOf(site.world, key).filter((rig) => rig.microk8s?.role === 'control-plane');
  return rigs.flatMap((rig) => {
    const files = rig.name === site.rig.name ? site.files : site.filesOf(rig.name);
    return files ? [elsewhere(site, { rig, files })] : [];
  });
}
