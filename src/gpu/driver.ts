import type { Ask } from '../engine/types.ts';
import type { Given } from '../resources/answers.ts';
import { sh } from '../shell/script.ts';
import { allDrivers } from './catalogue.ts';

/** What a machine has of NVIDIA's driver. Nothing of this is asked where there is no NVIDIA card. */
export interface Driver {
  /** Release of the running kernel. */
  readonly kernel: string;
  /** Version of the module that is loaded. */
  readonly loaded: string | undefined;
  /** The module that the running kernel finds on the disk. */
  readonly module: { readonly version: string; readonly path: string } | undefined;
  /** Loaded modules that take NVIDIA cards for themselves: `nouveau`, `nova_core`. */
  readonly rivals: readonly string[];
  readonly secureBoot: boolean;
  /** Somebody may look at a screen of this machine: it has a display manager. */
  readonly desktop: boolean;
  /** Debs of the driver and of kernels, installed or half installed. */
  readonly debs: readonly string[];
  /** Debs that the archive offers of those that `driverAsk` asks for; undefined while the machine has no lists. */
  readonly offered: ReadonlySet<string> | undefined;
}

/** Without its cache files: writing them anew is more than an ask may write. */
const policy = sh`apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= policy`;

/**
 * A line for each fact. What the archive offers is asked only while there is no module for the running kernel: then it
 * decides which one is installed. gpu-and-nodes sheet 3.1, 3.2, 3.5.
 */
export function driverAsk(host: string): Ask {
  const script = sh`
    if grep -qs 0x10de /sys/bus/pci/devices/*/vendor; then
      echo "kernel $(uname -r)"
      if [ -r /sys/module/nvidia/version ]; then echo "loaded $(cat /sys/module/nvidia/version)"; fi
      for name in nouveau nova_core; do
        if [ -d "/sys/module/$name" ]; then echo "rival $name"; fi
      done
      if [ ! -d /sys/firmware/efi ]; then echo 'boot BIOS'
      elif state=$(mokutil --sb-state); then echo "boot $state"
      else echo "boot byte $(od -An -tu1 -j4 -N1 /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c)"
      fi
      if [ -L /etc/systemd/system/display-manager.service ]; then echo desktop; fi
      dpkg-query -W -f 'deb \${db:Status-Abbrev} \${Package}\n' 'linux-image-*' '*nvidia-*'
      if path=$(modinfo -n nvidia); then echo "module $(modinfo -F version nvidia) $path"
      else
        if [ -d /var/lib/apt/lists ] && ! ls /var/lib/apt/lists | grep -q _Packages; then echo 'no lists'; fi
        ends=$(dpkg-query -W -f '\${Package}\n' 'linux-image-*' | sed -n 's/^linux-image-\([a-z]\)/\1/p')
        names=
        for driver in ${allDrivers()}; do
          for end in "$(uname -r)" $ends; do names="$names linux-modules-nvidia-$driver-$end"; done
        done
        ${policy} $names
      fi
    fi
    echo end
  `;
  return { key: 'NVIDIA driver', on: { host }, sh: script, timeoutS: 45 };
}

/** What `driverAsk` answered; undefined when the answer is not whole or there was no card to ask about. */
export function parseDriver({ text }: Given): Driver | undefined {
  const rows = text.split('\n');
  const all = (word: string) => rows.flatMap((row) => (row.startsWith(`${word} `) ? [row.slice(word.length + 1)] : []));
  const [kernel] = all('kernel');
  if (kernel === undefined || !rows.includes('end')) return undefined;
  const [version = '', path] = all('module')[0]?.split(' ') ?? [];
  return {
    kernel,
    loaded: all('loaded')[0],
    module: path === undefined ? undefined : { version, path },
    rivals: all('rival'),
    secureBoot: /enabled|^byte\s+1$/.test(all('boot')[0] ?? ''),
    desktop: rows.includes('desktop'),
    debs: all('deb').flatMap((row) => /^[ihu][^nc ]\S?\s+(\S+)$/.exec(row)?.[1] ?? []),
    offered: rows.includes('no lists') ? undefined : offers(rows),
  };
}

/** `apt-cache policy` says nothing of names that it does not know, and `(none)` of those it only remembers. */
function offers(rows: readonly string[]): Set<string> {
  const names = new Set<string>();
  let name = '';
  for (const row of rows) {
    name = /^(\S+):$/.exec(row)?.[1] ?? name;
    if (/^\s+Candidate: [^(]/.test(row)) names.add(name);
  }
  return names;
}

const BRANCH = '(\\d+(?:-server)?(?:-open)?)';
const OF_A_DRIVER = [
  new RegExp(`^linux-modules-nvidia-${BRANCH}-`),
  new RegExp(`^nvidia-(?:driver|dkms|headless|headless-no-dkms)-${BRANCH}$`),
];

/** Drivers of which there are packages with or for kernel modules: `595-server-open`, `580`. */
export function driversOn({ debs }: Driver): string[] {
  return [...new Set(debs.flatMap((deb) => OF_A_DRIVER.flatMap((form) => form.exec(deb)?.[1] ?? [])))];
}

/**
 * The packages of a driver, those of the running kernel's module first. gpu-and-nodes sheet 3.2. With a desktop also
 * what draws on a screen, or it would be dark without nouveau (inferred).
 */
export function packagesOf(driver: string, { kernel, desktop }: Driver): [string, ...string[]] {
  const branch = driver.replace(/-open$/, '');
  return [
    `linux-modules-nvidia-${driver}-${kernel}`,
    `nvidia-headless-no-dkms-${driver}`,
    `nvidia-utils-${branch}`,
    ...(desktop ? [`libnvidia-gl-${branch}`, `xserver-xorg-video-nvidia-${branch}`] : []),
  ];
}

/** Packages that bring the module with each later kernel, of the kernels that this machine follows. */
export function followingPackages(driver: string, { debs, offered }: Driver): string[] {
  const ends = debs.flatMap((deb) => /^linux-image-([a-z]\S*)$/.exec(deb)?.[1] ?? []);
  return ends.map((end) => `linux-modules-nvidia-${driver}-${end}`).filter((name) => offered?.has(name));
}
