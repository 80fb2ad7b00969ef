import type { Command, CommandContext } from '../command.ts';
import { fail, type Options, withOptions } from './arguments.ts';
import { changeUnitFiles } from './systemctl-enable.ts';
import { listUnitFiles, listUnits, show, showFile, status } from './systemctl-show.ts';
import { type Action, act, signal } from './unit-actions.ts';
import { findUnit, isBooting, unitNames } from './units.ts';

/** systemctl of systemd 255 (exit codes: 0, 1, 3 not active, 4 no such unit, 5 not installed). */
export const systemctl: Command = withOptions(
  {
    flags: [
      '-q|--quiet',
      '--now',
      '-f|--force',
      '--wait',
      '--value',
      '--no-pager',
      '--no-legend',
      '--plain',
      '--no-block',
      '--no-ask-password',
      '-l|--full',
      '-a|--all',
      '--failed',
      '--system',
      '--runtime',
    ],
    values: ['-p|--property', '-P', '-s|--signal', '-n|--lines', '-t|--type', '--state', '-o|--output', '--kill-whom'],
  },
  (context, options) => {
    const [verb = 'list-units', ...words] = options.operands;
    const run = VERBS[verb];
    if (!run) return fail(context, `Unknown command verb '${verb}'.`);
    if (CHANGES.has(verb) && context.user !== 'root') return notAllowed(context, verb, words[0]);
    return run(context, options, words);
  },
);

type Verb = (context: CommandContext, options: Options, words: readonly string[]) => Promise<number> | number;

const CHANGES = new Set([
  'start',
  'stop',
  'restart',
  'try-restart',
  'reload',
  'reload-or-restart',
  'try-reload-or-restart',
  'kill',
  'enable',
  'disable',
  'mask',
  'unmask',
  'daemon-reload',
  'reset-failed',
  'set-default',
  'isolate',
  'reboot',
  'poweroff',
]);

const VERBS: Readonly<Record<string, Verb>> = {
  'is-active': isActive,
  'is-failed': isFailed,
  'is-enabled': isEnabled,
  'is-system-running': isSystemRunning,
  start: (context, _, words) => each(context, words, 'start'),
  stop: (context, _, words) => each(context, words, 'stop'),
  restart: (context, _, words) => each(context, words, 'restart'),
  'try-restart': (context, _, words) =>
    each(
      context,
      words.filter((w) => isUp(context, w)),
      'restart',
    ),
  reload: (context, _, words) => each(context, words, 'reload'),
  'reload-or-restart': (context, _, words) => each(context, words, 'restart'),
  'try-reload-or-restart': (context, _, words) =>
    each(
      context,
      words.filter((w) => isUp(context, w)),
      'reload',
    ),
  isolate: (context, _, words) => each(context, words, 'start'),
  enable: (context, options, words) => changeUnitFiles(context, options, words, 'enable'),
  disable: (context, options, words) => changeUnitFiles(context, options, words, 'disable'),
  mask: (context, options, words) => changeUnitFiles(context, options, words, 'mask'),
  unmask: (context, options, words) => changeUnitFiles(context, options, words, 'unmask'),
  'daemon-reload': async (context) => {
    await context.sleep(1);
    return 0;
  },
  'reset-failed': resetFailed,
  'get-default': (context) => {
    context.out('graphical.target\n');
    return 0;
  },
  'set-default': () => 0,
  kill,
  show,
  status,
  cat: showFile,
  'list-units': listUnits,
  'list-timers': (context, options) => listUnits(context, options, ['*.timer']),
  'list-unit-files': listUnitFiles,
  reboot: (context) => {
    context.reboot(0);
    return 0;
  },
};

function notAllowed(context: CommandContext, verb: string, word = ''): number {
  const what =
    ['start', 'stop', 'restart', 'reload'].includes(verb) && word ? `${verb} ${unitNames(context, word)[0]}` : verb;
  context.err(`Failed to ${what}: Interactive authentication required.\n`);
  if (word) context.err(`See system logs and 'systemctl status ${unitNames(context, word)[0]}' for details.\n`);
  return 1;
}

function isUp(context: CommandContext, word: string): boolean {
  return unitNames(context, word).some((name) => findUnit(context, name)?.active === 'active');
}

function isActive(context: CommandContext, options: Options, words: readonly string[]): number {
  const units = words.flatMap((word) => unitNames(context, word)).map((name) => findUnit(context, name));
  if (!options.has('--quiet')) context.out(units.map((unit) => `${unit?.active ?? 'inactive'}\n`).join(''));
  if (units.some((unit) => unit?.active === 'active')) return 0;
  return units.every((unit) => unit === undefined) ? 4 : 3;
}

function isFailed(context: CommandContext, options: Options, words: readonly string[]): number {
  const units = words.flatMap((word) => unitNames(context, word)).map((name) => findUnit(context, name));
  if (!options.has('--quiet')) context.out(units.map((unit) => `${unit?.active ?? 'inactive'}\n`).join(''));
  return units.some((unit) => unit?.active === 'failed') ? 0 : 1;
}

function isEnabled(context: CommandContext, options: Options, words: readonly string[]): number {
  const units = words.flatMap((word) => unitNames(context, word)).map((name) => findUnit(context, name));
  for (const unit of units) {
    const state = unit?.transient ? 'transient' : (unit?.enabled ?? 'not-found');
    if (!options.has('--quiet')) context.out(`${state}\n`);
  }
  if (units.some((unit) => unit?.enabled === 'enabled' || unit?.enabled === 'static')) return 0;
  return units.every((unit) => unit === undefined) ? 4 : 1;
}

async function isSystemRunning(context: CommandContext, options: Options): Promise<number> {
  while (options.has('--wait') && isBooting(context)) await context.sleep(1);
  const hasFailed = Object.values(context.rig.units).some((unit) => unit.active === 'failed');
  const state = isBooting(context) ? 'starting' : hasFailed ? 'degraded' : 'running';
  if (!options.has('--quiet')) context.out(`${state}\n`);
  return state === 'running' ? 0 : 1;
}

async function each(context: CommandContext, words: readonly string[], action: Action): Promise<number> {
  let code = 0;
  for (const name of words.flatMap((word) => unitNames(context, word))) {
    code = (await act(context, name, action)) || code;
  }
  return code;
}

async function kill(context: CommandContext, options: Options, words: readonly string[]): Promise<number> {
  for (const name of words.flatMap((word) => unitNames(context, word))) {
    const unit = findUnit(context, name);
    if (!unit) return fail(context, `Failed to kill unit ${name}: Unit ${name} not loaded.`);
    if (unit.transient) await signal(context, name, options.value('--signal') ?? 'TERM');
  }
  return 0;
}

function resetFailed(context: CommandContext, _: Options, words: readonly string[]): number {
  const names = words.length > 0 ? words.flatMap((w) => unitNames(context, w)) : Object.keys(context.rig.units);
  for (const name of names) {
    const unit = context.rig.units[name];
    if (!unit && words.length > 0) {
      return fail(context, `Failed to reset failed state of unit ${name}: Unit ${name} not loaded.`);
    }
    if (unit?.active !== 'failed') continue;
    if (unit.transient) delete context.rig.units[name];
    else unit.active = 'inactive';
  }
  context.changed();
  return 0;
}
