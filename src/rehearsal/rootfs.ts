import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { coverable } from './fakes.ts';
import type { Model } from './model/contract.ts';
import type { RigState } from './model/state.ts';
import type { MountStep } from './rig.ts';
import { NOTHING, SHIM_FOLDER } from './shim.ts';

/** Folders of `/` that lead into /usr on merged systems and stand for themselves on others. */
const USR_LINKS = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];
const DISK = ['boot', 'data', 'dev', 'etc', 'home', 'media', 'mnt', 'opt', 'proc', 'root', 'run', 'snap', 'srv', 'sys'];
const MORE = [
  'etc/apt/sources.list.d',
  'etc/apt/keyrings',
  'etc/sysctl.d',
  'etc/modules-load.d',
  'etc/alternatives',
  'snap/bin',
  'usr',
];
const VAR = ['var/lib', 'var/log', 'var/cache', 'var/tmp', 'var/spool'];
const LOCAL = ['bin', 'sbin', 'lib', 'share', 'etc', 'include', 'src', 'games'];
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

/** Where the computer's own /usr lies untouched inside a machine, for a simulated program that needs the real one. */
export const REAL_USR = '/.usr';

/** The disk of a fresh machine. Whoever logs in may do so with `authorizedKey`. */
export function makeDisk(folder: string, rig: RigState, model: Model, authorizedKey: string): void {
  const root = join(folder, 'root');
  const home = `home/${rig.user}`;
  for (const path of [...DISK, ...MORE, ...VAR, home, REAL_USR]) mkdirSync(join(root, path), { recursive: true });
  mkdirSync(join(root, 'tmp'), { mode: 0o1777 });
  mkdirSync(join(root, home, '.ssh'), { mode: 0o700 });
  for (const path of LOCAL) mkdirSync(join(folder, 'local', path), { recursive: true });
  for (const name of USR_LINKS) {
    const at = join('/', name);
    if (!existsSync(at)) continue;
    if (lstatSync(at).isSymbolicLink()) symlinkSync(readlinkSync(at), join(root, name));
    else mkdirSync(join(root, name));
  }
  symlinkSync('/run', join(root, 'var/run'));
  const files = {
    ...ubuntuFiles(rig),
    [`/${home}/.ssh/authorized_keys`]: { content: `${authorizedKey}\n`, mode: 0o600 },
    ...model.files?.(rig),
  };
  for (const [path, { content, mode = 0o644 }] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { mode });
  }
}

/** As a boot does. */
export function emptyTmp(folder: string): void {
  const tmp = join(folder, 'root/tmp');
  for (const name of readdirSync(tmp)) rmSync(join(tmp, name), { recursive: true, force: true });
}

