import type { Command } from '../command.ts';
import type { RigState } from '../state.ts';
import { fail, type Options, table, withOptions } from './arguments.ts';
import { FRONTEND_LOCK, lockHolder } from './packages.ts';
import type { Site } from './site.ts';

/** The one disk of a machine; one file system holds everything. */
const DEVICE = '/dev/sda2';
const GIB = 1024 ** 3;

/** Swap areas that /etc/fstab wants. */
export function swapAreas(site: Pick<Site, 'files'>): { name: string; mib: number }[] {
  return (site.files.read('/etc/fstab') ?? '')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .filter((fields) => fields[2] === 'swap')
    .map(([name = '']) => ({ name, mib: 4096 }));
}

const DF_TITLES: Readonly<Record<string, string>> = {
  source: 'Filesystem',
  fstype: 'Type',
  used: 'Used',
  avail: 'Avail',
  pcent: 'Use%',
  target: 'Mounted on',
};

export const df: Command = withOptions(
  {
    flags: ['-h|--human-readable', '-k', '-m', '-P|--portability', '-T|--print-type', '-l|--local', '-a|--all'],
    values: ['-B|--block-size', '-t|--type', '-x|--exclude-type'],
    optional: ['--output'],
  },
  (context, options) => {
    const there = options.operands.filter((path) => path === '/' || context.files.exists(path));
    const missing = options.operands.filter((path) => !there.includes(path));
    for (const path of missing) context.err(`df: ${path}: No such file or directory\n`);
    if (there.length === 0 && missing.length > 0) return 1;
    const columns = dfColumns(options);
    const unit = blockUnit(options);
    const values = dfValues(context.rig, unit);
    const titles: Record<string, string> = { ...DF_TITLES, size: unit.title };
    if (options.has('--portability')) Object.assign(titles, { avail: 'Available', pcent: 'Capacity' });
    const rows = (there.length > 0 ? there : ['/']).map(() => columns.map((c) => values[c] ?? '-'));
    context.out(table([columns.map((c) => titles[c] ?? c), ...rows], 1));
    return missing.length > 0 ? 1 : 0;
  },
);

function dfColumns(options: Options): string[] {
  const output = options.value('--output');
  if (output) return output.split(',');
  const type = options.has('--print-type') || output === '' ? ['fstype'] : [];
  return ['source', ...type, 'size', 'used', 'avail', 'pcent', 'target'];
}

interface Unit {
  bytes: number;
  suffix: string;
  title: string;
}

function blockUnit(options: Options): Unit {
  if (options.has('--human-readable')) return { bytes: GIB, suffix: 'G', title: 'Size' };
  const asked = options.value('--block-size') ?? (options.has('-m') ? 'M' : options.has('-k') ? 'K' : '');
  const bytes = { '1': 1, K: 1024, '1K': 1024, M: 1024 ** 2, '1M': 1024 ** 2, G: GIB, '1G': GIB }[asked] ?? 1024;
  const suffix = /^[KMG]$/.test(asked) && options.value('--block-size') !== undefined ? asked : '';
  const name = { 1: '1B', 1024: '1K', [1024 ** 2]: '1M', [GIB]: '1G' }[bytes];
  const isPosix = options.has('--portability') && bytes === 1024;
  return { bytes, suffix, title: isPosix ? '1024-blocks' : `${name}-blocks` };
}

function dfValues(rig: RigState, unit: Unit): Record<string, string> {
  const { diskGiB, diskUsedGiB } = rig.hardware;
  const size = (gib: number) => `${Math.ceil((gib * GIB) / unit.bytes)}${unit.suffix}`;
  return {
    source: DEVICE,
    fstype: 'ext4',
    size: size(diskGiB),
    used: size(diskUsedGiB),
    avail: size(diskGiB - diskUsedGiB),
    pcent: `${Math.ceil((diskUsedGiB / diskGiB) * 100)}%`,
    target: '/',
  };
}

/** findmnt of `/` and of what lies in it. */
export const findmnt: Command = withOptions(
  {
    flags: ['-n|--noheadings', '-l|--list', '-J|--json'],
    values: ['-T|--target', '-o|--output', '-t|--types', '-M|--mountpoint'],
  },
  (context, options) => {
    const path = options.value('--target') ?? '/';
    const mountpoint = options.value('--mountpoint') ?? options.operands[0] ?? '/';
    if (mountpoint !== '/' || (path !== '/' && !context.files.exists(path))) return 1;
    const values: Record<string, string> = {
      TARGET: '/',
      SOURCE: DEVICE,
      FSTYPE: 'ext4',
      OPTIONS: 'rw,relatime',
      PROPAGATION: 'shared',
    };
    const columns = (options.value('--output') ?? 'TARGET,SOURCE,FSTYPE,OPTIONS').toUpperCase().split(',');
    const unknown = columns.find((c) => values[c] === undefined);
    if (unknown !== undefined) return fail(context, `findmnt: unknown column: ${unknown}`);
    const row = columns.map((c) => values[c] ?? '');
    if (options.has('--json')) {
      const entry = Object.fromEntries(columns.map((c) => [c.toLowerCase(), values[c]]));
      context.out(`${JSON.stringify({ filesystems: [entry] }, null, 3)}\n`);
    } else context.out(table(options.has('--noheadings') ? [row] : [columns, row], 1));
    return 0;
  },
);

