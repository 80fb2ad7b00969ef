import type { CommandContext } from '../command.ts';
import { fail, type Options } from '../ubuntu/arguments.ts';
import { notNow, refreshOne } from './operations.ts';

/** snap refresh in all its meanings: by name, of everything, `--hold`, `--unhold`, `--time`, `--list`. */
export async function refresh(context: CommandContext, options: Options, names: readonly string[]): Promise<number> {
  if (options.has('--time')) return showTime(context);
  if (options.has('--list')) return upToDate(context);
  const until = options.value('--hold');
  if (until !== undefined) return hold(context, names, until);
  if (options.has('--unhold')) return unhold(context, names);
  const [name] = names;
  if (name !== undefined) return refreshOne(context, options, name);
  return notNow(context, '') || upToDate(context);
}

function upToDate(context: CommandContext): number {
  context.err('All snaps up to date.\n');
  return 0;
}

function hold(context: CommandContext, names: readonly string[], until: string): number {
  if (context.user !== 'root') return fail(context, 'error: access denied (try with sudo)');
  const missing = names.find((name) => !context.rig.snaps[name]);
  if (missing !== undefined) return fail(context, `error: snap "${missing}" is not installed`);
  const words = until === 'forever' ? 'indefinitely' : holdUntil(context, until);
  if (words === undefined)
    return fail(context, `error: hold value must be a number of hours, minutes or seconds, or "forever"`);
  if (names.length === 0) {
    context.rig.snapConf = {
      ...context.rig.snapConf,
      system: { ...context.rig.snapConf?.system, 'refresh.hold': until },
    };
    context.out(`Auto-refresh of all snaps held ${words}\n`);
  }
  for (const name of names) {
    const snap = context.rig.snaps[name];
    if (snap) snap.held = true;
  }
  if (names.length > 0) {
    context.out(`General refreshes of ${names.map((name) => `"${name}"`).join(', ')} held ${words}\n`);
  }
  context.changed();
  return 0;
}

function holdUntil(context: CommandContext, span: string): string | undefined {
  const [, number, unit = ''] = /^(\d+)([hms])$/.exec(span) ?? [];
  if (number === undefined) return undefined;
  const factor = { h: 3600, m: 60, s: 1 }[unit] ?? 1;
  const at = new Date(context.now() + Number(number) * factor * 1000);
  return `until ${at.toISOString().replace(/\.\d+Z$/, 'Z')}`;
}

function unhold(context: CommandContext, names: readonly string[]): number {
  if (context.user !== 'root') return fail(context, 'error: access denied (try with sudo)');
  for (const name of names) {
    const snap = context.rig.snaps[name];
    if (!snap) return fail(context, `error: snap "${name}" is not installed`);
    snap.held = false;
    context.out(`Removed general refresh hold of "${name}"\n`);
  }
  if (names.length === 0) {
    delete context.rig.snapConf?.system?.['refresh.hold'];
    context.out('Removed auto-refresh hold on all snaps\n');
  }
  context.changed();
  return 0;
}

function showTime(context: CommandContext): number {
  const conf = context.rig.snapConf?.system ?? {};
  context.out(`timer: ${conf['refresh.timer'] ?? '00:00~24:00/4'}\nlast: n/a\n`);
  if (conf['refresh.hold'] !== undefined) context.out(`hold: ${conf['refresh.hold']}\n`);
  context.out('next: today at 23:10 UTC\n');
  return 0;
}