function ubuntuFiles(rig: RigState): Record<string, { content: string; mode?: number }> {
  const { user, name, os } = rig;
  const login = user === 'root' ? '' : `${user}:x:1000:1000:${user}:/home/${user}:/bin/bash\n`;
  const group = user === 'root' ? '' : `${user}:x:1000:\n`;
  return {
    '/etc/hostname': { content: `${name}\n` },
    '/etc/hosts': { content: `127.0.0.1 localhost\n127.0.1.1 ${name}\n\n::1 ip6-localhost ip6-loopback\n` },
    '/etc/passwd': {
      content: `root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n${login}`,
    },
    '/etc/group': { content: `root:x:0:\nadm:x:4:\nsudo:x:27:${user}\nnogroup:x:65534:\n${group}` },
    '/etc/shadow': { content: `root:*:20000:0:99999:7:::\n${user}:*:20000:0:99999:7:::\n`, mode: 0o640 },
    '/etc/os-release': { content: osRelease(os) },
    '/etc/machine-id': { content: `${createHash('sha256').update(name).digest('hex').slice(0, 32)}\n` },
    '/etc/resolv.conf': { content: 'nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch lan\n' },
    '/etc/nsswitch.conf': { content: 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n' },
    '/etc/environment': { content: `PATH="${LOGIN_PATH}"\n` },
    '/etc/shells': { content: '/bin/sh\n/bin/bash\n' },
    '/etc/fstab': { content: '/dev/sda2 / ext4 defaults 0 1\n' },
    [`/home/${user}/.profile`]: { content: '' },
  };
}

/** PATH of an SSH login on Ubuntu (/etc/environment). */
export const LOGIN_PATH =
  '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games:/usr/local/games:/snap/bin';

function osRelease(os: RigState['os']): string {
  const title = `${os.id.charAt(0).toUpperCase()}${os.id.slice(1)}`;
  return [
    `PRETTY_NAME="${title} ${os.versionId}"`,
    `NAME="${title}"`,
    `VERSION_ID="${os.versionId}"`,
    `VERSION_CODENAME=${os.codename}`,
    `ID=${os.id}`,
    ...(os.id === 'ubuntu' ? ['ID_LIKE=debian', `UBUNTU_CODENAME=${os.codename}`] : []),
    '',
  ].join('\n');
}

/**
 * What is mounted into a machine before it starts. `keep`: simulated programs whose real ones stay at their path.
 * `optional`: those that only a package brings, so that this computer's own ones are none of the machine.
 */
export function mountSteps(
  rig: RigState,
  paths: { folder: string; shims: string; modelSocket: string },
  { simulated, keep, optional }: Programs,
): MountStep[] {
  const { folder, shims, modelSocket } = paths;
  const always = simulated.filter((name) => !keep.has(name) && !optional.includes(name));
  return [
    ...bindReadOnly('/usr', '/usr'),
    ...bindReadOnly('/usr', REAL_USR),
    ...ownFolders().flatMap((name) => bindReadOnly(`/${name}`, `/${name}`)),
    ['bind', join(folder, 'local'), '/usr/local'],
    ...bindReadOnly(shims, SHIM_FOLDER),
    ...realPaths(always).map((path): MountStep => ['bind', join(shims, '.shim'), path]),
    ...realPaths(optional).map((path): MountStep => ['bind', join(shims, NOTHING), path]),
    ...(existsSync('/usr/lib/os-release') ? [osReleaseStep(folder)] : []),
    ...bindReadOnly('/etc/alternatives', '/etc/alternatives'),
    ['tmpfs', 'mode=755', '/run'],
    ['mkdir', '1777', '/run/lock'],
    ['bind', join(folder, 'sys'), '/sys'],
    ['proc', '', '/proc'],
    ...coverable(rig).map((path): MountStep => ['bind', join(folder, 'proc', path), `/proc/${path}`]),
    ...deviceSteps(modelSocket),
    ['mkdir', '0755', '/dev/disk'],
    ['bind', join(folder, 'disk'), '/dev/disk'],
  ];
}

interface Programs {
  readonly simulated: readonly string[];
  readonly keep: ReadonlySet<string>;
  readonly optional: readonly string[];
}

function bindReadOnly(from: string, to: string): MountStep[] {
  if (!existsSync(from)) return [];
  return [
    ['bind', from, to],
    ['ro', '', to],
  ];
}

function osReleaseStep(folder: string): MountStep {
  return ['bind', join(folder, 'root/etc/os-release'), '/usr/lib/os-release'];
}

function ownFolders(): string[] {
  return USR_LINKS.filter((name) => existsSync(`/${name}`) && !lstatSync(`/${name}`).isSymbolicLink());
}

/** A simulated program is called by its full path as well: there the shim covers this computer's own. */
function realPaths(programs: readonly string[]): string[] {
  const names = new Set(programs);
  const covered = ['/usr/bin', '/usr/sbin'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => names.has(name))
      .map((name) => `${folder}/${name}`),
  );
  return covered.flatMap((path) => ownFile(path) ?? []);
}

/**
 * The file to be covered. A link to a common program (systemctl behind reboot, kmod behind modprobe) cannot be covered
 * without covering that; one to a file of the same name elsewhere can.
 */
function ownFile(path: string): string | undefined {
  if (lstatSync(path).isFile()) return path;
  if (!existsSync(path)) return undefined;
  const real = realpathSync(path);
  return basename(real) === basename(path) && real.startsWith('/usr/') ? real : undefined;
}

function deviceSteps(modelSocket: string): MountStep[] {
  return [
    ['tmpfs', 'mode=755', '/dev'],
    ...DEVICES.flatMap((name): MountStep[] => [
      ['file', '', `/dev/${name}`],
      ['bind', `/dev/${name}`, `/dev/${name}`],
    ]),
    ['link', '/proc/self/fd', '/dev/fd'],
    ['link', '/proc/self/fd/0', '/dev/stdin'],
    ['link', '/proc/self/fd/1', '/dev/stdout'],
    ['link', '/proc/self/fd/2', '/dev/stderr'],
    ['mkdir', '1777', '/dev/shm'],
    ['mkdir', '0755', '/dev/pts'],
    ['devpts', 'newinstance,ptmxmode=0666,mode=620', '/dev/pts'],
    ['link', 'pts/ptmx', '/dev/ptmx'],
    ['file', '', '/dev/mlk8s-model'],
    ['bind', modelSocket, '/dev/mlk8s-model'],
  ];
}
