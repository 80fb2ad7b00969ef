import type { Command, CommandContext } from '../command.ts';
import { fail, withOptions } from './arguments.ts';
import { setActive, startSync } from './units.ts';

/** timedatectl (sheet gpu-and-nodes 6, time). The clock is in step some seconds after it was told to ask. */
export const timedatectl: Command = withOptions(
  { flags: ['--value', '-a|--all', '--no-pager', '--no-ask-password'], values: ['-p|--property', '-P'] },
  (context, options) => {
    const { rig } = context;
    const [verb = 'status', value] = options.operands;
    const yes = (is: boolean) => (is ? 'yes' : 'no');
    if (verb === 'show') {
      const values: Record<string, string> = {
        Timezone: 'Etc/UTC',
        LocalRTC: 'no',
        CanNTP: 'yes',
        NTP: yes(rig.time.ntp),
        NTPSynchronized: yes(rig.time.synchronized),
      };
      const wanted = [...options.all('--property'), ...options.all('-P')].flatMap((p) => p.split(','));
      const keys = wanted.length > 0 ? wanted.filter((key) => values[key] !== undefined) : Object.keys(values);
      const isBare = options.has('--value') || options.has('-P');
      context.out(keys.map((key) => (isBare ? `${values[key]}\n` : `${key}=${values[key]}\n`)).join(''));
      return 0;
    }
    if (verb === 'status') {
      context.out(
        `                Time zone: Etc/UTC (UTC, +0000)\nSystem clock synchronized: ${yes(rig.time.synchronized)}\n`,
      );
      context.out(
        `              NTP service: ${rig.time.ntp ? 'active' : 'inactive'}\n          RTC in local TZ: no\n`,
      );
      return 0;
    }
    if (verb === 'set-timezone') return 0;
    if (verb !== 'set-ntp') return fail(context, `Unknown command verb '${verb}'.`);
    const wanted = BOOLEANS[value ?? ''];
    if (wanted === undefined) return fail(context, `Failed to parse boolean argument '${value}': Invalid argument`);
    if (context.user !== 'root') return fail(context, 'Failed to set ntp: Interactive authentication required.');
    setNtp(context, wanted);
    return 0;
  },
);

const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  '1': true,
  on: true,
  false: false,
  no: false,
  '0': false,
  off: false,
};

function setNtp(context: CommandContext, on: boolean): void {
  const { rig } = context;
  rig.time.ntp = on;
  if (on) startSync(context);
  const unit = rig.units['systemd-timesyncd.service'];
  if (unit) unit.enabled = on ? 'enabled' : 'disabled';
  setActive(context, 'systemd-timesyncd.service', on ? 'active' : 'inactive');
  context.changed();
}

/** hostnamectl: the static name is /etc/hostname, the live one the kernel's. */
export const hostnamectl: Command = withOptions(
  { flags: ['--static', '--transient', '--pretty', '--no-ask-password'], values: ['--json'] },
  async (context, options) => {
    const [verb = 'status', name] = options.operands;
    const current = context.files.read('/etc/hostname')?.trim() ?? '';
    if (verb === 'status' && (options.has('--static') || options.has('--transient'))) context.out(`${current}\n`);
    else if (verb === 'status') context.out(describe(context, current));
    else if (verb !== 'hostname' && verb !== 'set-hostname') return fail(context, `Unknown command verb '${verb}'.`);
    else if (name === undefined) {
      if (verb === 'set-hostname') return fail(context, 'Too few arguments.');
      context.out(`${current}\n`);
    } else if (context.user !== 'root') {
      return fail(context, 'Could not set static hostname: Interactive authentication required.');
    } else if (!/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(name) || name.length > 64) {
      return fail(context, `Could not set static hostname: Invalid static hostname '${name}'`);
    } else {
      context.files.write('/etc/hostname', `${name}\n`, 0o644);
      return context.run(['hostname', name], { user: 'root' });
    }
    return 0;
  },
);

function describe(context: CommandContext, name: string): string {
  const { rig } = context;
  return ` Static hostname: ${name}
      Machine ID: ${context.files.read('/etc/machine-id')?.trim() ?? ''}
         Boot ID: ${rig.bootId.replaceAll('-', '')}
Operating System: Ubuntu ${rig.os.versionId} LTS
          Kernel: Linux ${rig.os.kernel}
    Architecture: ${rig.hardware.arch === 'amd64' ? 'x86-64' : 'arm64'}
`;
}
