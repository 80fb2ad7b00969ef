import type { Command, CommandContext } from '../command.ts';
import { fail, type Options, parseOptions } from '../ubuntu/arguments.ts';
import { get, set, unset } from './conf.ts';
import { refresh } from './hold.ts';
import { changes, info, list, tasks } from './listing.ts';
import { follow, install, remove, revert } from './operations.ts';
import { alias, serviceCommand, services, unalias } from './services.ts';

const OPTIONS = {
  flags: [
    '--classic',
    '--devmode',
    '--dangerous',
    '--no-wait',
    '--purge',
    '--unhold',
    '--time',
    '--list',
    '--all',
    '--abs-time',
    '--verbose',
    '--enable',
    '--disable',
    '--reload',
    '--stable',
    '--candidate',
    '--beta',
    '--edge',
    '--amend',
    '--ignore-running',
    '-d|--document',
    '-l|--last',
    '-t|--typed',
  ],
  values: ['--channel', '--revision', '--unicode', '--color', '--cohort', '--hold'],
};

type Verb = (context: CommandContext, options: Options, names: readonly string[]) => Promise<number> | number;

const VERBS: Readonly<Record<string, Verb>> = {
  install,
  remove,
  refresh,
  revert,
  list,
  info,
  changes,
  tasks,
  change: tasks,
  services,
  get,
  set,
  unset,
  alias,
  unalias,
  start: (context, options, names) => serviceCommand(context, options, names, 'start'),
  stop: (context, options, names) => serviceCommand(context, options, names, 'stop'),
  restart: (context, options, names) => serviceCommand(context, options, names, 'restart'),
  wait: waitFor,
  watch: (context, options, names) => {
    const change = context.rig.snapChanges.find((c) => String(c.id) === names[0]);
    return change
      ? follow(context, options, change, () => '')
      : fail(context, `error: cannot find change with id "${names[0]}"`);
  },
  abort: (context, _, names) => {
    if (context.user !== 'root') return fail(context, 'error: access denied (try with sudo)');
    const change = context.rig.snapChanges.find((c) => String(c.id) === names[0]);
    if (!change) return fail(context, `error: cannot find change with id "${names[0]}"`);
    if (change.status !== 'Doing') {
      return fail(context, `error: cannot abort change ${change.id} with nothing pending`);
    }
    change.status = 'Error';
    change.error = '- aborted';
    context.changed();
    return 0;
  },
  version: (context) => {
    const { os } = context.rig;
    const deb = context.rig.packages.snapd?.version ?? 'unavailable';
    context.out(`snap    ${deb}\nsnapd   ${deb}\nseries  16\nubuntu  ${os.versionId}\nkernel  ${os.kernel}\n`);
    return 0;
  },
  help: (context) => {
    context.out('The snap command lets you install, configure, refresh and remove snaps.\n');
    return 0;
  },
};

/** The snap client (sheet microk8s 1.3). Exit codes: 0, 1, 10 try again, 64 usage. */
export const snap: Command = (context) => {
  const args = context.args.map((word) => (word === '--hold' ? '--hold=forever' : word));
  const [verb, ...rest] = args[0] === '--version' ? ['version', ...args.slice(1)] : args;
  const run = VERBS[verb ?? 'help'];
  if (!run) return fail(context, `error: unknown command "${verb}", see 'snap help'.`, 64);
  const options = parseOptions(rest, OPTIONS);
  if (options.problem) {
    const { option, missingValue } = options.problem;
    const name = option.replace(/^-+/, '');
    const said = missingValue ? `expected argument for flag \`${option}'` : `unknown flag \`${name}'`;
    return fail(context, `error: ${said}`, 64);
  }
  return run(context, options, options.operands);
};

/** `snap wait system seed.loaded` blocks until it is so; there is no option for how long. */
async function waitFor(context: CommandContext, _: Options, names: readonly string[]): Promise<number> {
  if (names[0] === undefined) return fail(context, 'error: the required argument `<snap>` was not provided');
  if (names[0] !== 'system' || names[1] !== 'seed.loaded') {
    return fail(context, 'error: simulated machines wait only for "system seed.loaded"');
  }
  while (!context.rig.seeded) await context.sleep(0.5);
  return 0;
}
