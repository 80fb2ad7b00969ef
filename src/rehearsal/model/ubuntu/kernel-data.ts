import type { RigState } from '../state.ts';
import { archive, EXTRA_MODULES } from './archive.ts';
import { fault } from './site.ts';

/** Modules that are in the package of the kernel image itself. */
const BASE_MODULES: readonly string[] = [
  'bluetooth',
  'br_netfilter',
  'bridge',
  'dm_crypt',
  'dm_mod',
  'dm_snapshot',
  'dm_thin_pool',
  'e1000e',
  'fuse',
  'ip6_tables',
  'ip_tables',
  'ip_vs',
  'ip_vs_rr',
  'ip_vs_sh',
  'ip_vs_wrr',
  'ipip',
  'iscsi_tcp',
  'iwlwifi',
  'loop',
  'nbd',
  'nf_conntrack',
  'nf_nat',
  'nf_tables',
  'nfs',
  'nfsd',
  'nouveau',
  'nvme',
  'nvme_core',
  'nvme_fabrics',
  'overlay',
  'raid1',
  'veth',
  'vfio_pci',
  'vxlan',
  'wireguard',
  'xt_set',
  'zram',
];

/** Folder and file name of some modules, where `modinfo -n` finds them. */
const PLACES: Readonly<Record<string, string>> = {
  br_netfilter: 'net/bridge/br_netfilter',
  nouveau: 'drivers/gpu/drm/nouveau/nouveau',
  nvme_tcp: 'drivers/nvme/host/nvme-tcp',
  overlay: 'fs/overlayfs/overlay',
};

/** `nvme-tcp` and `nvme_tcp` are the same module. */
export function moduleName(word: string): string {
  return word.replaceAll('-', '_');
}

/** Whether the module is on the machine's disk. nvme_tcp and its kin come with linux-modules-extra. */
export function hasModule(rig: RigState, module: string): boolean {
  if (BASE_MODULES.includes(module)) return true;
  const offered = archive(rig);
  return Object.entries(rig.packages).some(
    ([name, p]) => p.state === 'installed' && offered[name]?.modules?.includes(module),
  );
}

/** As modinfo prints it. */
export function modulePath(rig: RigState, module: string): string {
  const place = PLACES[module] ?? `${EXTRA_MODULES.includes(module) ? 'extra' : 'drivers'}/${module}`;
  return `/lib/modules/${rig.os.kernel}/kernel/${place}.ko.zst`;
}

/** Loads a module with what comes with it: the keys that it brings, the devices that it drives. */
export function loadModule(rig: RigState, module: string): void {
  if (!rig.modules.includes(module)) rig.modules.push(module);
  for (const [key, value] of Object.entries(MODULE_KEYS[module] ?? {})) rig.sysctl[key] ??= value;
}

/** Its keys go with it. */
export function unloadModule(rig: RigState, module: string): void {
  rig.modules = rig.modules.filter((m) => m !== module);
  for (const key of Object.keys(MODULE_KEYS[module] ?? {})) delete rig.sysctl[key];
}

/** Keys that exist only while a module is loaded. */
const MODULE_KEYS: Readonly<Record<string, Record<string, string>>> = {
  br_netfilter: { 'net.bridge.bridge-nf-call-iptables': '1', 'net.bridge.bridge-nf-call-ip6tables': '1' },
  nf_conntrack: { 'net.netfilter.nf_conntrack_max': '262144' },
};

/** Live values of a fresh 24.04 (sheet gpu-and-nodes 6). */
export const KERNEL_DEFAULTS: Readonly<Record<string, string>> = {
  'fs.aio-max-nr': '65536',
  'fs.file-max': '9223372036854775807',
  'fs.inotify.max_queued_events': '16384',
  'fs.inotify.max_user_instances': '128',
  'fs.inotify.max_user_watches': '65536',
  'fs.nr_open': '1048576',
  'kernel.panic': '0',
  'kernel.pid_max': '4194304',
  'kernel.printk': '4	4	1	7',
  'net.core.rmem_max': '212992',
  'net.core.somaxconn': '4096',
  'net.core.wmem_max': '212992',
  'net.ipv4.conf.all.forwarding': '0',
  'net.ipv4.conf.all.rp_filter': '2',
  'net.ipv4.ip_forward': '0',
  'net.ipv6.conf.all.disable_ipv6': '0',
  'net.ipv6.conf.all.forwarding': '0',
  'vm.max_map_count': '1048576',
  'vm.nr_hugepages': '0',
  'vm.overcommit_memory': '0',
  'vm.swappiness': '60',
};

/** Writes a live value; some keys are two names of one thing. Huge pages stop where the memory does. */
export function setKey(rig: RigState, key: string, value: string): void {
  const twin = {
    'net.ipv4.ip_forward': 'net.ipv4.conf.all.forwarding',
    'net.ipv4.conf.all.forwarding': 'net.ipv4.ip_forward',
  }[key];
  const most = Math.floor((rig.hardware.memoryMiB * 0.8) / 2);
  // The fault `fragmented`: memory in pieces, until a reboot.
  const pages = fault({ rig }, 'fragmented') === undefined ? most : Math.min(most, 700);
  // Several numbers are read back with tabs between them, however they were written.
  const kept =
    key === 'vm.nr_hugepages' ? String(Math.min(Number(value), pages)) : value.trim().replaceAll(/[ \t]+/g, '\t');
  rig.sysctl[key] = kept;
  if (twin) rig.sysctl[twin] = kept;
}
