import type { Command } from '../command.ts';
import type { RigState } from '../state.ts';
import { fail, withOptions } from './arguments.ts';
import { interfaceName } from './network-data.ts';
import { isSecureBoot } from './nvidia.ts';

/** free: in KiB unless told. */
export const free: Command = withOptions(
  { flags: ['-b|--bytes', '-k|--kibi', '-m|--mebi', '-g|--gibi', '-h|--human', '-t|--total', '-w|--wide'] },
  (context, options) => {
    const { memoryMiB } = context.rig.hardware;
    const swap = (context.rig.swap ?? []).reduce((sum, area) => sum + area.mib, 0);
    const factor = options.has('--bytes')
      ? 1024 ** 2
      : options.has('--mebi')
        ? 1
        : options.has('--gibi')
          ? 1 / 1024
          : 1024;
    const show = (mib: number) =>
      options.has('--human') ? `${(mib / 1024).toFixed(1)}Gi` : String(Math.floor(mib * factor));
    const used = Math.round(memoryMiB * 0.2);
    const cached = Math.round(memoryMiB * 0.2);
    const row = (name: string, cells: readonly number[]) =>
      `${name.padEnd(8)}${cells.map((mib) => show(mib).padStart(12)).join('')}\n`;
    context.out(
      `${' '.repeat(8)}${['total', 'used', 'free', 'shared', 'buff/cache', 'available'].map((t) => t.padStart(12)).join('')}\n`,
    );
    context.out(row('Mem:', [memoryMiB, used, memoryMiB - used - cached, 4, cached, memoryMiB - used]));
    context.out(row('Swap:', [swap, 0, swap]));
    return 0;
  },
);

export const nproc: Command = withOptions({ flags: ['--all'], values: ['--ignore'] }, (context, options) => {
  context.out(`${Math.max(1, context.rig.hardware.cpus - Number(options.value('--ignore') ?? 0))}\n`);
  return 0;
});

export const lscpu: Command = withOptions({ flags: ['-J|--json'] }, (context, options) => {
  const { arch, cpus } = context.rig.hardware;
  const flags = arch === 'amd64' ? 'fpu sse4_2 avx avx2' : 'fp asimd';
  const rows: [string, string][] = [
    ['Architecture:', arch === 'amd64' ? 'x86_64' : 'aarch64'],
    ['CPU(s):', String(cpus)],
    ['Model name:', arch === 'amd64' ? 'Intel(R) Core(TM) i7-10700 CPU @ 2.90GHz' : 'Cortex-A72'],
    ['Flags:', flags],
  ];
  if (options.has('--json'))
    context.out(`${JSON.stringify({ lscpu: rows.map(([field, data]) => ({ field, data })) }, null, 3)}\n`);
  else context.out(rows.map(([field, data]) => `${field.padEnd(25)}${data}\n`).join(''));
  return 0;
});

const CLASSES: Readonly<Record<string, string>> = {
  '0300': 'VGA compatible controller',
  '0302': '3D controller',
  '0380': 'Display controller',
  '1200': 'Processing accelerators',
  '0108': 'Non-Volatile memory controller',
  '0200': 'Ethernet controller',
};

/** lspci (sheet gpu-and-nodes 3.1). */
export const lspci: Command = withOptions(
  { flags: ['-D', '-n', '-nn', '-k', '-v', '-m', '-mm'], values: ['-d', '-s'] },
  (context, options) => {
    const [vendor, device] = (options.value('-d') ?? '').split(':');
    const numbers = options.has('-nn') || options.all('-n').length > 1;
    for (const pci of context.rig.hardware.pci) {
      if ((vendor && pci.vendor !== vendor) || (device && pci.device !== device)) continue;
      context.out(
        line(pci, {
          domain: options.has('-D'),
          numbers,
          bare: options.all('-n').length === 1,
        }),
      );
      if (options.has('-k') && pci.driver) context.out(`\tKernel driver in use: ${pci.driver}\n`);
    }
    return 0;
  },
);

function line(
  pci: RigState['hardware']['pci'][number],
  how: { domain: boolean; numbers: boolean; bare: boolean },
): string {
  const slot = how.domain ? pci.slot : pci.slot.replace(/^0000:/, '');
  const ids = `${pci.vendor}:${pci.device}`;
  const shortClass = pci.class.replace(/^0x/, '').slice(0, 4);
  if (how.bare) return `${slot} ${shortClass}: ${ids} (rev a1)\n`;
  const kind = CLASSES[shortClass] ?? 'Unassigned class';
  return how.numbers
    ? `${slot} ${kind} [${shortClass}]: ${pci.name} [${ids}] (rev a1)\n`
    : `${slot} ${kind}: ${pci.name} (rev a1)\n`;
}

/** Secure Boot is off on simulated machines that have not the fault `secureboot`. */
export const mokutil: Command = withOptions({ flags: ['--sb-state', '--list-enrolled', '-l'] }, (context, options) => {
  if (options.has('--sb-state')) context.out(`SecureBoot ${isSecureBoot(context.rig) ? 'enabled' : 'disabled'}\n`);
  return 0;
});

/** systemd-detect-virt: exit 1 where there is nothing. */
export const detectVirt: Command = withOptions(
  { flags: ['-c|--container', '-v|--vm', '-q|--quiet', '-r|--chroot'] },
  (context, options) => {
    const { virtualization } = context.rig.hardware;
    const isContainer = virtualization === 'lxc' || virtualization === 'wsl';
    const isHidden =
      (options.has('--container') && !isContainer) || (options.has('--vm') && isContainer) || options.has('--chroot');
    const found = isHidden ? 'none' : virtualization;
    if (!options.has('--quiet')) context.out(`${found}\n`);
    return found === 'none' ? 1 : 0;
  },
);

/** `iw dev IF get|set power_save` (sheet gpu-and-nodes 6, wifi power save). */
export const iw: Command = (context) => {
  const [object, dev, verb, what, value] = context.args;
  const { rig } = context;
  if (object !== 'dev') return fail(context, 'Usage:\tiw [options] command', 1);
  if (dev === undefined) {
    if (rig.hardware.nic === 'wifi') context.out(`phy#0\n\tInterface ${interfaceName(rig)}\n\t\ttype managed\n`);
    return 0;
  }
  if (rig.hardware.nic !== 'wifi' || dev !== interfaceName(rig))
    return fail(context, 'command failed: No such device (-19)', 237);
  if (what !== 'power_save' || (verb !== 'get' && verb !== 'set'))
    return fail(context, 'Usage:\tiw [options] command', 1);
  if (verb === 'get') context.out(`Power save: ${(rig.wifiPowerSave ?? true) ? 'on' : 'off'}\n`);
  else if (context.user !== 'root') return fail(context, 'command failed: Operation not permitted (-1)', 255);
  else {
    rig.wifiPowerSave = value !== 'off';
    context.changed();
  }
  return 0;
};
