import { SHIM } from '../../shim.ts';
import type { CommandContext } from '../command.ts';
import { fail, type Options, table } from '../ubuntu/arguments.ts';
import { setActive } from '../ubuntu/units.ts';

/** The units of a snap, or of the service `snap.service` of it. */
function unitsOf(context: CommandContext, word: string): string[] {
  const [snap = '', service] = word.split('.');
  const prefix = `snap.${snap}.`;
  return Object.keys(context.rig.units)
    .filter((name) => (service === undefined ? name.startsWith(prefix) : name === `${prefix}${service}.service`))
    .toSorted();
}

function missing(context: CommandContext, words: readonly string[]): string | undefined {
  for (const word of words) {
    const [snap = '', service] = word.split('.');
    if (!context.rig.snaps[snap]) return `error: snap "${snap}" not found`;
    if (unitsOf(context, word).length > 0) continue;
    return service === undefined
      ? `error: snap "${snap}" has no services`
      : `error: snap "${snap}" has no service "${service}"`;
  }
  return undefined;
}

/** snap services. */
export function services(context: CommandContext, _: Options, words: readonly string[]): number {
  const problem = missing(context, words);
  if (problem !== undefined) return fail(context, problem);
  const all = words.length > 0 ? words : Object.keys(context.rig.snaps).toSorted();
  const rows = all
    .flatMap((word) => unitsOf(context, word))
    .map((name) => {
      const unit = context.rig.units[name];
      const service = name.replace(/^snap\./, '').replace(/\.service$/, '');
      return [service, unit?.enabled ?? '', unit?.active === 'active' ? 'active' : 'inactive', '-'];
    });
  if (rows.length === 0) context.err('There are no services provided by installed snaps.\n');
  else context.out(table([['Service', 'Startup', 'Current', 'Notes'], ...rows]));
  return 0;
}

const VERB_WORDS = { start: 'Started.', stop: 'Stopped.', restart: 'Restarted.' } as const;

/**
 * snap start, stop, restart of a snap or of one of its services. Of a whole snap only what is enabled starts, and
 * only what runs restarts.
 */
export async function serviceCommand(
  context: CommandContext,
  options: Options,
  words: readonly string[],
  verb: 'start' | 'stop' | 'restart',
): Promise<number> {
  if (words.length === 0) return fail(context, 'error: the required argument `<service>` was not provided', 1);
  if (context.user !== 'root') return fail(context, 'error: access denied (try with sudo)');
  const problem = missing(context, words);
  if (problem !== undefined) return fail(context, problem);
  const names = words.flatMap((word) => unitsOf(context, word));
  const isNamed = words.some((word) => word.includes('.'));
  await context.sleep(verb === 'start' ? 3 : 8);
  for (const name of names) {
    const unit = context.rig.units[name];
    if (!unit) continue;
    if (verb === 'start' && options.has('--enable')) unit.enabled = 'enabled';
    if (verb === 'stop' && options.has('--disable')) unit.enabled = 'disabled';
    if (verb === 'stop') setActive(context, name, 'inactive');
    else if (isNamed || (verb === 'start' ? unit.enabled === 'enabled' : unit.active === 'active')) {
      setActive(context, name, 'active');
    }
  }
  context.out(`${VERB_WORDS[verb]}\n`);
  return 0;
}

/** By the folder: what the links there lead to is not a file of the machine. */
function isProgram(context: CommandContext, name: string): boolean {
  return context.files.list('/snap/bin').includes(name);
}

/** `snap alias microk8s.kubectl kubectl`. */
export function alias(context: CommandContext, _: Options, words: readonly string[]): number {
  const [app = '', name = ''] = words;
  if (context.user !== 'root') return fail(context, 'error: access denied (try with sudo)');
  if (!isProgram(context, app)) return fail(context, `error: cannot add alias "${name}": no such app "${app}"`);
  if (isProgram(context, name)) return 0;
  context.files.link(SHIM, `/snap/bin/${name}`);
  context.out(`Added:\n  - ${app} as ${name}\n`);
  return 0;
}

export function unalias(context: CommandContext, _: Options, words: readonly string[]): number {
  const [name = ''] = words;
  if (context.user !== 'root') return fail(context, 'error: access denied (try with sudo)');
  if (!isProgram(context, name)) return fail(context, `error: cannot find manual alias "${name}" in any snap`);
  context.files.remove(`/snap/bin/${name}`);
  context.out(`Removed:\n  - ${name}\n`);
  return 0;
}
