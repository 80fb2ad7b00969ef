import type { CommandContext } from '../command.ts';
import { fail, type Options } from '../ubuntu/arguments.ts';
import { canResolve } from '../ubuntu/names-data.ts';
import { fault } from '../ubuntu/site.ts';
import { type Change, finishChanges, runningChange, startChange } from './changes.ts';
import { fullChannel, type Revision, STORE, type StoreSnap, shownChannel } from './store.ts';

const CLASSIC_TEXT = (
  snap: string,
) => `error: This revision of snap "${snap}" was published using classic confinement and thus may perform
       arbitrary system changes outside of the security sandbox that snaps are usually confined to,
       which may put your system at risk.

       If you understand and want to proceed repeat the command including --classic.
`;

/** What keeps snapd from starting a change now: nobody's right, no seed, another change (exit 10: try again). */
export function notNow(context: CommandContext, snap: string): number {
  if (context.user !== 'root') return fail(context, 'error: access denied (try with sudo)');
  if (!context.rig.seeded) {
    return fail(context, 'error: too early for operation, device not yet seeded or device model not acknowledged', 10);
  }
  const running = runningChange(context, snap);
  return running ? fail(context, `error: snap "${snap}" has "${running.kind}" change in progress`, 10) : 0;
}

/** snap install (sheet microk8s 1.3). What is installed already is said on standard error, exit 0. */
export async function install(context: CommandContext, options: Options, names: readonly string[]): Promise<number> {
  const [name] = names;
  if (name === undefined) return fail(context, 'error: the required argument `<snap>` was not provided', 1);
  const refused = notNow(context, name);
  if (refused !== 0) return refused;
  if (context.rig.snaps[name]) {
    context.err(`snap "${name}" is already installed, see 'snap help refresh'\n`);
    return 0;
  }
  const offer = await findOffer(context, name, wantedChannel(options), 'install');
  if (typeof offer === 'number') return offer;
  const { snap, channel, revision } = offer;
  const classic = snap.classic(channel);
  if (classic && !options.has('--classic')) return fail(context, CLASSIC_TEXT(name));
  if (!classic && options.has('--classic')) {
    context.err(`Warning: flag --classic ignored for strictly confined snap ${name}\n`);
  }
  const change = startChange(
    context,
    {
      snap: name,
      kind: 'install-snap',
      summary: `Install "${name}" snap from "${channel}" channel`,
      target: { channel, classic, version: revision.version, revision: revision.revision },
    },
    snap.seconds,
  );
  return follow(context, options, change, () => `${title(context, options, name)} installed\n`);
}

/** snap refresh NAME: by name it works while held; nothing to do is said on standard error, exit 0. */
export async function refreshOne(context: CommandContext, options: Options, name: string): Promise<number> {
  const refused = notNow(context, name);
  if (refused !== 0) return refused;
  const installed = context.rig.snaps[name];
  if (!installed) return fail(context, `error: snap "${name}" is not installed`);
  const wanted = wantedChannel(options) ?? installed.tracking;
  const offer = await findOffer(context, name, wanted, 'refresh');
  if (typeof offer === 'number') return offer;
  const { snap, channel, revision } = offer;
  if (channel === installed.tracking && revision.revision === installed.revision) {
    context.err(`snap "${name}" has no updates available\n`);
    return 0;
  }
  const change = startChange(
    context,
    {
      snap: name,
      kind: 'refresh-snap',
      summary: `Refresh "${name}" snap from "${channel}" channel`,
      target: { channel, classic: installed.classic, version: revision.version, revision: revision.revision },
    },
    snap.seconds,
  );
  return follow(context, options, change, () => `${title(context, options, name)} refreshed\n`);
}

/** snap revert: the revision before, tracking stays. */
export async function revert(context: CommandContext, options: Options, names: readonly string[]): Promise<number> {
  const [name = ''] = names;
  const refused = notNow(context, name);
  if (refused !== 0) return refused;
  const installed = context.rig.snaps[name];
  if (!installed) return fail(context, `error: snap "${name}" is not installed`);
  const { previous } = installed;
  if (!previous) return fail(context, `error: cannot revert "${name}": no revision to revert to`);
  const target = { ...previous, classic: installed.classic };
  const change = startChange(
    context,
    { snap: name, kind: 'revert-snap', summary: `Revert "${name}" snap`, target },
    45,
  );
  return follow(context, options, change, () => `${name} reverted to ${previous.version}\n`);
}

