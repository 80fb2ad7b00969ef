import { onServicesRestarted } from '../microk8s/install.ts';
import type { Site, UnitState } from './site.ts';

/** Folder of the unit files that are the administrator's. */
export const UNIT_FOLDER = '/etc/systemd/system';

/** `ssh` → `ssh.service`. */
export function unitName(word: string): string {
  return /\.(service|socket|target|timer|mount|path|slice|scope|swap)$/.test(word) ? word : `${word}.service`;
}

/** The units that a word of the command line means; patterns match what is loaded. */
export function unitNames(site: Pick<Site, 'rig'>, word: string): string[] {
  if (!word.includes('*')) return [unitName(word)];
  const expression = new RegExp(`^${word.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  return Object.keys(site.rig.units).filter((name) => expression.test(name));
}

/** The unit file in /etc, if there is one that is no mask. */
export function unitFile(site: Pick<Site, 'files'>, name: string): string | undefined {
  return site.files.read(`${UNIT_FOLDER}/${name}`) || undefined;
}

/** A unit; one that is only a file yet is loaded, as systemd does when it is first asked for. */
export function findUnit(site: Pick<Site, 'rig' | 'files'>, name: string): UnitState | undefined {
  const known = site.rig.units[name];
  if (known) return known;
  const file = unitFile(site, name);
  if (file === undefined) return undefined;
  const enabled = file.includes('[Install]') ? 'disabled' : 'static';
  const unit: UnitState = { active: 'inactive', enabled };
  site.rig.units[name] = unit;
  return unit;
}

/** Sets what a unit does, and what follows from it for MicroK8s. */
export function setActive(site: Site, name: string, active: UnitState['active']): void {
  const unit = findUnit(site, name);
  if (!unit) return;
  unit.active = active;
  unit.since = site.now();
  if (name === 'systemd-timesyncd.service' && active === 'active') startSync(site);
  if (name.startsWith('snap.microk8s.') && active === 'active') onServicesRestarted(site.rig, site.world, site.now());
  site.changed();
}

/** A clock that is told to ask the network is in step some seconds later. */
export function startSync(site: Pick<Site, 'rig' | 'now'>): void {
  if (!site.rig.time.synchronized) site.rig.time.syncAt = site.now() + 10_000;
}

/** What the transient unit is told when it ended: systemd forgets it unless it failed and nobody collects it. */
export function endTransient(
  site: Site,
  name: string,
  code: number,
  options: { collect: boolean; remain: boolean },
): void {
  const unit = site.rig.units[name];
  if (!unit) return;
  unit.exit = code;
  if (code === 0 && options.remain) unit.active = 'active';
  else if (code === 0 || options.collect) delete site.rig.units[name];
  else unit.active = 'failed';
  site.changed();
}

/** The sub state that systemctl shows beside the state. */
export function subState(name: string, unit: UnitState | undefined): string {
  if (unit?.active === 'failed') return 'failed';
  if (unit?.active === 'activating') return 'start';
  if (unit?.active !== 'active') return 'dead';
  if (name.endsWith('.target')) return 'active';
  if (name.endsWith('.timer')) return 'waiting';
  return name.endsWith('.socket') ? 'listening' : 'running';
}

/** systemd says `starting` until the jobs of the boot are done. */
export function isBooting(site: Pick<Site, 'rig' | 'now'>): boolean {
  return site.now() < site.rig.bootedAt + 15_000;
}
