import type { CommandContext } from '../command.ts';
import { fail, type Options } from '../ubuntu/arguments.ts';

/** `system` is another name of the snap `core` in what snapd says. */
function shown(snap: string): string {
  return snap === 'system' ? 'core' : snap;
}

function exists(context: CommandContext, snap: string): boolean {
  return snap === 'system' || context.rig.snaps[snap] !== undefined;
}

/** snap set SNAP KEY=VALUE… (sheet microk8s 1.3: 2 ≤ refresh.retain ≤ 20). */
export async function set(context: CommandContext, _: Options, words: readonly string[]): Promise<number> {
  const [snap = '', ...pairs] = words;
  if (context.user !== 'root') return fail(context, 'error: access denied (try with sudo)');
  if (!exists(context, snap)) return fail(context, `error: snap "${snap}" is not installed`);
  const wrong = pairs.find((pair) => !pair.includes('='));
  if (wrong !== undefined) return fail(context, `error: invalid configuration: "${wrong}" (want key=value)`);
  const conf = { ...context.rig.snapConf?.[snap] };
  for (const pair of pairs) {
    const [key = '', ...value] = pair.split('=');
    conf[key.replace(/!$/, '')] = value.join('=');
  }
  await context.sleep(1);
  const retain = conf['refresh.retain'];
  if (snap === 'system' && retain !== undefined && !(Number(retain) >= 2 && Number(retain) <= 20)) {
    const why = `retain must be a number between 2 and 20, not "${retain}"`;
    return fail(
      context,
      `error: cannot perform the following tasks:\n- Run configure hook of "core" snap (run hook "configure": ${why})`,
    );
  }
  context.rig.snapConf = { ...context.rig.snapConf, [snap]: conf };
  context.changed();
  return 0;
}

export function unset(context: CommandContext, _: Options, words: readonly string[]): number {
  const [snap = '', ...keys] = words;
  if (context.user !== 'root') return fail(context, 'error: access denied (try with sudo)');
  if (!exists(context, snap)) return fail(context, `error: snap "${snap}" is not installed`);
  for (const key of keys) delete context.rig.snapConf?.[snap]?.[key];
  context.changed();
  return 0;
}

export function get(context: CommandContext, _: Options, words: readonly string[]): number {
  const [snap = '', ...keys] = words;
  if (context.user !== 'root') return fail(context, 'error: access denied (try with sudo)');
  if (!exists(context, snap)) return fail(context, `error: snap "${snap}" is not installed`);
  const conf = context.rig.snapConf?.[snap] ?? {};
  if (keys.length === 0) {
    if (Object.keys(conf).length === 0) return fail(context, `error: snap "${shown(snap)}" has no configuration`);
    context.out(
      `Key  Value\n${Object.keys(conf)
        .map((key) => `${key}  ${conf[key]}\n`)
        .join('')}`,
    );
    return 0;
  }
  for (const key of keys) {
    if (conf[key] === undefined)
      return fail(context, `error: snap "${shown(snap)}" has no "${key}" configuration option`);
    context.out(keys.length === 1 ? `${conf[key]}\n` : `${key}  ${conf[key]}\n`);
  }
  return 0;
}
