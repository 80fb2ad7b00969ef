import { posix } from 'node:path';
import type { HostContext } from '../context.ts';
import { account } from '../login.ts';

/** Owner and group of a path: what was set, else the user's in a home, else root's. */
function owner(context: HostContext, path: string): { user: string; group: string } {
  const known = context.rig.owners[path];
  if (known !== undefined) {
    const [user = 'root', group = 'root'] = known.split(':');
    return { user, group };
  }
  const [, home] = /^\/home\/([^/]+)/.exec(path) ?? [];
  return home === undefined ? { user: 'root', group: 'root' } : { user: home, group: home };
}

function setOwner(context: HostContext, path: string, user: string, group: string): void {
  const before = owner(context, path);
  const after = `${user || before.user}:${group || before.group}`;
  delete context.rig.owners[path];
  const plain = owner(context, path);
  if (`${plain.user}:${plain.group}` !== after) context.rig.owners[path] = after;
}

/** chown and chgrp: noted, because one user alone exists in a machine. */
export function chown(context: HostContext): number {
  const flags = context.args.filter((arg) => /^-./.test(arg));
  const words = context.args.filter((arg) => !/^-./.test(arg));
  const reference = flags.find((flag) => flag.startsWith('--reference='))?.slice('--reference='.length);
  const spec = reference === undefined ? words.shift() : undefined;
  if (words.length === 0) {
    context.err(`${context.name}: missing operand\nTry '${context.name} --help' for more information.\n`);
    return 1;
  }
  const wanted = owners(context, spec, reference);
  if (typeof wanted === 'string') {
    context.err(`${context.name}: ${wanted}\n`);
    return 1;
  }
  const recursive = flags.some((flag) => flag === '--recursive' || /^-[a-zA-Z]*R/.test(flag));
  let code = 0;
  for (const word of words) {
    const path = posix.resolve(context.cwd, word);
    if (!context.files.exists(path)) {
      context.err(`${context.name}: cannot access '${word}': No such file or directory\n`);
      code = 1;
    } else if (context.user !== 'root' && owner(context, path).user !== context.user) {
      context.err(`${context.name}: changing ownership of '${word}': Operation not permitted\n`);
      code = 1;
    } else {
      for (const each of recursive ? below(context, path) : [path]) setOwner(context, each, wanted.user, wanted.group);
    }
  }
  context.changed();
  return code;
}

function below(context: HostContext, path: string): string[] {
  return [path, ...context.files.list(path).flatMap((name) => below(context, posix.join(path, name)))];
}

/** The names meant by `user:group`, or what is wrong with them. */
function owners(
  context: HostContext,
  spec: string | undefined,
  reference: string | undefined,
): { user: string; group: string } | string {
  if (reference !== undefined) return owner(context, posix.resolve(context.cwd, reference));
  const [user = '', group] = context.name === 'chgrp' ? ['', spec] : (spec ?? '').split(/[:.]/, 2);
  const found = user === '' ? undefined : account(context.files, user);
  if (user !== '' && !found && !/^\d+$/.test(user)) return `invalid user: ‘${spec}’`;
  const name = found?.name ?? user;
  // `user:` means the group that the user logs in with.
  if (group === '') return { user: name, group: groupName(context, String(found?.gid ?? user)) };
  if (group === undefined) return { user: name, group: '' };
  const known = groupName(context, group);
  if (known === group && !/^\d+$/.test(group) && groupId(context, group) === undefined)
    return `invalid group: ‘${group}’`;
  return { user: name, group: known };
}

function groupLines(context: HostContext): string[][] {
  return (context.files.read('/etc/group') ?? '').split('\n').map((line) => line.split(':'));
}

function groupName(context: HostContext, gid: string): string {
  return groupLines(context).find(([, , number]) => number === gid)?.[0] ?? gid;
}

function groupId(context: HostContext, name: string): string | undefined {
  return groupLines(context).find(([known]) => known === name)?.[2];
}

/** stat: owners as they were noted, everything else by the real one. */
export async function stat(context: HostContext): Promise<number> {
  const asked = statFormat(context.args);
  if (!asked || !/%[-+ #0]*\d*[UGug]/.test(asked.format)) {
    context.become({ argv: ['/usr/bin/stat', ...context.args] });
    return 0;
  }
  let code = 0;
  for (const file of asked.files) {
    const { user, group } = owner(context, posix.resolve(context.cwd, file));
    const values: Record<string, string> = {
      U: user,
      G: group,
      u: String(account(context.files, user)?.uid ?? user),
      g: groupId(context, group) ?? group,
    };
    const fill = (all: string, letter: string | undefined) => (letter && values[letter]) || all;
    const format = `${asked.style}=${asked.format.replace(/%%|%([UGug])/g, fill)}`;
    const argv = ['/usr/bin/stat', ...asked.flags, format, '--', file];
    // Alone it takes the caller's place, which saves a process.
    if (asked.files.length === 1) {
      context.become({ argv });
      return 0;
    }
    code = (await context.run(argv)) || code;
  }
  return code;
}

interface StatFormat {
  style: '--format' | '--printf';
  format: string;
  flags: string[];
  files: string[];
}

function statFormat(args: readonly string[]): StatFormat | undefined {
  const found: StatFormat = { style: '--format', format: '', flags: [], files: [] };
  const words = [...args];
  let isAsked = false;
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const [, others, short] = /^-([A-Zabd-z]*)c(.*)$/s.exec(word) ?? [];
    const [, style, long] = /^--(format|printf)(?:=(.*))?$/s.exec(word) ?? [];
    if (word === '--') found.files.push(...words.splice(0));
    else if (style !== undefined || others !== undefined) {
      isAsked = true;
      found.format = (style === undefined ? short || undefined : long) ?? words.shift() ?? '';
      if (style === 'printf') found.style = '--printf';
      if (others) found.flags.push(`-${others}`);
    } else if (word.startsWith('-')) found.flags.push(word);
    else found.files.push(word);
  }
  return isAsked ? found : undefined;
}

/** install: with an owner that does not exist in truth, the rest is done by the real one. */
export async function install(context: HostContext): Promise<number> {
  const args = [...context.args];
  let user = '';
  let group = '';
  for (let i = 0; i < args.length; i++) {
    const [, key, inline] = /^(-o|-g|--owner=|--group=)(.*)$/.exec(args[i] ?? '') ?? [];
    if (!key) continue;
    const separate = inline === '' && !key.endsWith('=');
    const value = (separate ? args[i + 1] : inline) ?? '';
    if (key === '-o' || key === '--owner=') user = value;
    else group = value;
    args.splice(i--, separate ? 2 : 1);
  }
  const argv = ['/usr/bin/install', ...args];
  if (user === '' && group === '') {
    context.become({ argv });
    return 0;
  }
  const code = await context.run(argv);
  for (const path of code === 0 ? installed(context, args) : []) setOwner(context, path, user, group);
  context.changed();
  return code;
}

/** What `install` made: the folders of -d, or the file, which may stand for its folder. */
function installed(context: HostContext, args: readonly string[]): string[] {
  const words = args.filter((arg, i) => !arg.startsWith('-') && !/^-[a-zA-Z]*[mtS]$/.test(args[i - 1] ?? ''));
  const paths = words.map((word) => posix.resolve(context.cwd, word));
  if (args.some((arg) => arg === '--directory' || /^-[a-zA-Z]*d/.test(arg))) return paths;
  const target = paths.at(-1) ?? '';
  const inside = paths.slice(0, -1).map((path) => posix.join(target, posix.basename(path)));
  const found = inside.filter((path) => context.files.exists(path));
  return found.length > 0 ? found : [target];
}
