import type { Command, CommandContext, RigFiles } from '../command.ts';
import { fail, withOptions } from './arguments.ts';

const GROUP = '/etc/group';
const PASSWD = '/etc/passwd';

interface Group {
  name: string;
  gid: number;
  members: string[];
}

/** The rig's /etc/group. */
export function groupFile(files: RigFiles) {
  const read = (): Group[] =>
    (files.read(GROUP) ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(':'))
      .map(([name = '', , gid = '', members = '']) => ({
        name,
        gid: Number(gid),
        members: members.split(',').filter((m) => m !== ''),
      }));
  const write = (groups: readonly Group[]) =>
    files.write(GROUP, groups.map((g) => `${g.name}:x:${g.gid}:${g.members.join(',')}\n`).join(''), 0o644);
  return {
    read,
    has: (name: string) => read().some((g) => g.name === name),
    /** False when it is there already. System groups count down from 999. */
    add(name: string, options: { isSystem?: boolean; gid?: number } = {}): boolean {
      const groups = read();
      if (groups.some((g) => g.name === name)) return false;
      const ids = new Set(groups.map((g) => g.gid));
      let gid = options.gid ?? (options.isSystem ? 999 : 1000);
      while (options.gid === undefined && ids.has(gid)) gid += options.isSystem ? -1 : 1;
      write([...groups, { name, gid, members: [] }]);
      return true;
    },
    remove: (name: string) => write(read().filter((g) => g.name !== name)),
    setMember(name: string, user: string, isMember: boolean): void {
      const change = (g: Group) => {
        const others = g.members.filter((m) => m !== user);
        return g.name === name ? { ...g, members: isMember ? [...others, user] : others } : g;
      };
      write(read().map(change));
    },
  };
}

/** Names of the users in the rig's /etc/passwd. */
export function userNames(files: RigFiles): string[] {
  return (files.read(PASSWD) ?? '').split('\n').flatMap((line) => line.split(':')[0] || []);
}

/** As the maintainer script of a package does it: nothing when it is there already. */
export function addSystemUser(files: RigFiles, name: string): void {
  if (userNames(files).includes(name)) return;
  const lines = files.read(PASSWD) ?? '';
  const ids = new Set(lines.split('\n').map((line) => Number(line.split(':')[2])));
  let uid = 999;
  while (ids.has(uid)) uid--;
  groupFile(files).add(name, { isSystem: true });
  const gid = groupFile(files)
    .read()
    .find((group) => group.name === name)?.gid;
  files.write(PASSWD, `${lines}${name}:x:${uid}:${gid}::/nonexistent:/usr/sbin/nologin\n`, 0o644);
}

function notRoot(context: CommandContext): number {
  context.err(`${context.name}: Permission denied.\n${context.name}: cannot lock /etc/passwd; try again later.\n`);
  return 1;
}

/** useradd, adduser USER (without questions). */
export const useradd: Command = withOptions(
  {
    flags: ['-m|--create-home', '-M|--no-create-home', '-r|--system', '-U|--user-group', '-N|--no-user-group'],
    values: ['-s|--shell', '-d|--home-dir', '-u|--uid', '-g|--gid', '-G|--groups', '-c|--comment'],
  },
  (context, options) => {
    const name = options.operands[0];
    if (name === undefined) return fail(context, 'Usage: useradd [options] LOGIN', 2);
    if (context.user !== 'root') return notRoot(context);
    if (userNames(context.files).includes(name)) return fail(context, `useradd: user '${name}' already exists`, 9);
    const groups = groupFile(context.files);
    const wanted = (options.value('--groups') ?? '').split(',').filter((g) => g !== '');
    const missing = wanted.find((g) => !groups.has(g));
    if (missing) return fail(context, `useradd: group '${missing}' does not exist`, 6);
    const isSystem = options.has('--system');
    const ids = new Set((context.files.read(PASSWD) ?? '').split('\n').map((line) => Number(line.split(':')[2])));
    let uid = Number(options.value('--uid') ?? (isSystem ? 999 : 1000));
    while (ids.has(uid)) uid += isSystem ? -1 : 1;
    groups.add(name, { isSystem });
    const gid = groups.read().find((g) => g.name === name)?.gid;
    const home = options.value('--home-dir') ?? `/home/${name}`;
    const shell = options.value('--shell') ?? '/bin/sh';
    const line = `${name}:x:${uid}:${gid}:${options.value('--comment') ?? ''}:${home}:${shell}\n`;
    context.files.write(PASSWD, `${context.files.read(PASSWD) ?? ''}${line}`, 0o644);
    for (const group of wanted) groups.setMember(group, name, true);
    if (options.has('--create-home')) {
      context.files.mkdir(home, 0o750);
      context.rig.owners[home] = `${name}:${name}`;
      context.changed();
    }
    return 0;
  },
  2,
);

