import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { $ } from 'zx';
import { template } from '../../src/rehearsal/paths.ts';
import { DEBS, makeArchive, VERSION } from './archive.ts';
import { CACHE, PASSWORD, USER } from './places.ts';

const MIRROR = process.env.MLK8S_LAB_MIRROR ?? 'http://deb.debian.org/debian';
const SUITE = 'bookworm';
const PACKAGES =
  'systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,iproute2,iputils-ping,procps,kmod,psmisc,usr-is-merged,curl,ca-certificates,git,gpg';

/** Programs that the lab needs, and Debian's package of each. */
const NEEDED = {
  debootstrap: 'debootstrap',
  'systemd-nspawn': 'systemd-container',
  ip: 'iproute2',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  unshare: 'util-linux',
};

/** What a container cannot do or must not touch; the model answers instead. */
const SIMULATED = ['sysctl', 'modprobe', 'lsmod', 'modinfo', 'timedatectl', 'lspci'];

const FILES = {
  'etc/apt/sources.list': 'deb [trusted=yes] file:/srv/archive ./\n',
  'etc/hostname': 'debian\n',
  // The only name outside that is asked for, and there is no name server.
  'etc/hosts': '127.0.0.1 localhost\n127.0.1.1 debian\n192.0.2.1 registry.k8s.io\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n',
  'etc/ssh/sshd_config.d/lab.conf': 'UseDNS no\n',
};

const shim = () => readFileSync(template('shim.pl'), 'utf8');

/** Throws with the command to type when this computer cannot run a lab. */
export function checkNeeds(): void {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new Error('the lab starts machines with systemd-nspawn: it needs Linux and root');
  }
  const folders = (process.env.PATH ?? '').split(':');
  const missing = Object.entries(NEEDED).filter(([program]) => !folders.some((dir) => existsSync(join(dir, program))));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ');
  throw new Error(`the lab needs ${missing.map(([program]) => program).join(', ')}: apt-get install -y ${packages}`);
}

/** The file tree that all machines of a lab have below their own, made when it is not there yet. Returns its path. */
export async function baseTree(say: (text: string) => void, signal?: AbortSignal): Promise<string> {
  const recipe = JSON.stringify([SUITE, PACKAGES, SIMULATED, DEBS, VERSION, FILES, shim(), PASSWORD]);
  const key = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
  const tree = join(CACHE, key);
  if (existsSync(tree)) return tree;
  mkdirSync(CACHE, { recursive: true });
  const fresh = `${tree}.${process.pid}`;
  say(`making the file tree of a Debian machine in ${tree} (once, about a minute)`);
  try {
    const options = { quiet: true, ...(signal ? { signal } : {}) };
    await $(options)`debootstrap --variant=minbase --include=${PACKAGES} ${SUITE} ${fresh} ${MIRROR}`;
    await furnish(fresh);
    renameSync(fresh, tree);
  } finally {
    // debootstrap mounts it, and leaves it when it is stopped.
    await $({ quiet: true, nothrow: true })`umount -R ${join(fresh, 'proc')}`;
    rmSync(fresh, { recursive: true, force: true });
  }
  return tree;
}

async function furnish(tree: string): Promise<void> {
  await $({ quiet: true })`chroot ${tree} useradd --create-home --shell /bin/bash --uid 1000 ${USER}`;
  await $({ quiet: true, input: `${USER}:${PASSWORD}\n` })`chroot ${tree} chpasswd`;
  // Every machine gets its own.
  await $({ quiet: true })`bash -c ${'rm -f "$0"/etc/ssh/ssh_host_* "$0"/etc/machine-id'} ${tree}`;
  await makeArchive(join(tree, 'srv/archive'));
  for (const [path, text] of Object.entries({ ...FILES, 'usr/local/sbin/.shim': shim() })) {
    writeFileSync(put(tree, path), text);
    chmodSync(put(tree, path), path.endsWith('.shim') ? 0o755 : 0o644);
  }
  for (const name of SIMULATED) symlinkSync('.shim', put(tree, `usr/local/sbin/${name}`));
  await $({ quiet: true })`chroot ${tree} apt-get update`;
}

function put(tree: string, path: string): string {
  const full = join(tree, path);
  mkdirSync(dirname(full), { recursive: true });
  return full;
}
