import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RigState } from './model/state.ts';
import { sparePlugged } from './model/ubuntu/lsblk.ts';

/**
 * What a machine shows of its hardware and kernel under /proc and /sys, for the paths that mlk8s may read there. A
 * value that starts with `->` is a symbolic link.
 */
export function fakeProc(rig: RigState): Record<string, string> {
  const kib = rig.hardware.memoryMiB * 1024;
  const swaps = rig.swap ?? [];
  const swapKib = swaps.reduce((sum, swap) => sum + swap.mib, 0) * 1024;
  return {
    meminfo: [
      `MemTotal:       ${kib} kB`,
      `MemFree:        ${Math.round(kib * 0.6)} kB`,
      `MemAvailable:   ${Math.round(kib * 0.8)} kB`,
      `SwapTotal:      ${swapKib} kB`,
      `SwapFree:       ${swapKib} kB`,
      `HugePages_Total:    ${rig.sysctl['vm.nr_hugepages'] ?? 0}`,
      'Hugepagesize:       2048 kB',
      '',
    ].join('\n'),
    cpuinfo: Array.from({ length: rig.hardware.cpus }, (_, n) => cpu(n, rig.hardware.arch)).join('\n'),
    swaps: ['Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority', ...swaps.map(swapLine), ''].join('\n'),
    modules: rig.modules.map((name) => `${name} 16384 0 - Live 0x0000000000000000\n`).join(''),
    version: `Linux version ${rig.os.kernel} (buildd@lcy02) #1 SMP PREEMPT_DYNAMIC\n`,
    cmdline: `BOOT_IMAGE=/boot/vmlinuz-${rig.os.kernel} root=/dev/sda2 ro\n`,
    'sys/kernel/osrelease': `${rig.os.kernel}\n`,
    'sys/kernel/random/boot_id': `${rig.bootId}\n`,
  };
}

function swapLine(swap: { name: string; mib: number }): string {
  return `${swap.name}\t${swap.name.startsWith('/dev/') ? 'partition' : 'file\t'}\t${swap.mib * 1024}\t\t0\t\t-2`;
}

function cpu(number: number, arch: 'amd64' | 'arm64'): string {
  const model =
    arch === 'amd64' ? ['vendor_id\t: GenuineIntel', 'flags\t\t: fpu sse4_2 avx avx2'] : ['Features\t: fp asimd'];
  return [`processor\t: ${number}`, ...model, ''].join('\n');
}

export function fakeSys(rig: RigState): Record<string, string> {
  const nic = rig.hardware.nic === 'wifi' ? 'wlan0' : 'eth0';
  return {
    'fs/cgroup/cgroup.controllers': 'cpuset cpu io memory hugetlb pids rdma misc\n',
    'firmware/efi/fw_platform_size': '64\n',
    'class/net/lo/operstate': 'unknown\n',
    [`class/net/${nic}/operstate`]: 'up\n',
    [`class/net/${nic}/type`]: '1\n',
    ...(rig.hardware.nic === 'wifi' && { [`class/net/${nic}/wireless/status`]: '0\n' }),
    // a desktop
    ...(rig.hardware.arch === 'amd64' && { 'class/dmi/id/chassis_type': '3\n' }),
    'class/dmi/id/sys_vendor': rig.hardware.virtualization === 'kvm' ? 'QEMU\n' : 'Simulated\n',
    ...Object.assign({}, ...rig.modules.map((name) => ({ [`module/${name.replaceAll('-', '_')}/refcnt`]: '0\n' }))),
    ...(rig.nvidiaLoaded !== undefined && { 'module/nvidia/version': `${rig.nvidiaLoaded}\n` }),
    ...Object.assign({}, ...rig.hardware.pci.map(pciDevice)),
  };
}

/** The first bytes of each disk by its name in /dev/disk: a pool of Mayastor has its mark there. */
function fakeDisks(rig: RigState): Record<string, string> {
  const start = (pool: string | undefined) => (pool === undefined ? '\0'.repeat(512) : 'SPDKBLOB'.padEnd(512, '\0'));
  return Object.fromEntries(sparePlugged(rig).map(({ id, pool }) => [`by-id/${id}`, start(pool)]));
}

function pciDevice(device: RigState['hardware']['pci'][number]): Record<string, string> {
  const slot = /^[0-9a-f]{4}:/i.test(device.slot) ? device.slot : `0000:${device.slot}`;
  const at = `bus/pci/devices/${slot}`;
  return {
    [`${at}/vendor`]: `${hex(device.vendor)}\n`,
    [`${at}/device`]: `${hex(device.device)}\n`,
    [`${at}/class`]: `${hex(device.class).padEnd(8, '0')}\n`,
    ...(device.driver && {
      [`${at}/driver`]: `->../../drivers/${device.driver}`,
      [`bus/pci/drivers/${device.driver}/bind`]: '',
    }),
  };
}

function hex(text: string): string {
  return text.startsWith('0x') ? text : `0x${text}`;
}

/** Keeps the faked files of a machine as its state says. The files are mounted one by one, so they are written in place. */
export class Fakes {
  readonly #folder: string;
  #last = new Map<string, string>();

  /** `folder` gets `proc`, `sys` and `disk`. */
  constructor(folder: string) {
    this.#folder = folder;
    for (const part of ['proc', 'sys', 'disk']) {
      rmSync(join(folder, part), { recursive: true, force: true });
      mkdirSync(join(folder, part), { recursive: true });
    }
  }

  update(rig: RigState): void {
    const now = new Map<string, string>([
      ...Object.entries(fakeProc(rig)).map(([path, text]) => [`proc/${path}`, text] as const),
      ...Object.entries(fakeSys(rig)).map(([path, text]) => [`sys/${path}`, text] as const),
      ...Object.entries(fakeDisks(rig)).map(([path, text]) => [`disk/${path}`, text] as const),
    ]);
    for (const path of this.#last.keys()) if (!now.has(path)) this.#remove(path);
    for (const [path, text] of now) if (this.#last.get(path) !== text) this.#write(path, text);
    this.#last = now;
  }

  #write(path: string, text: string): void {
    const full = join(this.#folder, path);
    mkdirSync(dirname(full), { recursive: true });
    if (text.startsWith('->')) {
      rmSync(full, { force: true });
      symlinkSync(text.slice(2), full);
    } else writeFileSync(full, text);
  }

  /** With the folder around it when that is empty then: /sys/module/x is asked for as a folder. */
  #remove(path: string): void {
    rmSync(join(this.#folder, path), { force: true });
    const folder = dirname(path);
    if (/^sys\/(module|bus\/pci\/(devices|drivers))\/./.test(folder)) {
      rmSync(join(this.#folder, folder), { recursive: true, force: true });
      for (const known of this.#last.keys()) if (known.startsWith(`${folder}/`)) this.#last.delete(known);
    }
  }
}

/** Names under /proc that this computer has and that can be covered by a faked one. */
export function coverable(rig: RigState): string[] {
  return Object.keys(fakeProc(rig)).filter((path) => {
    try {
      readFileSync(join('/proc', path));
      return true;
    } catch {
      return false;
    }
  });
}
