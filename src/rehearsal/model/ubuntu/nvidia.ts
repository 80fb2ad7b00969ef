import type { Command, CommandContext } from '../command.ts';
import type { RigState } from '../state.ts';
import type { Deb } from './archive.ts';
import { fail, parseOptions } from './arguments.ts';
import { fault, type Site, spend } from './site.ts';

/** Branches that Ubuntu has as signed modules, and their versions (sheet gpu-and-nodes 3.2). */
const SIGNED: Readonly<Record<string, string>> = { '595-server': '595.71.05', '580-server': '580.178.04' };
/** What a desktop has that somebody set up: built on the machine by dkms. */
const BUILT = '580-open';
const MODULES = ['nvidia', 'nvidia_drm', 'nvidia_modeset', 'nvidia_uvm'];

/** NVIDIA's driver as the archive has it. */
export function nvidiaDebs(kernel: string): Record<string, Deb> {
  const debs: Record<string, Deb> = {};
  const common = (branch: string, driver: string) => {
    const version = `${driver}-0ubuntu0.24.04.1`;
    debs[`libnvidia-compute-${branch}`] = { version };
    debs[`nvidia-kernel-common-${branch}`] = { version };
    const library = [`libnvidia-compute-${branch}`];
    debs[`nvidia-utils-${branch}`] = { version, depends: library, programs: ['nvidia-smi'] };
  };
  for (const [branch, driver] of Object.entries(SIGNED)) {
    common(branch, driver);
    const depends = [`nvidia-kernel-common-${branch}`];
    for (const flavour of [branch, `${branch}-open`]) {
      const signed = `linux-modules-nvidia-${flavour}-${kernel}`;
      debs[signed] = { version: `${kernel.replace(/-[a-z]+$/, '')}.85+1`, depends, modules: MODULES, seconds: 20 };
      debs[`linux-modules-nvidia-${flavour}-generic`] = { version: '6.8.0-85.85+1', depends: [signed] };
      const headless = [...depends, `libnvidia-compute-${branch}`];
      debs[`nvidia-headless-no-dkms-${flavour}`] = { version: `${driver}-0ubuntu0.24.04.1`, depends: headless };
    }
  }
  const branch = BUILT.replace('-open', '');
  common(branch, '580.126.09');
  debs[`nvidia-dkms-${BUILT}`] = { version: '580.126.09-0ubuntu0.24.04.1', modules: MODULES, seconds: 120 };
  const depends = [`nvidia-dkms-${BUILT}`, `nvidia-kernel-common-${branch}`, `nvidia-utils-${branch}`];
  debs[`nvidia-driver-${BUILT}`] = { version: '580.126.09-0ubuntu0.24.04.1', depends };
  return debs;
}

function installed(rig: RigState, form: RegExp): string | undefined {
  return Object.keys(rig.packages).find((name) => form.test(name) && rig.packages[name]?.state === 'installed');
}

/** Version of what a package of the driver brought, without what Ubuntu adds to it. */
function versionOf(rig: RigState, form: RegExp): string | undefined {
  const name = installed(rig, form);
  return name === undefined ? undefined : rig.packages[name]?.version.split('-')[0];
}

/** Version of the module on the disk. */
export function nvidiaOnDisk(rig: RigState): string | undefined {
  return versionOf(rig, /^nvidia-kernel-common-/);
}

/** The package that holds the modules for the running kernel. */
function modulesDeb(rig: RigState): string | undefined {
  const kernel = rig.os.kernel;
  return installed(rig, /^nvidia-dkms-/) ?? Object.keys(rig.packages).find((n) => isSigned(rig, n, kernel));
}

function isSigned(rig: RigState, name: string, kernel: string): boolean {
  return (
    name.startsWith('linux-modules-nvidia-') && name.endsWith(`-${kernel}`) && rig.packages[name]?.state === 'installed'
  );
}

/** Where the modules lie, as `modinfo -n` says it. */
export function nvidiaPath(rig: RigState, module: string): string {
  const deb = modulesDeb(rig) ?? '';
  const file = `${module.replaceAll('_', '-')}.ko`;
  if (deb.startsWith('nvidia-dkms-')) return `/lib/modules/${rig.os.kernel}/updates/dkms/${file}.zst`;
  const flavour = /^linux-modules-nvidia-(\d+)(-server)?(-open)?-/.exec(deb) ?? [];
  return `/lib/modules/${rig.os.kernel}/kernel/nvidia-${flavour[1]}${flavour[2] ? 'srv' : ''}${flavour[3] ?? ''}/${file}`;
}

function freeCards(rig: RigState): RigState['hardware']['pci'] {
  return rig.hardware.pci.filter((card) => card.vendor === '10de' && card.driver === '');
}

