import { onBoot } from '../microk8s/install.ts';
import { swapAreas } from './disk.ts';
import { hasModule, KERNEL_DEFAULTS, loadModule, moduleName, setKey } from './kernel-data.ts';
import { nvidiaLoads, nvidiaRefusal, nvidiaUnloads } from './nvidia.ts';
import { type Site, spend } from './site.ts';
import { assignments, sysctlFiles } from './sysctl.ts';
import { startSync } from './units.ts';

/** Loaded by the kernel itself, whatever the files say. */
export const BOOT_MODULES: readonly string[] = [
  'nf_tables',
  'ip_tables',
  'fuse',
  'loop',
  'nvme_core',
  'nvme',
  'dm_mod',
  'e1000e',
];

/** The machine was switched on: what was only live is gone, services are as they are enabled. */
export function boot(site: Site): void {
  const { rig } = site;
  for (const [name, unit] of Object.entries(rig.units)) {
    if (unit.transient) delete rig.units[name];
    else if (unit.enabled === 'enabled') unit.active = 'active';
    else if (unit.enabled !== 'static') unit.active = 'inactive';
    unit.since = rig.bootedAt;
  }
  spend(site, 'fragmented');
  delete rig.ioEngine;
  rig.sysctl = { ...KERNEL_DEFAULTS };
  rig.modules = [...BOOT_MODULES];
  rig.swap = [];
  delete rig.forwardPolicy;
  delete rig.dpkgLock;
  rig.counts.aptNow = 0;
  loadConfiguration(site);
  onBoot(rig);
  site.changed();
}

/** What the early services of a boot read from the disk. */
function loadConfiguration(site: Site): void {
  const { rig, files } = site;
  const names = files.list('/etc/modules-load.d').flatMap((n) => lines(files.read(`/etc/modules-load.d/${n}`)));
  for (const name of [...names, ...lines(files.read('/etc/modules'))].map(moduleName)) {
    if (hasModule(rig, name)) loadModule(rig, name);
  }
  bindDrivers(site);
  for (const { key, value } of sysctlFiles(site).flatMap((f) => assignments(files.read(f) ?? ''))) {
    if (rig.sysctl[key] !== undefined) setKey(rig, key, value);
  }
  if (rig.units['swap.target']?.enabled !== 'masked') rig.swap = swapAreas(site);
  if (rig.time.ntp) startSync(site);
}

/** nouveau takes every NVIDIA card that it is not kept from; udev loads NVIDIA's own driver for what is left. */
function bindDrivers(site: Site): void {
  const { rig, files } = site;
  nvidiaUnloads(rig);
  const texts = files.list('/etc/modprobe.d').map((name) => files.read(`/etc/modprobe.d/${name}`) ?? '');
  const isBlacklisted = texts.some((text) => /^\s*blacklist\s+nouveau\s*$/m.test(text));
  for (const device of rig.hardware.pci) {
    if (device.vendor !== '10de' || !['', 'nouveau'].includes(device.driver)) continue;
    device.driver = isBlacklisted ? '' : 'nouveau';
    if (!isBlacklisted) loadModule(rig, 'nouveau');
  }
  if (hasModule(rig, 'nvidia') && nvidiaRefusal(rig) === undefined) {
    loadModule(rig, 'nvidia');
    nvidiaLoads(rig);
  }
}

function lines(text: string | undefined): string[] {
  return (text ?? '').split('\n').flatMap((line) => line.trim().replace(/^[#;].*/, '') || []);
}