/** usermod -a -G (sheet microk8s 3, user access): a session that runs does not see the group. */
export const usermod: Command = withOptions(
  { flags: ['-a|--append', '-L|--lock', '-U|--unlock'], values: ['-G|--groups', '-s|--shell'] },
  (context, options) => {
    const name = options.operands[0];
    if (name === undefined || options.operands.length > 1) return fail(context, 'Usage: usermod [options] LOGIN', 2);
    if (context.user !== 'root') return notRoot(context);
    if (!userNames(context.files).includes(name)) return fail(context, `usermod: user '${name}' does not exist`, 6);
    const groups = groupFile(context.files);
    const wanted = (options.value('--groups') ?? '').split(',').filter((g) => g !== '');
    const missing = wanted.find((g) => !groups.has(g));
    if (missing) return fail(context, `usermod: group '${missing}' does not exist`, 6);
    if (!options.has('--append') && options.has('--groups')) {
      for (const group of groups.read()) groups.setMember(group.name, name, false);
    }
    for (const group of wanted) groups.setMember(group, name, true);
    return 0;
  },
  2,
);

export const groupadd: Command = withOptions(
  { flags: ['-f|--force', '-r|--system'], values: ['-g|--gid'] },
  (context, options) => {
    const name = options.operands[0];
    if (name === undefined) return fail(context, 'Usage: groupadd [options] GROUP', 2);
    if (context.user !== 'root') {
      return fail(context, 'groupadd: Permission denied.\ngroupadd: cannot lock /etc/group; try again later.', 10);
    }
    const gid = options.value('--gid');
    const wanted = { isSystem: options.has('--system'), ...(gid === undefined ? {} : { gid: Number(gid) }) };
    if (groupFile(context.files).add(name, wanted) || options.has('--force')) return 0;
    return fail(context, `groupadd: group '${name}' already exists`, 9);
  },
  2,
);

export const groupdel: Command = withOptions({ flags: ['-f|--force'] }, (context, options) => {
  const name = options.operands[0];
  if (name === undefined) return fail(context, 'Usage: groupdel [options] GROUP', 2);
  if (context.user !== 'root') {
    return fail(context, 'groupdel: Permission denied.\ngroupdel: cannot lock /etc/group; try again later.', 10);
  }
  const groups = groupFile(context.files);
  if (!groups.has(name)) return fail(context, `groupdel: group '${name}' does not exist`, 6);
  groups.remove(name);
  return 0;
});

export const gpasswd: Command = withOptions({ values: ['-a|--add', '-d|--delete'] }, (context, options) => {
  const group = options.operands[0] ?? '';
  const added = options.value('--add');
  const user = added ?? options.value('--delete');
  if (user === undefined) return fail(context, 'Usage: gpasswd [option] GROUP', 2);
  if (context.user !== 'root') return fail(context, 'gpasswd: Permission denied.');
  const groups = groupFile(context.files);
  if (!groups.has(group)) return fail(context, `gpasswd: group '${group}' does not exist in /etc/group`, 3);
  if (!userNames(context.files).includes(user)) return fail(context, `gpasswd: user '${user}' does not exist`, 3);
  const isMember = groups.read().some((g) => g.name === group && g.members.includes(user));
  if (added === undefined && !isMember)
    return fail(context, `gpasswd: user '${user}' is not a member of '${group}'`, 3);
  context.out(
    added === undefined ? `Removing user ${user} from group ${group}\n` : `Adding user ${user} to group ${group}\n`,
  );
  groups.setMember(group, user, added !== undefined);
  return 0;
});

/** `adduser USER GROUP`; making users with it asks questions and is refused. */
export const adduser: Command = withOptions({ flags: ['-q|--quiet'] }, (context, options) => {
  const [user = '', group] = options.operands;
  if (group === undefined) return fail(context, `adduser: simulated machines know only "adduser USER GROUP"`);
  if (context.user !== 'root') return fail(context, 'fatal: Only root may add a user or group to the system.');
  const groups = groupFile(context.files);
  if (!userNames(context.files).includes(user)) return fail(context, `fatal: The user \`${user}' does not exist.`);
  if (!groups.has(group)) return fail(context, `fatal: The group \`${group}' does not exist.`);
  if (groups.read().some((g) => g.name === group && g.members.includes(user))) {
    context.out(`info: The user \`${user}' is already a member of \`${group}'.\n`);
  } else {
    if (!options.has('--quiet')) context.out(`info: Adding user \`${user}' to group \`${group}' ...\n`);
    groups.setMember(group, user, true);
  }
  return 0;
});
