import type { NewRigOptions } from './contract.ts';
import { noCounts } from './counts.ts';
import type { RigState } from './state.ts';
import { basePackages } from './ubuntu/archive.ts';
import { BOOT_MODULES } from './ubuntu/boot.ts';
import { KERNEL_DEFAULTS } from './ubuntu/kernel-data.ts';

const KERNEL = '6.8.0-85-generic';
/** Machines of a rehearsal were switched on a while ago. */
const UPTIME_MS = 20 * 60_000;

const INTEL: RigState['hardware']['pci'][number] = {
  slot: '0000:00:02.0',
  vendor: '8086',
  device: '3e92',
  class: '0300',
  name: 'Intel Corporation CoffeeLake-S GT2 [UHD Graphics 630]',
  driver: '',
};
const RTX_3090: RigState['hardware']['pci'][number] = {
  slot: '0000:01:00.0',
  vendor: '10de',
  device: '2204',
  class: '0300',
  name: 'NVIDIA Corporation GA102 [GeForce RTX 3090]',
  driver: 'nouveau',
};

const TOPAZ: RigState['hardware']['pci'][number] = {
  slot: '0000:03:00.0',
  vendor: '1002',
  device: '6900',
  class: '0380',
  name: 'Advanced Micro Devices, Inc. [AMD/ATI] Topaz XT [Radeon R7 M260/M265]',
  driver: 'amdgpu',
};

const SLEEP_TARGETS = ['sleep.target', 'suspend.target', 'hibernate.target', 'hybrid-sleep.target'];
const TIMERS = ['apt-daily.timer', 'apt-daily-upgrade.timer', 'fstrim.timer'];

/** A machine with a fresh Ubuntu 24.04; its name and labels hint at its hardware. */
export function newRig(name: string, address: string, options: NewRigOptions): RigState {
  const hint = [name, ...Object.entries(options.labels).flat()].join(' ').toLowerCase();
  const hasGpu = hint.includes('gpu');
  const hasRadeon = hint.includes('radeon');
  const hasStorage = hint.includes('storage');
  return {
    name,
    address,
    purpose: options.purpose,
    ...(options.local && { local: true }),
    bootId: options.bootId,
    bootedAt: options.now - UPTIME_MS,
    user: options.user,
    sudo: { mode: 'nopasswd' },
    hardware: {
      arch: 'amd64',
      cpus: hasGpu ? 16 : 8,
      memoryMiB: hasGpu ? 65_536 : hasStorage ? 32_768 : 16_384,
      diskGiB: hasStorage ? 4096 : hasGpu ? 1024 : 512,
      diskUsedGiB: 14,
      nic: 'wired',
      dhcp: true,
      clockSkewS: 0,
      rttMs: 0.4,
      pci: [{ ...INTEL }, ...(hasGpu ? [{ ...RTX_3090 }] : []), ...(hasRadeon ? [{ ...TOPAZ }] : [])],
      virtualization: 'none',
    },
    os: { id: 'ubuntu', versionId: '24.04', codename: 'noble', kernel: KERNEL },
    packages: Object.fromEntries(
      Object.entries(basePackages(KERNEL)).map(([deb, { version }]) => [deb, { version, state: 'installed' }]),
    ),
    modules: hasGpu ? [...BOOT_MODULES, 'nouveau'] : [...BOOT_MODULES],
    sysctl: { ...KERNEL_DEFAULTS },
    units: freshUnits(options.now - UPTIME_MS),
    time: { ntp: true, synchronized: true },
    ufw: { active: false, routed: 'deny', rules: [] },
    swap: [{ name: '/swap.img', mib: 4096 }],
    snaps: {},
    snapChanges: [],
    seeded: true,
    owners: {},
    faults: [],
    counts: noCounts(),
  };
}

