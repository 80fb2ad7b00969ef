import type { CommandContext } from '../command.ts';
import { ADDONS, type Addon } from './addon-catalogue.ts';
import { isEnabled } from './addons.ts';
import { advance, minorOf } from './daemons.ts';
import { apiUp, hasQuorum, roleName, VOTER } from './dqlite.ts';
import { isReady } from './nodes.ts';
import { parseOptions } from './options.ts';
import { guarded, NOT_READY, PLEASE } from './preamble.ts';
import { clusterOf } from './site.ts';
import { KubeStore } from './store.ts';
import { View } from './view.ts';

const SPEC = {
  '--format': 'format=',
  '-w': 'wait',
  '--wait-ready': 'wait',
  '-t': 'timeout=',
  '--timeout': 'timeout=',
  '-a': 'addon=',
  '--addon': 'addon=',
  '--yaml': 'yaml',
};
const POLL_S = 2;
/** A dqlite that does not answer is asked ten times (sheet 2.1: up to a minute). */
const DQLITE_TRIES_S = 20;

/** Ready: `service/kubernetes` is listed and one node, any, is Ready (sheet 2.1). */
export function clusterReady(context: CommandContext): boolean {
  const { rig, world } = context;
  advance(context);
  const cluster = clusterOf(rig, world);
  if (!cluster || !apiUp(rig, world, context.now())) return false;
  const view = new View(new KubeStore(cluster, context), world, context.now());
  return view.nodes().some(isReady);
}

/** Polls until ready or until the seconds are over; 0 waits for ever. */
export async function waitReady(context: CommandContext, seconds: number): Promise<boolean> {
  const end = seconds > 0 ? context.now() + seconds * 1000 : Number.POSITIVE_INFINITY;
  while (!clusterReady(context)) {
    if (context.now() >= end) return false;
    await context.sleep(POLL_S);
  }
  return true;
}

/** `microk8s status` (sheet 2.1). */
export const status = guarded(
  { worker: { code: 0, advice: PLEASE }, lowMemory: true, stopped: { code: 0, stream: 'out' } },
  async (context) => {
    const { flags, unknown } = parseOptions(context.args, SPEC);
    const format = flags.yaml ? 'yaml' : (flags.format ?? 'pretty');
    if (unknown !== undefined || !['pretty', 'yaml', 'short'].includes(String(format))) {
      context.err('usage: microk8s status [-h] [--format {pretty,yaml,short}] [-w] [-t TIMEOUT] [-a ADDON] [--yaml]\n');
      context.err(
        `microk8s status: error: ${unknown === undefined ? `argument --format: invalid choice: '${String(format)}'` : `unrecognized arguments: ${unknown}`}\n`,
      );
      return 2;
    }
    const ready = flags.wait ? await waitReady(context, Number(flags.timeout ?? 0)) : clusterReady(context);
    if (format !== 'short' && members(context).length === 0) await context.sleep(DQLITE_TRIES_S);
    if (typeof flags.addon === 'string') return addonStatus(context, flags.addon, ready);
    if (format === 'yaml') context.out(yaml(context, ready));
    else if (!ready) context.out(`${NOT_READY}\n`);
    else context.out(format === 'short' ? short(context) : pretty(context));
    return ready ? 0 : 1;
  },
);

function addonStatus(context: CommandContext, name: string, ready: boolean): number {
  if (!ready) {
    context.out(`${NOT_READY}\n`);
    return 1;
  }
  const wanted = name.split('/').at(-1);
  context.out(`${enabledAddons(context).some((a) => a.name === wanted) ? 'enabled' : 'disabled'}\n`);
  return 0;
}

export function enabledAddons(context: CommandContext): Addon[] {
  const cluster = clusterOf(context.rig, context.world);
  if (!cluster) return [];
  const store = new KubeStore(cluster, context);
  return ADDONS.filter((addon) => isEnabled(addon, store, minorOf(context), (path) => context.files.exists(path)));
}

/** Members that dqlite names; none when it does not answer. */
function members(context: CommandContext): { address: string; role: string }[] {
  const { rig, world } = context;
  const cluster = clusterOf(rig, world);
  if (!cluster || !rig.microk8s || rig.microk8s.wedged || !hasQuorum(world, rig.microk8s.cluster, context.now()))
    return [];
  return cluster.dqlite.map((row) => ({ address: row.address, role: roleName(row) }));
}

function yaml(context: CommandContext, ready: boolean): string {
  const nodes = members(context);
  const lines = [
    'microk8s:',
    `  running: ${ready ? 'True' : 'False'}`,
    'high-availability:',
    '  enabled: True',
    '  nodes:',
  ];
  for (const node of nodes) lines.push(`    - address: ${node.address}`, `      role: ${node.role}`);
  if (!ready) return `${[...lines, `  message: ${NOT_READY}`].join('\n')}\n`;
  const on = enabledAddons(context);
  const rows = [...on, ...ADDONS.filter((a) => !on.includes(a))];
  lines.push('addons:');
  for (const addon of rows) {
    lines.push(`  - name: ${addon.name}`, '    repository: core', `    description: ${addon.description}`);
    lines.push(`    version: ${addon.version}`.trimEnd(), `    status: ${on.includes(addon) ? 'enabled' : 'disabled'}`);
  }
  return `${lines.join('\n')}\n`;
}

function pretty(context: CommandContext): string {
  const rows = members(context);
  const of = (role: string) =>
    rows
      .filter((r) => r.role === role)
      .map((r) => r.address)
      .join(' ') || 'none';
  const voters = clusterOf(context.rig, context.world)?.dqlite.filter((r) => r.role === VOTER).length ?? 0;
  const on = enabledAddons(context);
  const line = (addon: Addon) => `    ${addon.name.padEnd(20)} # (core) ${addon.description}`;
  return [
    'microk8s is running',
    `high-availability: ${voters >= 3 ? 'yes' : 'no'}`,
    `  datastore master nodes: ${of('voter')}`,
    `  datastore standby nodes: ${of('standby')}`,
    'addons:',
    '  enabled:',
    ...on.map(line),
    '  disabled:',
    ...ADDONS.filter((a) => !on.includes(a)).map(line),
    '',
  ].join('\n');
}

function short(context: CommandContext): string {
  const on = enabledAddons(context);
  const rows = [...on, ...ADDONS.filter((a) => !on.includes(a))];
  return rows.map((a) => `core/${a.name}: ${on.includes(a) ? 'enabled' : 'disabled'}\n`).join('');
}