/** mount: lists; anything but making `/` shared is beyond a simulated machine. */
export const mount: Command = (context) => {
  const words = context.args.filter((word) => word !== '/');
  if (words.length === 0) context.out(`${DEVICE} on / type ext4 (rw,relatime)\n`);
  else if (context.user !== 'root') return fail(context, 'mount: must be superuser to use mount.', 32);
  else if (words[0] !== '--make-rshared' && words[0] !== '-a') {
    return fail(context, `mount: ${words.at(-1)}: simulated machines cannot mount.`, 32);
  }
  return 0;
};

/** What the package nfs-common brings. */
export const mountNfs: Command = (context) =>
  fail(context, `usage: ${context.name} remotetarget dir [-rvVwfnsh] [-o nfsoptions]`, 1);

export const swapon: Command = withOptions(
  { flags: ['--noheadings', '-a|--all', '-s|--summary', '--bytes', '--raw'], optional: ['--show'] },
  (context, options) => {
    const areas = context.rig.swap ?? [];
    if (options.has('--all')) {
      if (context.user !== 'root') return fail(context, 'swapon: cannot open /swap.img: Permission denied', 32);
      context.rig.swap = swapAreas(context);
      context.changed();
      return 0;
    }
    if (options.operands.length > 0)
      return fail(context, `swapon: cannot open ${options.operands[0]}: No such file or directory`, 255);
    if (areas.length === 0) return 0;
    const size = (mib: number) =>
      options.has('--bytes') ? String(mib * 1024 ** 2) : mib % 1024 === 0 ? `${mib / 1024}G` : `${mib}M`;
    const columns = (options.value('--show') || 'NAME,TYPE,SIZE,USED,PRIO').split(',');
    const rows = areas.map((area) => {
      const type = area.name.startsWith('/dev/') ? 'partition' : 'file';
      const values: Record<string, string> = {
        NAME: area.name,
        TYPE: type,
        SIZE: size(area.mib),
        USED: '0B',
        PRIO: '-2',
      };
      return columns.map((c) => values[c.toUpperCase()] ?? '');
    });
    context.out(table(options.has('--noheadings') ? rows : [columns, ...rows], 1));
    return 0;
  },
);

export const swapoff: Command = withOptions({ flags: ['-a|--all', '-v|--verbose'] }, (context, options) => {
  if (context.user !== 'root') return fail(context, 'swapoff: Not superuser.', 32);
  const areas = context.rig.swap ?? [];
  const [name] = options.operands;
  if (!options.has('--all') && name === undefined) return fail(context, 'swapoff: bad usage');
  if (name !== undefined && !areas.some((area) => area.name === name)) {
    return fail(context, `swapoff: ${name}: swapoff failed: Invalid argument`, 4);
  }
  context.rig.swap = name === undefined ? [] : areas.filter((area) => area.name !== name);
  context.changed();
  return 0;
});

/** Who has a file open: of the model's files only the locks of apt (sheet gpu-and-nodes 6.1). */
export const fuser: Command = withOptions(
  { flags: ['-v|--verbose', '-s|--silent', '-k|--kill', '-m|--mount'] },
  (context, options) => {
    if (options.has('--kill')) return fail(context, 'fuser: simulated machines do not kill by file');
    const holder = lockHolder(context);
    if (context.user !== 'root' || !holder || !options.operands.some((path) => path.startsWith('/var/lib/dpkg/lock')))
      return 1;
    if (!options.has('--silent')) {
      for (const path of options.operands.filter((p) => p.startsWith('/var/lib/dpkg/lock'))) {
        context.err(`${path}:${' '.repeat(Math.max(1, 21 - path.length))}`);
        context.out(` ${holder.pid}`);
        context.err('\n');
      }
    }
    return 0;
  },
);

export const lslocks: Command = withOptions(
  { flags: ['-n|--noheadings', '-r|--raw'], values: ['-o|--output', '-p|--pid'] },
  (context, options) => {
    const holder = lockHolder(context);
    const columns = (options.value('--output') ?? 'COMMAND,PID,TYPE,SIZE,MODE,M,START,END,PATH')
      .toUpperCase()
      .split(',');
    const values: Record<string, string> = {
      COMMAND: holder?.by ?? '',
      PID: String(holder?.pid),
      TYPE: 'POSIX',
      SIZE: '0B',
      MODE: 'WRITE',
      M: '0',
      START: '0',
      END: '0',
      PATH: FRONTEND_LOCK,
    };
    const rows = holder ? [columns.map((c) => values[c] ?? '')] : [];
    const all = options.has('--noheadings') ? rows : [columns, ...rows];
    if (all.length > 0) context.out(table(all, 1));
    return 0;
  },
);
