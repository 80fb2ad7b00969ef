import type { Command, CommandContext } from '../command.ts';
import { fail, type Options, withOptions } from './arguments.ts';
import { hexId } from './site.ts';
import { pidFile } from './unit-actions.ts';
import { endTransient, findUnit } from './units.ts';

/** What a system service finds in its environment on Ubuntu: no HOME, and nothing of the caller. */
const SERVICE_ENV = {
  LANG: 'C.UTF-8',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin',
};

/** Properties that are taken; those without a meaning in the model are taken without one. */
const PROPERTIES = new Set([
  'CPUSchedulingPolicy',
  'CPUWeight',
  'CollectMode',
  'Delegate',
  'Environment',
  'IOSchedulingClass',
  'IOWeight',
  'KillMode',
  'KillSignal',
  'LimitNOFILE',
  'MemoryMax',
  'Nice',
  'OOMPolicy',
  'OOMScoreAdjust',
  'PrivateTmp',
  'Restart',
  'RuntimeMaxSec',
  'SendSIGHUP',
  'SendSIGKILL',
  'StandardError',
  'StandardInput',
  'StandardOutput',
  'SuccessExitStatus',
  'TasksMax',
  'TimeoutSec',
  'TimeoutStartSec',
  'TimeoutStopSec',
  'Type',
  'UMask',
  'User',
  'WorkingDirectory',
]);

/** systemd-run (design 6: a second start under the same name is refused by systemd itself). */
export const systemdRun: Command = withOptions(
  {
    flags: [
      '-G|--collect',
      '-q|--quiet',
      '--no-block',
      '--wait',
      '-P|--pipe',
      '-d|--same-dir',
      '-r|--remain-after-exit',
      '--no-ask-password',
      '--system',
    ],
    values: [
      '-u|--unit',
      '--description',
      '-p|--property',
      '-E|--setenv',
      '--on-active',
      '--timer-property',
      '--working-directory',
      '--service-type',
      '--slice',
      '--uid',
      '--gid',
      '--nice',
    ],
    stopsAtOperand: true,
  },
  (context, options) => {
    const [program] = options.operands;
    if (program === undefined) return fail(context, 'Command line to execute required.');
    for (const property of options.all('--property')) {
      const key = property.split('=')[0] ?? '';
      if (!property.includes('=')) return fail(context, `Not an assignment: ${property}`);
      if (!PROPERTIES.has(key)) return fail(context, `Unknown assignment: ${property}`);
    }
    if (context.user !== 'root') {
      return fail(context, 'Failed to start transient service unit: Interactive authentication required.');
    }
    const given = options.value('--unit');
    const name = (given ?? `run-r${hexId(context, 32)}`).replace(/(\.service)?$/, '.service');
    const delay = options.value('--on-active');
    const kind = delay === undefined ? 'service' : 'timer';
    const unit = name.replace(/service$/, kind);
    if (findUnit(context, unit)) {
      const why = `Unit ${unit} was already loaded or has a fragment file.`;
      return fail(context, `Failed to start transient ${kind} unit: ${why}`);
    }
    return delay === undefined ? runNow(context, options, name) : runLater(context, options, name, seconds(delay));
  },
);

function runNow(context: CommandContext, options: Options, name: string): Promise<number> | number {
  const id = hexId(context, 32);
  if (!options.has('--quiet')) context.err(`Running as unit: ${name}; invocation ID: ${id}\n`);
  const env = { ...environment(context, options), INVOCATION_ID: id };
  if (options.has('--pipe')) return context.run(options.operands, { user: 'root', env });
  const ended = launch(context, options, name, wrapped(context, options, name, options.operands), env);
  return options.has('--wait') ? ended : 0;
}

function runLater(context: CommandContext, options: Options, service: string, delayS: number): number {
  const timer = service.replace(/service$/, 'timer');
  if (!options.has('--quiet')) context.err(`Running timer as unit: ${timer}\nWill run service as unit: ${service}\n`);
  const later = ['bash', '-c', 'sleep "$1"; shift; exec "$@"', 'bash', String(delayS), ...options.operands];
  void launch(context, options, timer, wrapped(context, options, timer, later), environment(context, options));
  return 0;
}

/** Starts the process that is the unit. It outlives the caller. */
function launch(
  context: CommandContext,
  options: Options,
  name: string,
  argv: readonly string[],
  env: Record<string, string>,
): Promise<number> {
  return new Promise((resolve) => {
    context.rig.units[name] = { active: 'active', enabled: 'static', transient: true, since: context.now() };
    context.spawn(argv, env, (code) => {
      endTransient(context, name, code, {
        collect: options.has('--collect') || options.all('--property').includes('CollectMode=inactive-or-failed'),
        remain: options.has('--remain-after-exit'),
      });
      resolve(code);
    });
    context.changed();
  });
}

function environment(context: CommandContext, options: Options): Record<string, string> {
  const env: Record<string, string> = { ...SERVICE_ENV };
  const given = options.all('--property').flatMap((p) => (p.startsWith('Environment=') ? [p.slice(12)] : []));
  for (const assignment of [...given, ...options.all('--setenv')]) {
    const [key = '', ...value] = assignment.split('=');
    env[key] = assignment.includes('=') ? value.join('=') : (context.env[key] ?? '');
  }
  if (options.value('--uid') ?? property(options, 'User')) env.HOME = '/root';
  return env;
}

function property(options: Options, name: string): string | undefined {
  const found = options.all('--property').findLast((p) => p.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}

/** The command with its process id noted, its working folder, and its output where the properties want it. */
function wrapped(
  context: CommandContext,
  options: Options,
  name: string,
  command: readonly string[],
): readonly string[] {
  const own = options.value('--working-directory') ?? (options.has('--same-dir') ? context.cwd : '/');
  const out = redirect('>', property(options, 'StandardOutput'));
  const err = redirect('2>', property(options, 'StandardError'));
  const shell = `mkdir -p "\${1%/*}" && echo $$ >"$1"; cd "$2" || exit 200${out.shell('$3')}${err.shell('$4')}; shift 4; exec "$@"`;
  const folder = property(options, 'WorkingDirectory') ?? own;
  return ['bash', '-c', shell, 'bash', pidFile(name), folder, out.path, err.path, ...command];
}

function redirect(operator: string, value: string | undefined): { path: string; shell: (word: string) => string } {
  const [, how, path] = /^(file|append|truncate):(.+)$/.exec(value ?? '') ?? [];
  if (path === undefined) return { path: '', shell: () => '' };
  return { path, shell: (word) => `; exec ${operator}${how === 'append' ? '>' : ''}"${word}"` };
}

/** systemd's time spans, as far as anybody uses them: `5`, `5s`, `2min`, `1h`. */
function seconds(span: string): number {
  const [, number = '0', unit = 's'] = /^(\d+(?:\.\d+)?)\s*(s|sec|m|min|h)?$/.exec(span) ?? [];
  const factor = { s: 1, sec: 1, m: 60, min: 60, h: 3600 }[unit] ?? 1;
  return Number(number) * factor;
}
