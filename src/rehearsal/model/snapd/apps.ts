import { parse } from 'yaml';
import { SHIM } from '../../shim.ts';
import { microk8sCommands } from '../microk8s/commands.ts';
import { onSnapInstalled, onSnapRefreshed, onSnapRemoved } from '../microk8s/install.ts';
import { groupFile } from '../ubuntu/accounts.ts';
import type { Site } from '../ubuntu/site.ts';

/** Snaps that bring one program of their own name. */
const TOOLS = ['kubectl', 'dbeaver-ce'];

/** Puts a snap's data, programs and services on the machine. Returns why its install hook fails, if it does. */
export function installApps(site: Site, snap: string): string | undefined {
  if (TOOLS.includes(snap)) site.files.link(SHIM, `/snap/bin/${snap}`);
  if (snap !== 'microk8s') return undefined;
  const problem = launchProblem(site);
  if (problem !== undefined) return problem;
  onSnapInstalled(site.rig, site.world, site.now(), () => site.next(), site.files);
  for (const app of Object.keys(microk8sCommands)) site.files.link(SHIM, `/snap/bin/${app}`);
  const isClassic = site.rig.snaps.microk8s?.classic ?? true;
  groupFile(site.files).add(isClassic ? 'microk8s' : 'snap_microk8s', { isSystem: true });
  linkCurrent(site, snap);
  return undefined;
}

export function refreshApps(site: Site, snap: string): void {
  if (snap === 'microk8s') onSnapRefreshed(site.rig, site.world, site.now(), site.files);
  linkCurrent(site, snap);
}

export function removeApps(site: Site, snap: string): void {
  site.files.remove(`/snap/${snap}`);
  if (TOOLS.includes(snap)) site.files.remove(`/snap/bin/${snap}`);
  if (snap !== 'microk8s') return;
  onSnapRemoved(site.rig, site.world, site.files);
  for (const name of site.files.list('/snap/bin')) {
    if (name.startsWith('microk8s') || (['kubectl', 'helm', 'helm3'].includes(name) && !site.rig.snaps[name]))
      site.files.remove(`/snap/bin/${name}`);
  }
}

function linkCurrent(site: Site, snap: string): void {
  const revision = site.rig.snaps[snap]?.revision ?? 1;
  site.files.mkdir(`/snap/${snap}/${revision}`);
  site.files.link(String(revision), `/snap/${snap}/current`);
}

/** An invalid launch configuration fails the install hook (sheet microk8s 3, launch configuration). */
function launchProblem(site: Site): string | undefined {
  const path = [
    '/etc/microk8s.yaml',
    '/root/snap/microk8s/common/.microk8s.yaml',
    '/var/snap/microk8s/common/.microk8s.yaml',
  ].find((p) => site.files.exists(p));
  if (path === undefined) return undefined;
  try {
    const { version } = (parse(site.files.read(path) ?? '') ?? {}) as { version?: unknown };
    if (version === '0.1.0' || version === '0.2.0') return undefined;
    return `config file version ${String(version)} is not supported`;
  } catch (error) {
    return `could not parse config file: ${(error as Error).message.split('\n')[0]}`;
  }
}
