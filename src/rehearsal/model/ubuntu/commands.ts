import type { Command } from '../command.ts';
import { snap } from '../snapd/snap.ts';
import { adduser, gpasswd, groupadd, groupdel, useradd, usermod } from './accounts.ts';
import { aptGet } from './apt.ts';
import { aptCache } from './apt-cache.ts';
import { aptMark } from './apt-mark.ts';
import { code } from './code.ts';
import { df, findmnt, fuser, lslocks, mount, mountNfs, swapoff, swapon } from './disk.ts';
import { dpkg, dpkgQuery } from './dpkg.ts';
import { iptables, ufw } from './firewall.ts';
import { git } from './git.ts';
import { gpg } from './gpg.ts';
import { detectVirt, free, iw, lscpu, lspci, mokutil, nproc } from './hardware.ts';
import { curl, wget } from './http.ts';
import { ip } from './ip.ts';
import { lsblk } from './lsblk.ts';
import { lsmod, modinfo, modprobe } from './modules.ts';
import { getent } from './names.ts';
import { networkctl, ping, ss } from './network.ts';
import { nvidiaSmi } from './nvidia.ts';
import { sha256sum } from './releases.ts';
import { debconfSetSelections, standIn } from './stand-ins.ts';
import { sysctl } from './sysctl.ts';
import { cloudInit, journalctl, loginctl, needrestart, systemdAnalyze, updateInitramfs, visudo } from './system.ts';
import { systemctl } from './systemctl.ts';
import { systemdRun } from './systemd-run.ts';
import { hostnamectl, timedatectl } from './time.ts';

/** Programs that are there only while a package of Ubuntu's archive is installed. */
export const packagePrograms: Readonly<Record<string, Command>> = {
  code,
  docker: standIn,
  gh: standIn,
  'git-lfs': standIn,
  gpg,
  'mount.nfs': mountNfs,
  'mount.nfs4': mountNfs,
  'nvidia-smi': nvidiaSmi,
};

/** The simulated programs of every Ubuntu machine, by name. */
export const ubuntuCommands: Readonly<Record<string, Command>> = {
  adduser,
  'apt-cache': aptCache,
  'apt-get': aptGet,
  'apt-mark': aptMark,
  'cloud-init': cloudInit,
  curl,
  'debconf-set-selections': debconfSetSelections,
  df,
  dpkg,
  'dpkg-query': dpkgQuery,
  findmnt,
  free,
  fuser,
  getent,
  git,
  gpasswd,
  groupadd,
  groupdel,
  hostnamectl,
  ip,
  iptables,
  'iptables-legacy': iptables,
  'iptables-nft': iptables,
  iw,
  journalctl,
  loginctl,
  lsblk,
  lscpu,
  lslocks,
  lsmod,
  lspci,
  modinfo,
  modprobe,
  mokutil,
  mount,
  needrestart,
  networkctl,
  nproc,
  ping,
  sha256sum,
  snap,
  ss,
  swapoff,
  swapon,
  sysctl,
  systemctl,
  'systemd-analyze': systemdAnalyze,
  'systemd-detect-virt': detectVirt,
  'systemd-run': systemdRun,
  timedatectl,
  ufw,
  'update-initramfs': updateInitramfs,
  useradd,
  usermod,
  visudo,
  wget,
};
