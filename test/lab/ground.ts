import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { $ } from 'zx';
import { BRIDGE, CGROUP, NETWORK, STATE } from './places.ts';

const CGROUPS = '/sys/fs/cgroup';
/** systemd's own hierarchy, where control groups are of version 1 and this computer runs without systemd. */
const SYSTEMD = join(CGROUPS, 'systemd');
const OWNER = join(STATE, 'owner');
const MOUNTED = join(STATE, 'mounted-systemd-hierarchy');

/** Says that this process has the lab. Goes before everything that takes long, so that `down` finds who is at it. */
export function claim(): void {
  mkdirSync(STATE, { recursive: true, mode: 0o700 });
  writeFileSync(OWNER, `${process.pid} ${startOf(process.pid)}\n`);
}

/** The process that has the lab up, if one does. */
export function owner(): number | undefined {
  try {
    const [pid = '', start] = readFileSync(OWNER, 'utf8').trim().split(' ');
    return Number(pid) !== process.pid && startOf(Number(pid)) === start ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}

/** When a process began, in ticks since boot: its number alone may be somebody else's by now. Throws when it is gone. */
function startOf(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which may hold blanks and brackets, the 20th field. man 5 proc
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** What machines need of this computer: a bridge, control groups. */
export async function makeGround(): Promise<void> {
  const sh = $({ quiet: true });
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
    if (existsSync(own)) for (const folder of [...deepest(own), own]) await remove(folder);
  }
  if (existsSync(MOUNTED)) {
    await $({ quiet: true })`umount ${SYSTEMD}`;
    rmdirSync(SYSTEMD);
  }
  rmSync(STATE, { recursive: true, force: true });
}

/** Ends what is left in a control group and removes it. The kernel takes a moment to see that the last one is gone. */
async function remove(folder: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return rmdirSync(folder);
    } catch (error) {
      if (tries === 500) throw error;
      for (const pid of readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n')) end(Number(pid));
      await wait(20);
    }
  }
}

function end(pid: number): void {
  try {
    // 0 is a process of another namespace, and would be all of ours.
    if (pid > 0) process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
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