function freshUnits(since: number): RigState['units'] {
  const units: RigState['units'] = {};
  for (const deb of Object.values(basePackages(KERNEL))) {
    for (const [unit, state] of Object.entries(deb.units ?? {})) units[unit] = { ...state, since };
  }
  for (const unit of ['systemd-timesyncd', 'systemd-networkd', 'cron', 'rsyslog']) {
    units[`${unit}.service`] = { active: 'active', enabled: 'enabled', since };
  }
  units['systemd-logind.service'] = { active: 'active', enabled: 'static', since };
  for (const unit of ['multi-user.target', 'swap.target', 'network-online.target']) {
    units[unit] = { active: 'active', enabled: 'static', since };
  }
  for (const unit of SLEEP_TARGETS) units[unit] = { active: 'inactive', enabled: 'static' };
  for (const unit of TIMERS) {
    units[unit] = { active: 'active', enabled: 'enabled', since };
    units[unit.replace('.timer', '.service')] = { active: 'inactive', enabled: 'static' };
  }
  return units;
}

type Files = Record<string, { content: string; mode?: number }>;

/**
 * Files of a fresh Ubuntu besides accounts and os-release. A node is called `ubuntu` until somebody names it; a desktop
 * has the name that its user gave it.
 */
export function initialFiles(rig: RigState): Files {
  const hostname = rig.purpose === 'node' && !rig.local ? 'ubuntu' : rig.name;
  return {
    '/etc/hostname': { content: `${hostname}\n` },
    '/etc/hosts': { content: HOSTS(hostname) },
    '/etc/fstab': { content: '/dev/sda2 / ext4 defaults 0 1\n/swap.img none swap sw 0 0\n' },
    '/etc/sysctl.conf': { content: '#net.ipv4.ip_forward=1\n' },
    '/etc/sysctl.d/10-console-messages.conf': { content: 'kernel.printk = 4 4 1 7\n' },
    '/etc/sysctl.d/10-map-count.conf': { content: 'vm.max_map_count = 1048576\n' },
    '/etc/sysctl.d/10-network-security.conf': { content: 'net.ipv4.conf.all.rp_filter=2\n' },
    '/etc/modules-load.d/modules.conf': {
      content: '# /etc/modules is obsolete and has been replaced by /etc/modules-load.d/.\n',
    },
    '/etc/modprobe.d/blacklist.conf': { content: 'blacklist evbug\nblacklist usbmouse\n' },
    '/etc/systemd/logind.conf': { content: '[Login]\n#HandleLidSwitch=suspend\n#HandleLidSwitchDocked=ignore\n' },
    '/etc/systemd/resolved.conf': { content: '[Resolve]\n' },
    '/etc/apt/apt.conf.d/20auto-upgrades': {
      content: 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n',
    },
    '/etc/apt/sources.list.d/ubuntu.sources': { content: SOURCES(rig.os.codename) },
    '/etc/cloud/cloud.cfg': { content: 'preserve_hostname: false\n' },
    '/etc/cloud/templates/hosts.debian.tmpl': {
      content: '## template:jinja\n{# manage_etc_hosts: true #}\n127.0.1.1 {{fqdn}} {{hostname}}\n',
    },
    '/etc/ssh/sshd_config': { content: 'Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n' },
    '/etc/sudoers': { content: SUDOERS, mode: 0o440 },
    ...(rig.sudo.mode === 'nopasswd' && rig.user !== 'root'
      ? { '/etc/sudoers.d/90-cloud-init-users': { content: `${rig.user} ALL=(ALL) NOPASSWD:ALL\n`, mode: 0o440 } }
      : {}),
    '/var/lib/dpkg/lock-frontend': { content: '', mode: 0o640 },
    '/var/lib/dpkg/lock': { content: '', mode: 0o640 },
    '/var/lib/apt/lists/lock': { content: '', mode: 0o640 },
    '/var/cache/apt/archives/lock': { content: '', mode: 0o640 },
    [`/boot/vmlinuz-${rig.os.kernel}`]: { content: '', mode: 0o600 },
  };
}

const HOSTS = (name: string) => `127.0.0.1 localhost
127.0.1.1 ${name}

# The following lines are desirable for IPv6 capable hosts
::1     ip6-localhost ip6-loopback
fe00::0 ip6-localnet
ff00::0 ip6-mcastprefix
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
`;

const SOURCES = (codename: string) => `Types: deb
URIs: http://archive.ubuntu.com/ubuntu
Suites: ${codename} ${codename}-updates ${codename}-backports
Components: main restricted universe multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
`;

const SUDOERS = `Defaults	env_reset
Defaults	secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"
root	ALL=(ALL:ALL) ALL
%sudo	ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
`;
