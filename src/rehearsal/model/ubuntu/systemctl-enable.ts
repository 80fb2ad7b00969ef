import type { CommandContext } from '../command.ts';
import { fail, type Options } from './arguments.ts';
import { act } from './unit-actions.ts';
import { findUnit, UNIT_FOLDER, unitFile, unitNames } from './units.ts';

type Verb = 'enable' | 'disable' | 'mask' | 'unmask';

/** What systemctl does with unit files; `--now` also starts or stops. Links are told on standard error. */
export async function changeUnitFiles(
  context: CommandContext,
  options: Options,
  words: readonly string[],
  verb: Verb,
): Promise<number> {
  for (const name of words.flatMap((word) => unitNames(context, word))) {
    const code = CHANGE[verb](context, name, options.has('--quiet'));
    if (code !== 0) return code;
    if (options.has('--now') && verb !== 'unmask') {
      const failed = await act(context, name, verb === 'enable' ? 'start' : 'stop');
      if (failed !== 0) return failed;
    }
  }
  context.changed();
  return 0;
}

const CHANGE: Readonly<Record<Verb, (context: CommandContext, name: string, quiet: boolean) => number>> = {
  enable(context, name, quiet) {
    const unit = findUnit(context, name);
    if (!unit) return fail(context, `Failed to enable unit: Unit file ${name} does not exist.`);
    if (unit.enabled === 'masked') {
      return fail(context, `Failed to enable unit: Unit file ${UNIT_FOLDER}/${name} is masked.`);
    }
    if (unit.enabled === 'static') {
      context.err('The unit files have no installation config (WantedBy=, RequiredBy=, UpheldBy=,\n');
      context.err('Also=, or Alias= settings in the [Install] section, and DefaultInstance= for\n');
      context.err('template units). This means they are not meant to be enabled or disabled using systemctl.\n');
    } else if (unit.enabled === 'disabled') {
      unit.enabled = 'enabled';
      if (!quiet) context.err(`Created symlink ${wants(name)} → ${path(context, name)}.\n`);
    }
    return 0;
  },
  disable(context, name, quiet) {
    const unit = findUnit(context, name);
    if (!unit) return fail(context, `Failed to disable unit: Unit file ${name} does not exist.`);
    if (unit.enabled !== 'enabled') return 0;
    unit.enabled = 'disabled';
    if (!quiet) context.err(`Removed "${wants(name)}".\n`);
    return 0;
  },
  mask(context, name, quiet) {
    const unit = findUnit(context, name);
    if (unit?.enabled === 'masked') return 0;
    if (unitFile(context, name) !== undefined) {
      return fail(context, `Failed to mask unit: File '${UNIT_FOLDER}/${name}' already exists.`);
    }
    if (!unit) context.err(`Unit ${name} does not exist, proceeding anyway.\n`);
    context.rig.units[name] = { ...(unit ?? { active: 'inactive' }), enabled: 'masked' };
    context.files.link('/dev/null', `${UNIT_FOLDER}/${name}`);
    if (!quiet) context.err(`Created symlink ${UNIT_FOLDER}/${name} → /dev/null.\n`);
    return 0;
  },
  unmask(context, name, quiet) {
    const unit = context.rig.units[name];
    if (unit?.enabled !== 'masked') return 0;
    unit.enabled = name.endsWith('.target') ? 'static' : 'disabled';
    context.files.remove(`${UNIT_FOLDER}/${name}`);
    if (!quiet) context.err(`Removed "${UNIT_FOLDER}/${name}".\n`);
    return 0;
  },
};

function wants(name: string): string {
  const target = name.endsWith('.timer') ? 'timers' : name.endsWith('.socket') ? 'sockets' : 'multi-user';
  return `${UNIT_FOLDER}/${target}.target.wants/${name}`;
}

function path(context: CommandContext, name: string): string {
  return unitFile(context, name) === undefined ? `/usr/lib/systemd/system/${name}` : `${UNIT_FOLDER}/${name}`;
}
