import type { CommandContext } from '../command.ts';
import { fail, type Options, table } from '../ubuntu/arguments.ts';
import { publisher } from './operations.ts';
import { STORE } from './store.ts';

/** snap list: a snap that is not there is an error, exit 1. */
export function list(context: CommandContext, options: Options, names: readonly string[]): number {
  const { snaps } = context.rig;
  const found = Object.keys(snaps)
    .filter((name) => names.length === 0 || names.includes(name))
    .toSorted();
  if (found.length === 0 && names.length > 0) return fail(context, 'error: no matching snaps installed');
  if (found.length === 0) {
    context.err("No snaps are installed yet. Try 'snap install hello-world'.\n");
    return 0;
  }
  const rows = found.map((name) => {
    const snap = snaps[name];
    const base = name.startsWith('core') ? ['base'] : name === 'snapd' ? ['snapd'] : [];
    const notes = [...base, ...(snap?.classic ? ['classic'] : []), ...(snap?.held ? ['held'] : [])].join(',') || '-';
    const from = publisher(context, options, (STORE[name]?.publisher ?? '-').toLowerCase());
    return [name, snap?.version ?? '', String(snap?.revision), snap?.tracking ?? '-', from, notes];
  });
  context.out(table([['Name', 'Version', 'Rev', 'Tracking', 'Publisher', 'Notes'], ...rows]));
  return 0;
}

/** snap info: what the store says, then what is installed. */
export function info(context: CommandContext, options: Options, names: readonly string[]): number {
  const [name = ''] = names;
  const offer = STORE[name];
  if (!offer) return fail(context, `warning: no snap found for "${name}"\nerror: no valid snaps given`);
  const snap = context.rig.snaps[name];
  const head = [
    `name:      ${name}`,
    `summary:   ${offer.summary}`,
    `publisher: ${publisher(context, options, offer.publisher)}`,
    `snap-id:   ${offer.snapId}`,
  ];
  if (snap) {
    head.push(
      `tracking:     ${snap.tracking}`,
      `refresh-date: ${new Date(snap.installedAt).toISOString().slice(0, 10)}`,
    );
    if (snap.held) head.push('hold:         forever');
  }
  const rows = Object.entries(offer.channels).map(([channel, r]) => [
    `  ${channel}:`,
    r.version,
    r.date,
    `(${r.revision})`,
    r.size,
    offer.classic(channel) ? 'classic' : '-',
  ]);
  context.out(`${head.join('\n')}\nchannels:\n${table(rows, 1)}`);
  if (snap) {
    context.out(
      `installed: ${snap.version} (${snap.revision}) 182MB ${snap.classic ? 'classic' : '-'}${snap.held ? ',held' : ''}\n`,
    );
  }
  return 0;
}

/** snap changes: an empty list is said on standard error, exit 0. */
export function changes(context: CommandContext, _: Options, names: readonly string[]): number {
  const found = context.rig.snapChanges.filter((c) => names[0] === undefined || c.snap === names[0]);
  if (found.length === 0) {
    context.err('no changes found\n');
    return 0;
  }
  const rows = found.map((c) => [
    String(c.id),
    c.status,
    stamp(c.spawned ?? c.until),
    c.status === 'Doing' ? '-' : stamp(c.until),
    c.summary,
  ]);
  context.out(`${table([['ID', 'Status', 'Spawn', 'Ready', 'Summary'], ...rows])}\n`);
  return 0;
}

/** snap tasks, snap change: the steps of one change, here one. */
export function tasks(context: CommandContext, _: Options, names: readonly string[]): number {
  const [id = ''] = names;
  const change = context.rig.snapChanges.find((c) => String(c.id) === id);
  if (!change) return fail(context, `error: cannot find change with id "${id}"`);
  const ready = change.status === 'Doing' ? '-' : stamp(change.until);
  const row = [change.status, stamp(change.spawned ?? change.until), ready, change.summary];
  context.out(`${table([['Status', 'Spawn', 'Ready', 'Summary'], row])}\n`);
  if (change.error)
    context.out(
      `......................................................................\n${change.summary}\n\n${change.error}\n`,
    );
  return 0;
}

function stamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
