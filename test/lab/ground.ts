import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { $ } from 'zx';
import { BRIDGE, CGROUP, NETWORK, STATE } from './places.ts';

const CGROUPS = '/sys/fs/cgroup';
/** systemd's own hierarchy, where control groups are of version 1 and this computer runs without systemd. */
const SYSTEMD = join(CGROUPS, 'systemd');
const MOUNTED = join(STATE, 'mounted-systemd-hierarchy');

/** What machines need of this computer: a folder, a bridge, control groups. */
export async function makeGround(): Promise<void> {
  const sh = $({ quiet: true });
  mkdirSync(STATE, { recursive: true, mode: 0o700 });
  writeFileSync(join(STATE, 'pid'), `${process.pid}\n`);
  if (!existsSync(join(CGROUPS, 'cgroup.controllers')) && !existsSync(join(SYSTEMD, 'cgroup.procs'))) {
    writeFileSync(MOUNTED, '');
    mkdirSync(SYSTEMD, { recursive: true });
    await sh`mount -t cgroup -o none,name=systemd none ${SYSTEMD}`;
  }
  await sh`ip link add ${BRIDGE} type bridge`;
  await sh`ip addr add ${`${NETWORK}.1/24`} dev ${BRIDGE}`;
  await sh`ip link set ${BRIDGE} up`;
}

/** The machines of a lab die with it, however it ends. What else there is of it goes here. */
export async function removeLeftovers(): Promise<void> {
  await $({ quiet: true, nothrow: true })`ip link del ${BRIDGE}`;
  for (const root of [CGROUPS, ...folders(CGROUPS)]) {
    const own = join(root, CGROUP);
    if (existsSync(own)) for (const folder of [...deepest(own), own]) await removeEmpty(folder);
  }
  if (existsSync(MOUNTED)) {
    await $({ quiet: true })`umount ${SYSTEMD}`;
    rmdirSync(SYSTEMD);
  }
  rmSync(STATE, { recursive: true, force: true });
}

/** The kernel takes a moment to see that the last process of a control group is gone. */
async function removeEmpty(folder: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return rmdirSync(folder);
    } catch (error) {
      if (tries === 100) throw error;
      await wait(20);
    }
  }
}

function folders(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((it) => (it.isDirectory() ? [join(path, it.name)] : []));
}

/** All folders below, the innermost first. */
function deepest(path: string): string[] {
  return folders(path).flatMap((folder) => [...deepest(folder), folder]);
}