/** Why the kernel does not take the module, as modprobe says it; undefined when it does. */
export function nvidiaRefusal(rig: RigState): string | undefined {
  if (rig.nvidiaLoaded !== undefined) return undefined;
  const isUnsigned = modulesDeb(rig)?.startsWith('nvidia-dkms-') ?? false;
  if (isUnsigned && isSecureBoot(rig)) return 'Key was rejected by service';
  return freeCards(rig).length === 0 ? 'No such device' : undefined;
}

export function isSecureBoot(rig: RigState): boolean {
  return fault({ rig }, 'secureboot') !== undefined;
}

/** The module is in the kernel now: it takes every card that nobody else has. */
export function nvidiaLoads(rig: RigState): void {
  const version = nvidiaOnDisk(rig);
  if (rig.nvidiaLoaded !== undefined || version === undefined) return;
  rig.nvidiaLoaded = version;
  for (const card of freeCards(rig)) card.driver = 'nvidia';
}

export function nvidiaUnloads(rig: RigState): void {
  delete rig.nvidiaLoaded;
  for (const card of rig.hardware.pci) if (card.driver === 'nvidia') card.driver = '';
}

/** gpumismatch: somebody upgraded the driver while it is in use. */
export function applyNvidiaFaults(site: Site): void {
  const { rig } = site;
  if (fault(site, 'gpumismatch') === undefined || rig.nvidiaLoaded === undefined) return;
  for (const [name, deb] of Object.entries(rig.packages)) {
    if (/nvidia-(compute|kernel-common|utils|headless)/.test(name)) deb.version = '595.84.01-0ubuntu0.24.04.1';
  }
  spend(site, 'gpumismatch');
}

const FAILED =
  "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n\n";

/** What the cards of the samples are called, and how much memory they have, in MiB. */
const CARDS: Readonly<Record<string, readonly [string, string, string]>> = {
  '2204': ['NVIDIA GeForce RTX 3090', '24576', '8.6'],
};

/** nvidia-smi: `-L` and `--query-gpu`. It says on standard output what is wrong (sheet gpu-and-nodes 3.6). */
export const nvidiaSmi: Command = (context) => {
  const { rig } = context;
  const options = parseOptions(context.args, { flags: ['-L|--list-gpus'], values: ['--query-gpu', '--format'] });
  if (options.problem) return fail(context, `Invalid combination of input arguments.`, 2);
  if (rig.nvidiaLoaded === undefined) return say(context, FAILED, 9);
  const library = versionOf(rig, /^libnvidia-compute-/) ?? '';
  if (library !== rig.nvidiaLoaded) {
    const version = library.split('.').slice(0, 2).join('.');
    return say(
      context,
      `Failed to initialize NVML: Driver/library version mismatch\nNVML library version: ${version}\n`,
      18,
    );
  }
  const cards = rig.hardware.pci.filter((card) => card.driver === 'nvidia');
  if (options.has('--list-gpus')) {
    const rows = cards.map(({ device }, i) => `GPU ${i}: ${CARDS[device]?.[0] ?? UNKNOWN[0]} (UUID: ${uuid(i)})\n`);
    return say(context, rows.join(''), 0);
  }
  const wanted = options.value('--query-gpu')?.split(',');
  if (!wanted) return fail(context, 'simulated machines know nvidia-smi -L and nvidia-smi --query-gpu', 2);
  const format = (options.value('--format') ?? '').split(',');
  const isBare = format.includes('nounits');
  for (const [i, card] of cards.entries()) {
    const values = fields(rig, card, i);
    const unit = (name: string) => (name === 'memory.total' && !isBare ? ' MiB' : '');
    const known = wanted.map((name) => `${values[name]}${unit(name)}`);
    const unknown = wanted.find((name) => values[name] === undefined);
    if (unknown) return say(context, `Field "${unknown}" is not a valid field to query.\n\n`, 2);
    if (i === 0 && !format.includes('noheader')) context.out(`${wanted.join(', ')}\n`);
    context.out(`${known.join(', ')}\n`);
  }
  return 0;
};

const UNKNOWN = ['NVIDIA Graphics Device', '8192', '12.0'] as const;

function fields(rig: RigState, card: RigState['hardware']['pci'][number], index: number): Record<string, string> {
  const [name, memory, capability] = CARDS[card.device] ?? UNKNOWN;
  return {
    index: String(index),
    uuid: uuid(index),
    name,
    'pci.bus_id': `0000${card.slot.toUpperCase()}`,
    driver_version: rig.nvidiaLoaded ?? '',
    'memory.total': memory,
    compute_cap: capability,
    'temperature.gpu': '41',
    'power.draw': '21.37',
    'mig.mode.current': '[N/A]',
    persistence_mode: 'Disabled',
    display_active: 'Disabled',
  };
}

function uuid(index: number): string {
  return `GPU-1c2d0000-0000-4000-8000-00000000000${index}`;
}

function say(context: CommandContext, text: string, status: number): number {
  context.out(text);
  return status;
}
