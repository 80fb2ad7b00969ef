import type { RigState } from '../state.ts';
import { nvidiaDebs } from './nvidia.ts';
import type { UnitState } from './site.ts';

/** A package of the Ubuntu archive: what installing it brings. */
export interface Deb {
  version: string;
  depends?: readonly string[];
  units?: Readonly<Record<string, Pick<UnitState, 'active' | 'enabled'>>>;
  /** Programs that are there only with the package. */
  programs?: readonly string[];
  /** Kernel modules that are there only with the package. */
  modules?: readonly string[];
  groups?: readonly string[];
  /** System accounts. */
  users?: readonly string[];
  /** Model seconds of its installation. */
  seconds?: number;
}

const ACTIVE = { active: 'active', enabled: 'enabled' } as const;
const SOCKET_ACTIVATED = { active: 'inactive', enabled: 'disabled' } as const;

/** Packages of a machine that was installed a minute ago. */
const BASE: Readonly<Record<string, Deb>> = {
  adduser: { version: '3.137ubuntu1' },
  apparmor: { version: '4.0.1really4.0.1-0ubuntu0.24.04.4', units: { 'apparmor.service': ACTIVE } },
  apt: { version: '2.8.3' },
  bash: { version: '5.2.21-2ubuntu4' },
  'ca-certificates': { version: '20240203' },
  'cloud-init': { version: '25.2-0ubuntu1~24.04.1', units: { 'cloud-init.service': ACTIVE } },
  coreutils: { version: '9.4-3ubuntu6.1' },
  curl: { version: '8.5.0-2ubuntu10.6' },
  dpkg: { version: '1.22.6ubuntu6.5' },
  git: { version: '1:2.43.0-1ubuntu7.3' },
  iproute2: { version: '6.1.0-1ubuntu6.2' },
  iptables: { version: '1.8.10-3ubuntu2' },
  'iputils-ping': { version: '3:20240117-1ubuntu0.1' },
  kmod: { version: '31+20240202-2ubuntu7.1' },
  'man-db': { version: '2.12.0-4build2' },
  mokutil: { version: '0.6.0-2build3' },
  needrestart: { version: '3.6-7ubuntu4.5' },
  openssl: { version: '3.0.13-0ubuntu3.6' },
  'openssh-client': { version: '1:9.6p1-3ubuntu13.14' },
  'openssh-server': { version: '1:9.6p1-3ubuntu13.14', units: { 'ssh.socket': ACTIVE, 'ssh.service': ACTIVE } },
  passwd: { version: '1:4.13+dfsg1-4ubuntu3.2' },
  pciutils: { version: '1:3.10.0-2build1' },
  perl: { version: '5.38.2-3.2ubuntu0.2' },
  procps: { version: '2:4.0.4-4ubuntu3.2' },
  python3: { version: '3.12.3-0ubuntu2.1' },
  rsync: { version: '3.2.7-1ubuntu1.2' },
  snapd: {
    version: '2.72+ubuntu24.04',
    units: { 'snapd.service': ACTIVE, 'snapd.socket': ACTIVE, 'snapd.seeded.service': ACTIVE },
  },
  sudo: { version: '1.9.15p5-3ubuntu5.24.04.1' },
  systemd: { version: '255.4-1ubuntu8.11' },
  'systemd-resolved': { version: '255.4-1ubuntu8.11', units: { 'systemd-resolved.service': ACTIVE } },
  'systemd-timesyncd': { version: '255.4-1ubuntu8.11' },
  tar: { version: '1.35+dfsg-3build1' },
  ufw: { version: '0.36.2-6', units: { 'ufw.service': ACTIVE } },
  'unattended-upgrades': { version: '2.9.1+nmu4ubuntu1', units: { 'unattended-upgrades.service': ACTIVE } },
  'util-linux': { version: '2.39.3-9ubuntu6.3' },
  wget: { version: '1.21.4-1ubuntu4.1' },
};

