import type { RigState } from '../state.ts';
import { fault, type Site, spend } from '../ubuntu/site.ts';
import { installApps, refreshApps, removeApps } from './apps.ts';
import { STORE } from './store.ts';

export type Change = RigState['snapChanges'][number];

/** The change of a snap that snapd works on. */
export function runningChange(site: Pick<Site, 'rig'>, snap: string): Change | undefined {
  return site.rig.snapChanges.find((change) => change.snap === snap && change.status === 'Doing');
}

/** Hands a change to snapd. It goes on, whoever asked for it and whatever becomes of them. */
export function startChange(
  site: Site,
  change: Pick<Change, 'snap' | 'kind' | 'summary' | 'target'>,
  seconds: number,
): Change {
  const id = Math.max(0, ...site.rig.snapChanges.map((c) => c.id)) + 1;
  const until = site.now() + seconds * 1000;
  const started: Change = { ...change, id, status: 'Doing', until, spawned: site.now() };
  // A failure that was asked for hits the change that starts next.
  if (fault(site, 'snaperror') !== undefined && change.target) {
    started.error = `- Download snap "${change.snap}" (${change.target.revision}) from channel "${change.target.channel}" (unexpected EOF)`;
    spend(site, 'snaperror');
  }
  site.rig.snapChanges.push(started);
  site.changed();
  return started;
}

/** Ends the changes whose time has come. */
export function finishChanges(site: Site): void {
  for (const change of site.rig.snapChanges) {
    if (change.status !== 'Doing' || change.until > site.now()) continue;
    if (change.error === undefined) apply(at(site, change.until), change);
    change.status = change.error === undefined ? 'Done' : 'Error';
    site.changed();
  }
}

/** The site at the moment at which snapd was done, which can be long ago. */
function at(site: Site, moment: number): Site {
  const { rig, world, files } = site;
  return {
    ...{ rig, world, files },
    filesOf: (name) => site.filesOf(name),
    now: () => moment,
    next: () => site.next(),
    changed: () => site.changed(),
  };
}

function apply(site: Site, change: Change): void {
  const { snaps } = site.rig;
  const { snap, target } = change;
  if (change.kind === 'remove-snap') {
    delete snaps[snap];
    delete site.rig.snapConf?.[snap];
    removeApps(site, snap);
  } else if (target) {
    const before = snaps[snap];
    snaps[snap] = {
      channel: target.channel,
      tracking: target.channel,
      version: target.version,
      revision: target.revision,
      held: before?.held ?? false,
      classic: target.classic,
      installedAt: site.now(),
      ...(before && { previous: { channel: before.channel, version: before.version, revision: before.revision } }),
    };
    if (before) refreshApps(site, snap);
    else installNew(site, change);
  }
}

/** A hook that fails undoes the install. */
function installNew(site: Site, change: Change): void {
  const problem = installApps(site, change.snap);
  if (problem === undefined) {
    installBases(site, change.snap);
    return;
  }
  delete site.rig.snaps[change.snap];
  change.error = `- Run install hook of "${change.snap}" snap if present (run hook "install": ${problem})`;
}

/** A first install brings the base and snapd itself. */
function installBases(site: Site, snap: string): void {
  const base = STORE[snap]?.base;
  for (const name of base === undefined ? [] : ['snapd', base]) {
    const revision = STORE[name]?.channels['latest/stable'];
    if (!revision || site.rig.snaps[name]) continue;
    site.rig.snaps[name] = {
      channel: 'latest/stable',
      tracking: 'latest/stable',
      version: revision.version,
      revision: revision.revision,
      held: false,
      classic: false,
      installedAt: site.now(),
    };
  }
}
