import type { ClusterNode } from '../../config/schema.ts';
import type { Check } from '../../engine/check.ts';
import type { Ask } from '../../engine/types.ts';
import { diskAsk, diskOf, meminfo, memoryAsk } from '../../resources/hardware.ts';
import { sh } from '../../shell/script.ts';
import { error, machineCheck, warning } from './check.ts';

const on = (node: ClusterNode): Ask['on'] => ({ host: node.name });

const UBUNTU = ['22.04', '24.04', '26.04'];
const MACHINES = ['x86_64', 'aarch64'];

export const systemAsk = (node: ClusterNode): Ask => ({
  key: 'os and architecture',
  on: on(node),
  sh: sh`
    cat /etc/os-release
    echo "MACHINE=$(uname -m)"
  `,
  timeoutS: 10,
});

/** A line of that answer; empty when there is none. */
export function systemValue(text: string, key: 'ID' | 'VERSION_ID' | 'PRETTY_NAME' | 'MACHINE'): string {
  return new RegExp(`^${key}="?(.*?)"?$`, 'm').exec(text)?.[1] ?? '';
}

/** gpu-and-nodes sheet 6, first row; microk8s sheet 1.2 for Debian. */
const system: Check = machineCheck(
  'system',
  (node) => [systemAsk(node)],
  (subject, { text }) => {
    const [id, version] = [systemValue(text, 'ID'), systemValue(text, 'VERSION_ID')];
    const machine = systemValue(text, 'MACHINE');
    const name = systemValue(text, 'PRETTY_NAME') || `${id} ${version}`;
    const install = 'install Ubuntu 24.04 on it, or take the machine out of the cluster file';
    const found = [];
    if (!MACHINES.includes(machine)) {
      found.push(error(subject, `its architecture is ${machine}`, 'mlk8s knows amd64 and arm64', install));
    }
    if (id === 'ubuntu' && UBUNTU.includes(version)) return found;
    const known = `mlk8s is made for Ubuntu ${UBUNTU.join(', ')}`;
    if (id !== 'debian' || version !== '12') return [...found, error(subject, `it runs ${name}`, known, install)];
    const why = 'MicroK8s runs on Debian, but its first start can flap';
    return [...found, warning(subject, `it runs ${name}`, why, 'take Ubuntu where you can choose')];
  },
);

/** At or below 512 MiB MicroK8s starts no control plane; 4 GB are recommended. microk8s sheet 1.2. */
const LEAST_MEMORY_KIB = 524288;
/** 4 GB less what firmware and kernel keep for themselves. */
const GOOD_MEMORY_KIB = 3600000;

const memory: Check = machineCheck(
  'memory',
  (node) => [memoryAsk(node.name)],
  (subject, { text }) => {
    const kib = (key: 'MemTotal' | 'SwapTotal') => meminfo(text, key);
    const mib = Math.round(kib('MemTotal') / 1024);
    const found = [];
    if (kib('MemTotal') <= LEAST_MEMORY_KIB) {
      const why = 'MicroK8s needs more than 512 MiB and does not start with less';
      found.push(error(subject, `it has ${mib} MiB of memory`, why, 'take it out of the cluster file'));
    } else if (kib('MemTotal') < GOOD_MEMORY_KIB) {
      const why = 'MicroK8s recommends 4 GB; with less, pods are evicted early';
      found.push(warning(subject, `it has ${mib} MiB of memory`, why, 'give it small work only, or more memory'));
    }
    if (kib('SwapTotal') > 0) {
      const why = 'MicroK8s tolerates it, but pods then slow down instead of being moved';
      found.push(warning(subject, 'swap is on', why, 'sudo swapoff -a, and take it out of /etc/fstab'));
    }
    return found;
  },
);

/** 20 GB are recommended for MicroK8s (sheet 1.2); the snap, its base and the first images take about 5. */
const LEAST_DISK_GIB = 5;
const GOOD_DISK_GIB = 20;

const disk: Check = machineCheck(
  'disk',
  (node, file) => [diskAsk(node.name, '/var/snap'), diskAsk(node.name, file.node.dataDir)],
  (subject, snap, data) => {
    const paths = ['/var/snap', subject.file.node.dataDir];
    return [snap, data].flatMap((answer, i) => {
      const { free: gib, at } = diskOf(answer?.text ?? '');
      const seen = `${gib.toFixed(1)} GiB are free for ${paths[i]} (on ${at})`;
      const next = 'make room, or mount a larger disk there';
      if (i === 0 && gib < LEAST_DISK_GIB) return [error(subject, seen, 'MicroK8s and its images do not fit', next)];
      return gib < GOOD_DISK_GIB ? [warning(subject, seen, `MicroK8s recommends ${GOOD_DISK_GIB} GB`, next)] : [];
    });
  },
);

/** microk8s sheet 1.2: the snap refuses to install in LXC without a special profile, and kubelite loops on WSL2. */
const CONTAINERS = ['lxc', 'lxc-libvirt', 'openvz', 'wsl'];

const virtualization: Check = machineCheck(
  'virtualization',
  (node) => [{ key: 'virtualization', on: on(node), sh: sh`systemd-detect-virt`, timeoutS: 10 }],
  (subject, { text }) => {
    const kind = text.trim();
    if (!CONTAINERS.includes(kind)) return [];
    const why = 'MicroK8s needs a kernel of its own: it does not install or not keep running there';
    return [error(subject, `it is a container of ${kind}`, why, 'use a virtual machine or the real machine instead')];
  },
);

export const machineChecks = [system, memory, disk, virtualization];
