import type { FaultValue } from '../../faults.ts';
import { finishChanges } from '../snapd/changes.ts';
import { gateway } from './network-data.ts';
import { applyNvidiaFaults } from './nvidia.ts';
import { applyPackageFaults } from './packages.ts';
import { fault, type Site } from './site.ts';
import { archiveNames } from './third-party.ts';

/**
 * Faults of `RigState.faults` that Ubuntu and snapd know. `gpumismatch`: the NVIDIA driver is upgraded while it is in use;
 * `secureboot`: the firmware wants signed modules; `diskused` may name a file system.
 */
export const ubuntuFaults: Readonly<Record<string, FaultValue>> = {
  aptlock: 'seconds',
  diskused: 'any',
  'dpkg-interrupted': 'none',
  gpumismatch: 'none',
  fragmented: 'none',
  nodisk: 'none',
  nodns: 'none',
  nostore: 'none',
  otherkey: archiveNames,
  secureboot: 'none',
  snaperror: 'none',
  unseeded: 'seconds',
};

/**
 * Lets a machine become what it is at this moment: snapd's changes end, clocks get in step, faults that were asked for
 * begin. Before every command; a host may call it at any time.
 */
export function settle(site: Site): void {
  applyPackageFaults(site);
  applyNvidiaFaults(site);
  finishChanges(site);
  const { rig } = site;
  writeResolvConf(site);
  if (rig.time.syncAt !== undefined && rig.time.ntp && rig.time.syncAt <= site.now()) {
    rig.time = { ntp: true, synchronized: true };
    rig.hardware.clockSkewS = 0;
    site.changed();
  }
  const seeding = fault(site, 'unseeded');
  const seeded = seeding === undefined || site.now() >= unseededUntil(site, Number(seeding));
  if (seeding === undefined) delete rig.seedsAt;
  if (rig.seeded !== seeded) {
    rig.seeded = seeded;
    site.changed();
  }
}

/** systemd-resolved keeps the real name servers beside its stub. */
function writeResolvConf(site: Site): void {
  const path = '/run/systemd/resolve/resolv.conf';
  if (!site.files.exists(path)) site.files.write(path, `nameserver ${gateway(site.rig)}\nsearch lan\n`);
}

/** Counted from the first look at the fault: a machine can be up for long when it is asked for. */
function unseededUntil(site: Site, seconds: number): number {
  const { rig } = site;
  rig.seedsAt ??= site.now() + seconds * 1000;
  return rig.seedsAt;
}