/** Packages that the archive offers besides (sheets: gpu-and-nodes 3.2 and 6, storage). */
const OFFERED: Readonly<Record<string, Deb>> = {
  'apt-transport-https': { version: '2.8.3' },
  'avahi-daemon': { version: '0.8-13ubuntu6', units: { 'avahi-daemon.service': ACTIVE } },
  'build-essential': { version: '12.10ubuntu1', seconds: 60 },
  chrony: { version: '4.5-1ubuntu4.2', units: { 'chrony.service': ACTIVE } },
  // Of archives of their makers, see third-party.ts.
  code: { version: '1.105.1-1760482543', programs: ['code'], seconds: 30 },
  'containerd.io': { version: '2.1.4-0~ubuntu.24.04~noble', units: { 'containerd.service': ACTIVE } },
  'docker-buildx-plugin': { version: '0.29.1-1~ubuntu.24.04~noble' },
  'docker-ce': {
    version: '5:28.5.1-1~ubuntu.24.04~noble',
    depends: ['containerd.io', 'docker-ce-cli'],
    units: { 'docker.service': ACTIVE, 'docker.socket': ACTIVE },
    groups: ['docker'],
    seconds: 30,
  },
  'docker-ce-cli': { version: '5:28.5.1-1~ubuntu.24.04~noble', programs: ['docker'] },
  'docker-compose-plugin': { version: '2.40.2-1~ubuntu.24.04~noble' },
  gh: { version: '2.83.0', programs: ['gh'] },
  conntrack: { version: '1:1.4.8-1ubuntu1' },
  cryptsetup: { version: '2:2.7.0-1ubuntu4.2' },
  dkms: { version: '3.0.11-1ubuntu13', depends: ['build-essential'] },
  'docker.io': {
    version: '28.2.2-0ubuntu1~24.04.1',
    units: { 'docker.service': ACTIVE },
    groups: ['docker'],
    programs: ['docker'],
  },
  ethtool: { version: '1:6.7-1build1' },
  fio: { version: '3.36-1ubuntu0.1' },
  'git-lfs': { version: '3.4.1-1ubuntu0.3', programs: ['git-lfs'] },
  gpg: { version: '2.4.4-2ubuntu17.3', programs: ['gpg'] },
  htop: { version: '3.3.0-4build1' },
  iperf3: { version: '3.16-1build2' },
  iw: { version: '5.19-1.1build1' },
  jq: { version: '1.7.1-3ubuntu0.24.04.1', depends: ['libjq1'] },
  keyutils: { version: '1.6.3-3build1' },
  libjq1: { version: '1.7.1-3ubuntu0.24.04.1' },
  libnfsidmap1: { version: '1:2.6.4-3ubuntu5.1' },
  'lm-sensors': { version: '1:3.6.0-9build1' },
  lvm2: { version: '2.03.16-3ubuntu3.2' },
  'multipath-tools': { version: '0.9.4-5ubuntu8', units: { 'multipathd.service': ACTIVE } },
  'net-tools': { version: '2.10-0.1ubuntu4.4' },
  'nfs-common': {
    version: '1:2.6.4-3ubuntu5.1',
    depends: ['keyutils', 'libnfsidmap1', 'rpcbind'],
    programs: ['mount.nfs', 'mount.nfs4'],
  },
  'nfs-kernel-server': {
    version: '1:2.6.4-3ubuntu5.1',
    depends: ['nfs-common'],
    units: { 'nfs-server.service': ACTIVE },
  },
  // Of NVIDIA's own archive (sheet gpu-and-nodes 2), see third-party.ts.
  'nvidia-container-toolkit': { version: '1.20.0-1', seconds: 12 },
  'nvme-cli': { version: '2.8-1ubuntu0.1' },
  'open-iscsi': {
    version: '2.1.9-3ubuntu5.4',
    units: { 'iscsid.socket': ACTIVE, 'iscsid.service': SOCKET_ACTIVATED, 'open-iscsi.service': SOCKET_ACTIVATED },
  },
  'postgresql-client': { version: '16+257build1.1' },
  'python3-pip': { version: '24.0+dfsg-1ubuntu1.3' },
  'python3-venv': { version: '3.12.3-0ubuntu2.1' },
  resolvconf: { version: '1.92ubuntu2', units: { 'resolvconf.service': ACTIVE } },
  rpcbind: { version: '1.2.6-7ubuntu2', units: { 'rpcbind.socket': ACTIVE } },
  smartmontools: { version: '7.4-2build1', units: { 'smartmontools.service': ACTIVE } },
  socat: { version: '1.8.0.0-4build3' },
  'ssl-cert': { version: '1.1.2ubuntu1', groups: ['ssl-cert'] },
  xfce4: { version: '4.18', seconds: 180 },
  xorgxrdp: { version: '1:0.9.19-1ubuntu2' },
  xrdp: {
    version: '0.9.24-4ubuntu0.1',
    depends: ['ssl-cert', 'xorgxrdp'],
    users: ['xrdp'],
    units: { 'xrdp.service': ACTIVE, 'xrdp-sesman.service': ACTIVE },
    seconds: 40,
  },
  'zfsutils-linux': { version: '2.2.2-0ubuntu9.4' },
};

/** Kernel modules that need linux-modules-extra (sheet gpu-and-nodes 6: nvme_tcp). */
export const EXTRA_MODULES: readonly string[] = ['amdgpu', 'ceph', 'i915', 'nvme_tcp', 'nvmet_tcp', 'rbd', 'sch_netem'];

/** Packages of this machine's kernel. */
function kernelDebs(kernel: string, isBase: boolean): Record<string, Deb> {
  const abi = kernel.replace(/-[a-z]+$/, '');
  const version = `${abi}.${abi.split('-')[1] ?? '1'}`;
  const extra = `linux-modules-extra-${kernel}`;
  if (isBase) return { [`linux-image-${kernel}`]: { version }, [`linux-modules-${kernel}`]: { version } };
  return {
    [extra]: { version, modules: EXTRA_MODULES, seconds: 40 },
    'linux-image-generic': { version, depends: [extra] },
    'linux-generic': { version, depends: ['linux-image-generic', 'linux-headers-generic'] },
    'linux-headers-generic': { version },
    [`linux-headers-${kernel}`]: { version },
  };
}

/** What is installed on a fresh machine. */
export function basePackages(kernel: string): Record<string, Deb> {
  return { ...BASE, ...kernelDebs(kernel, true) };
}

/** Every package that apt knows of. */
export function archive(rig: Pick<RigState, 'os'>): Record<string, Deb> {
  return {
    ...basePackages(rig.os.kernel),
    ...OFFERED,
    ...kernelDebs(rig.os.kernel, false),
    ...nvidiaDebs(rig.os.kernel),
  };
}
