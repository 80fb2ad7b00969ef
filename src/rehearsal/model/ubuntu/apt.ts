import type { Command, CommandContext } from '../command.ts';
import { releaseLock, takeLock } from './apt-lock.ts';
import { archive } from './archive.ts';
import { fail, type Options, parseOptions } from './arguments.ts';
import { canResolve } from './names-data.ts';
import {
  closure,
  configure,
  FRONTEND_LOCK,
  isInterrupted,
  removePackage,
  UPDATES,
  unpack,
  unpacked,
} from './packages.ts';
import { isConsistent, isListed, updateThirdParty } from './third-party.ts';

const MIRROR = 'http://archive.ubuntu.com/ubuntu';
const SECURITY = 'http://security.ubuntu.com/ubuntu';
const OPTIONS = {
  flags: [
    '-y|--yes|--assume-yes',
    '-q|--quiet',
    '-qq',
    '-f|--fix-broken',
    '-m|--fix-missing',
    '-s|--simulate|--dry-run',
    '-d|--download-only',
    '--no-install-recommends',
    '--install-recommends',
    '--reinstall',
    '--purge',
    '--auto-remove|--autoremove',
    '--allow-downgrades',
    '--allow-change-held-packages',
    '--no-upgrade',
    '--only-upgrade',
    '--no-remove',
  ],
  values: ['-o|--option', '-t|--target-release', '-c|--config-file'],
};

/** apt-get (sheet gpu-and-nodes 6.1). */
export const aptGet: Command = async (context) => {
  const options = parseOptions(context.args, OPTIONS);
  if (options.problem) {
    const { option } = options.problem;
    const said = option.startsWith('--') ? option : `'${option.slice(1)}' [from ${option}]`;
    return fail(
      context,
      `E: Command line option ${said} is not ${option.startsWith('--') ? 'understood in combination with the other options' : 'known.'}`,
      100,
    );
  }
  const [verb, ...names] = options.operands;
  if (verb === undefined && !options.has('--fix-broken')) return fail(context, 'Usage: apt-get [options] command', 1);
  const run = VERBS[verb ?? 'install'];
  if (!run) return fail(context, `E: Invalid operation ${verb}`, 100);
  if (context.user !== 'root' && !options.has('--dry-run')) return notRoot(context, verb ?? '');
  return counted(context, () => run(context, options, names));
};

async function counted(context: CommandContext, work: () => Promise<number> | number): Promise<number> {
  const { counts } = context.rig;
  counts.aptNow++;
  counts.aptAtOnce = Math.max(counts.aptAtOnce, counts.aptNow);
  try {
    return await work();
  } finally {
    counts.aptNow--;
  }
}

type Verb = (context: CommandContext, options: Options, names: readonly string[]) => Promise<number> | number;

const VERBS: Readonly<Record<string, Verb>> = {
  update,
  install,
  remove: (context, options, names) => remove(context, options, names, options.has('--purge')),
  purge: (context, options, names) => remove(context, options, names, true),
  upgrade: (context, options) => install(context, options, []),
  'dist-upgrade': (context, options) => install(context, options, []),
  autoremove: (context, options) => remove(context, options, [], false),
  clean: () => 0,
  autoclean: () => 0,
  check: (context, options) => install(context, options, []),
};

function notRoot(context: CommandContext, verb: string): number {
  if (verb === 'update') {
    context.err('E: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)\n');
    return fail(context, 'E: Unable to lock directory /var/lib/apt/lists/', 100);
  }
  context.err(`E: Could not open lock file ${FRONTEND_LOCK} - open (13: Permission denied)\n`);
  return fail(context, `E: Unable to acquire the dpkg frontend lock (${FRONTEND_LOCK}), are you root?`, 100);
}

/** Without a name server it warns and exits 0: old lists are as good as new ones to it. */
async function update(context: CommandContext): Promise<number> {
  if (!isConsistent(context)) return 100;
  const sources = ['', '-updates', '-backports', '-security'].map((pocket) => ({
    url: pocket === '-security' ? SECURITY : MIRROR,
    suite: `${context.rig.os.codename}${pocket}`,
  }));
  const isOnline = canResolve(context);
  await context.sleep(isOnline ? 8 : 20);
  for (const [i, { url, suite }] of sources.entries()) {
    const host = new URL(url).hostname;
    if (isOnline) context.out(`Hit:${i + 1} ${url} ${suite} InRelease\n`);
    else {
      context.out(`Ign:${i + 1} ${url} ${suite} InRelease\n`);
      context.err(`W: Failed to fetch ${url}/dists/${suite}/InRelease  Temporary failure resolving '${host}'\n`);
    }
  }
  if (isOnline) updateThirdParty(context);
  context.out('Reading package lists...\n');
  if (!isOnline)
    context.err('W: Some index files failed to download. They have been ignored, or old ones used instead.\n');
  return 0;
}