/** snap remove: what is not installed is said on standard error, exit 0. */
export async function remove(context: CommandContext, options: Options, names: readonly string[]): Promise<number> {
  for (const name of names) {
    const refused = notNow(context, name);
    if (refused !== 0) return refused;
    if (!context.rig.snaps[name]) {
      context.err(`snap "${name}" is not installed\n`);
      continue;
    }
    const change = startChange(context, { snap: name, kind: 'remove-snap', summary: `Remove "${name}" snap` }, 30);
    const saved = options.has('--purge') ? '' : ' (snap data snapshot saved)';
    const code = await follow(context, options, change, () => `${name} removed${saved}\n`);
    if (code !== 0) return code;
  }
  return 0;
}

/** Waits for a change as the client does; it can be ended, the change goes on. */
export async function follow(
  context: CommandContext,
  options: Options,
  change: Change,
  done: () => string,
): Promise<number> {
  if (options.has('--no-wait')) {
    context.out(`${change.id}\n`);
    return 0;
  }
  while (change.status === 'Doing') {
    await context.sleep(Math.max(0.1, (change.until - context.now()) / 1000));
    finishChanges(context);
  }
  if (change.status === 'Error') return fail(context, `error: cannot perform the following tasks:\n${change.error}`);
  context.out(done());
  return 0;
}

function wantedChannel(options: Options): string | undefined {
  const risk = ['stable', 'candidate', 'beta', 'edge'].find((r) => options.has(`--${r}`));
  return options.value('--channel') ?? risk;
}

/** Asks the store for a snap in a channel; a number is the exit status of what went wrong. */
async function findOffer(
  context: CommandContext,
  name: string,
  wanted: string | undefined,
  verb: 'install' | 'refresh',
): Promise<{ snap: StoreSnap; channel: string; revision: Revision } | number> {
  if (fault(context, 'nostore') !== undefined || !canResolve(context)) {
    await context.sleep(10);
    return fail(context, 'error: unable to contact snap store');
  }
  await context.sleep(2);
  const snap = STORE[name];
  if (!snap) return fail(context, `error: snap "${name}" not found`);
  const channel = fullChannel(snap, wanted);
  if (channel === undefined) return fail(context, `error: cannot parse channel name "${wanted}"`);
  const revision = snap.channels[channel];
  return revision ? { snap, channel, revision } : fail(context, notAvailable(name, snap, channel, verb));
}

function notAvailable(name: string, snap: StoreSnap, channel: string, verb: string): string {
  const track = channel.split('/')[0];
  const others = Object.keys(snap.channels).filter((c) => c.startsWith(`${track}/`));
  if (others.length === 0) return `error: snap "${name}" is not available on channel "${channel}"`;
  const width = Math.max(...others.map((c) => c.length));
  const lines = others.map((c) => `       ${c.padEnd(width)}  snap ${verb} --channel=${c} ${name}\n`).join('');
  return `error: snap "${name}" is not available on ${channel} but is available to install on the following
       channels:

${lines}
       Please be mindful pre-release channels may include features not completely tested or implemented.
       Get more information with 'snap info ${name}'.`;
}

/** `microk8s (1.32/stable) v1.32.3 from Canonical✓`; plain `stable` is left out. */
function title(context: CommandContext, options: Options, name: string): string {
  const snap = context.rig.snaps[name];
  const shown = shownChannel(snap?.channel ?? '');
  const from = publisher(context, options, STORE[name]?.publisher ?? '-');
  return `${name}${shown === 'stable' ? '' : ` (${shown})`} ${snap?.version} from ${from}`;
}

/** The tick of a verified publisher is `**` where the terminal is not known to show it. */
export function publisher(context: CommandContext, options: Options, name: string): string {
  const unicode = options.value('--unicode') ?? 'auto';
  const locale = context.env.LC_ALL || context.env.LC_MESSAGES || context.env.LANG || '';
  const isShown = unicode === 'always' || (unicode === 'auto' && /utf-?8/i.test(locale));
  return isShown ? name : name.replace('✓', '**');
}
