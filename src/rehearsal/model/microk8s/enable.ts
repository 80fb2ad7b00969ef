import type { CommandContext } from '../command.ts';
import { ADDONS, type Addon } from './addon-catalogue.ts';
import { afterEnable, setAuthorization } from './addon-effects.ts';
import { applyAddon, isEnabled, removeAddon } from './addons.ts';
import { minorOf } from './daemons.ts';
import { apiUp } from './dqlite.ts';
import { guarded, NOT_RUNNING, PLEASE } from './preamble.ts';
import { clusterOf } from './site.ts';
import { KubeStore } from './store.ts';

const CHAINED =
  'WARNING: Do not enable or disable multiple addons in one command.\n' +
  '         This form of chained operations on addons will be DEPRECATED in the future.\n' +
  "         Please, enable one addon at a time: 'microk8s enable <addon>'\n";
/** Names of the sheet that are other addons by another name. */
const ALIAS: Record<string, string> = { storage: 'hostpath-storage' };

interface Wish {
  /** As typed, with a repository or without. */
  word: string;
  name: string;
  args: string[];
}

/** `microk8s enable` and `microk8s disable` (sheet 2.5, 4). */
export const enable = xable('enable', turnOn);
export const disable = xable('disable', turnOff);

function xable(verb: string, act: (context: CommandContext, addon: Addon, args: string[]) => Promise<number>) {
  return guarded({ worker: { code: 1, advice: PLEASE }, stopped: { code: 1, stream: 'err' } }, async (context) => {
    const wishes = parse(context.args);
    if (typeof wishes === 'string') {
      context.err(`${wishes}\n`);
      return 1;
    }
    if (wishes.length === 0) {
      context.err(`Usage: microk8s ${verb} [OPTIONS] ADDONS...\nError: Missing argument 'ADDONS...'.\n`);
      return 2;
    }
    if (wishes.length > 1) context.out(CHAINED);
    let code = 0;
    for (const wish of wishes) code = await one(context, wish, act);
    return code;
  });
}

async function one(
  context: CommandContext,
  { word, name, args }: Wish,
  act: (context: CommandContext, addon: Addon, args: string[]) => Promise<number>,
): Promise<number> {
  if (args.some((a) => a === '-h' || a === '--help')) {
    context.out(`Addon ${name} does not yet have a help message.\n`);
    return 0;
  }
  const addon = ADDONS.find((a) => a.name === name);
  if (word.includes('/')) {
    if (!addon || !word.startsWith('core/')) {
      context.out(`Addon ${word} not found\n`);
      return 0;
    }
  } else if (addon) {
    context.err(`Infer repository core for addon ${name}\n`);
  } else {
    context.out(`Addon ${name} was not found in any repository\n`);
    context.out(
      `To use the community maintained flavor enable the respective repository:\n\n    microk8s enable community\n\n`,
    );
    return 1;
  }
  if (!(await awaitApi(context))) {
    context.err(`${NOT_RUNNING}\n`);
    return 1;
  }
  return act(context, addon, args);
}

function parse(words: readonly string[]): Wish[] | string {
  const [first, ...rest] = words;
  if (first === undefined) return [];
  const name = (word: string) => {
    const plain = (word.split(':')[0] ?? '').split('/').at(-1) ?? '';
    return ALIAS[plain] ?? plain;
  };
  const wish = (word: string): Wish => ({
    word: word.split(':')[0] ?? '',
    name: name(word),
    args: word.split(':').slice(1),
  });
  if (rest.length > 0 && words.every((w) => ADDONS.some((a) => a.name === name(w)))) return words.map(wish);
  if (first.includes(':') && rest.length > 0) return "Can't pass string arguments and flag arguments simultaneously!";
  return [{ ...wish(first), args: [...wish(first).args, ...rest] }];
}

async function awaitApi(context: CommandContext): Promise<boolean> {
  for (let i = 0; i < 15; i++) {
    if (apiUp(context.rig, context.world, context.now())) return true;
    await context.sleep(2);
  }
  return false;
}

async function turnOn(context: CommandContext, addon: Addon, args: string[]): Promise<number> {
  const cluster = clusterOf(context.rig, context.world);
  if (!cluster) return 1;
  const store = new KubeStore(cluster, context);
  if (isEnabled(addon, store, minorOf(context), (path) => context.files.exists(path))) {
    context.out(`Addon core/${addon.name} is already enabled\n`);
    return 0;
  }
  const problem = await checkArguments(context, addon, args);
  if (problem !== undefined) {
    context.out(`${problem}\n`);
    return 1;
  }
  for (const need of needs(addon, args)) {
    const code = await one(context, { word: need, name: need, args: [] }, turnOn);
    if (code !== 0) return code;
  }
  context.out(`Enabling ${addon.description}\n`);
  await context.sleep(addon.takesS);
  applyAddon(addon, store, args, minorOf(context));
  afterEnable(context, addon);
  context.changed();
  context.out(`${addon.description} is enabled\n`);
  return 0;
}

const needs = (addon: Addon, args: string[]): readonly string[] =>
  addon.name === 'registry' && args.some((a) => a.startsWith('--storageclass')) ? [] : (addon.needs ?? []);

async function checkArguments(context: CommandContext, addon: Addon, args: string[]): Promise<string | undefined> {
  if (addon.name === 'registry') {
    const size = args.map((a) => a.match(/size=(\d+)Gi$/)?.[1]).find((n) => n !== undefined);
    if (size !== undefined && Number(size) < 20) return 'Registry size should be greater or equal to 20Gi';
  }
  if (addon.name !== 'metallb') return undefined;
  if (args.length === 0) {
    context.out(
      "Enter each IP address range delimited by comma (e.g. '10.64.140.43-10.64.140.49,192.168.0.105-192.168.0.111'): ",
    );
    args.push((await context.stdin()).toString().split('\n')[0]?.trim() ?? '');
  }
  const ip = String.raw`\d{1,3}(\.\d{1,3}){3}`;
  const range = new RegExp(`^(${ip}-${ip}|${ip}/\\d{1,2})$`);
  return (args[0] ?? '').split(',').every((r) => range.test(r))
    ? undefined
    : `Your input value (${args[0]}) is not a valid IP Range`;
}

async function turnOff(context: CommandContext, addon: Addon, args: string[]): Promise<number> {
  const cluster = clusterOf(context.rig, context.world);
  if (!cluster) return 1;
  const store = new KubeStore(cluster, context);
  if (!isEnabled(addon, store, minorOf(context), (path) => context.files.exists(path))) {
    context.out(`Addon core/${addon.name} is already disabled\n`);
    return 0;
  }
  if (addon.name === 'hostpath-storage' && !args.includes('destroy-storage')) {
    context.out('Remove PVC storage at /var/snap/microk8s/common/default-storage ? (Y/N): ');
    if (!/^y/i.test((await context.stdin()).toString())) return 1;
  }
  context.out(`Disabling ${addon.description}\n`);
  await context.sleep(addon.takesS);
  removeAddon(addon, store, minorOf(context));
  if (addon.name === 'rbac') setAuthorization(context, 'AlwaysAllow');
  context.changed();
  context.out(`${addon.description} is disabled\n`);
  return 0;
}