async function install(context: CommandContext, options: Options, names: readonly string[]): Promise<number> {
  const { rig } = context;
  if (!isConsistent(context)) return 100;
  if (!(await takeLock(context, options))) return 100;
  try {
    if (isInterrupted(context)) return interrupted(context);
    head(context);
    const plain = names.map((name) => name.replace(/[:=].*$/, '').replace(/\+$/, ''));
    const offered = archive(rig);
    const unknown = plain.filter((name) => !(offered[name] && isListed(context, name)) && !rig.packages[name]);
    if (unknown.length > 0) {
      return fail(context, unknown.map((name) => `E: Unable to locate package ${name}\n`).join(''), 100);
    }
    const present = plain.filter((name) => rig.packages[name]?.state === 'installed');
    for (const name of present) {
      context.out(`${name} is already the newest version (${rig.packages[name]?.version}).\n`);
    }
    const half = plain.filter((name) => rig.packages[name]?.state === 'half-installed');
    const wanted = [...(options.has('--reinstall') ? half : []), ...closure(context, plain)];
    if (wanted.length > 0) list(context, 'The following NEW packages will be installed:', wanted);
    context.out(`0 upgraded, ${wanted.length} newly installed, 0 to remove and 0 not upgraded.\n`);
    if (wanted.length === 0 || options.has('--dry-run')) return 0;
    if (wanted.length > plain.length && !isAssumed(options)) return abort(context);
    return await fetchAndInstall(context, wanted);
  } finally {
    releaseLock(context);
  }
}

async function fetchAndInstall(context: CommandContext, wanted: readonly string[]): Promise<number> {
  const offered = archive(context.rig);
  if (!canResolve(context)) {
    await context.sleep(20);
    for (const name of wanted) {
      context.err(`E: Failed to fetch ${poolUrl(name)}  Temporary failure resolving 'archive.ubuntu.com'\n`);
    }
    return fail(context, 'E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?', 100);
  }
  for (const [i, name] of wanted.entries()) {
    const deb = offered[name];
    context.out(`Get:${i + 1} ${MIRROR} ${context.rig.os.codename}/main ${context.rig.hardware.arch} ${name}`);
    context.out(` ${context.rig.hardware.arch} ${deb?.version}\n`);
  }
  await context.sleep(3 + 2 * wanted.length);
  for (const name of wanted) {
    const version = offered[name]?.version;
    context.out(`Selecting previously unselected package ${name}.\nUnpacking ${name} (${version}) ...\n`);
    unpack(context, name);
    await context.sleep((offered[name]?.seconds ?? 8) / 2);
    unpacked(context, name);
  }
  for (const name of wanted) {
    context.out(`Setting up ${name} (${offered[name]?.version}) ...\n`);
    await context.sleep((offered[name]?.seconds ?? 8) / 2);
    configure(context, name);
  }
  context.files.remove(`${UPDATES}/0000`);
  return 0;
}

async function remove(
  context: CommandContext,
  options: Options,
  names: readonly string[],
  purge: boolean,
): Promise<number> {
  if (!(await takeLock(context, options))) return 100;
  try {
    if (isInterrupted(context)) return interrupted(context);
    head(context);
    const { packages } = context.rig;
    const offered = archive(context.rig);
    const unknown = names.filter((name) => !offered[name] && !packages[name]);
    if (unknown.length > 0) return fail(context, `E: Unable to locate package ${unknown[0]}`, 100);
    const isThere = (name: string) => packages[name] && (purge || packages[name].state !== 'config-files');
    for (const name of names.filter((n) => !isThere(n))) {
      context.out(`Package '${name}' is not installed, so not removed\n`);
    }
    const gone = names.filter(isThere);
    if (gone.length > 0) {
      list(context, 'The following packages will be REMOVED:', purge ? gone.map((name) => `${name}*`) : gone);
    }
    context.out(`0 upgraded, 0 newly installed, ${gone.length} to remove and 0 not upgraded.\n`);
    if (gone.length === 0 || options.has('--dry-run')) return 0;
    if (!isAssumed(options)) return abort(context);
    await context.sleep(5);
    for (const name of gone) {
      context.out(`Removing ${name} (${packages[name]?.version}) ...\n`);
      removePackage(context, name, purge);
    }
    return 0;
  } finally {
    releaseLock(context);
  }
}

/** The word `sudo` is there only under sudo; the blank at the end always. */
function interrupted(context: CommandContext): number {
  const how = context.env.SUDO_USER ? 'sudo dpkg --configure -a' : 'dpkg --configure -a';
  return fail(context, `E: dpkg was interrupted, you must manually run '${how}' to correct the problem. `, 100);
}

function head(context: CommandContext): void {
  context.out('Reading package lists...\nBuilding dependency tree...\nReading state information...\n');
}

function list(context: CommandContext, title: string, names: readonly string[]): void {
  context.out(`${title}\n  ${names.toSorted().join(' ')}\n`);
}

function isAssumed(options: Options): boolean {
  return options.has('--assume-yes') || options.has('-qq');
}

function abort(context: CommandContext): number {
  context.out('Do you want to continue? [Y/n] Abort.\n');
  return 1;
}

function poolUrl(name: string): string {
  return `${MIRROR}/pool/main/${name[0]}/${name}/${name}.deb`;
}
