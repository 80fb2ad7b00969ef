import type { RigFiles } from './model/command.ts';
import { LOGIN_PATH } from './rootfs.ts';

/** A line of /etc/passwd. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** The account of a name or number in /etc/passwd of the machine. */
export function account(files: RigFiles, who: string): Account | undefined {
  const lines = (files.read('/etc/passwd') ?? '').split('\n').map((line) => line.split(':'));
  const line = lines.find(([name, , uid]) => name === who || uid === who);
  if (!line) return undefined;
  const [name = '', , uid = '0', gid = '0', , home = '/', shell = '/bin/sh'] = line;
  return { name, uid: Number(uid), gid: Number(gid), home, shell };
}

/** Lets the owner of a public key log in as `user`. */
export function authorize(files: RigFiles, user: string, publicKey: string): void {
  const path = `${account(files, user)?.home}/.ssh/authorized_keys`;
  const known = files.read(path) ?? '';
  if (!known.includes(publicKey)) files.write(path, `${known}${publicKey}\n`, 0o600);
}

/** Groups of a user: the own one first. */
export function groups(files: RigFiles, user: Account): { name: string; gid: number }[] {
  const all = (files.read('/etc/group') ?? '')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map(([name = '', , gid = '0', members = '']) => ({ name, gid: Number(gid), members: members.split(',') }));
  const own = all.find((group) => group.gid === user.gid) ?? { name: String(user.gid), gid: user.gid };
  const others = all.filter((group) => group.gid !== user.gid && group.members.includes(user.name));
  return [own, ...others].map(({ name, gid }) => ({ name, gid }));
}

/** Home and environment of a fresh login. */
export function login(files: RigFiles, user: string): { home: string; variables: Record<string, string> } {
  const found = account(files, user);
  const home = found?.home ?? '/';
  const shell = found?.shell ?? '/bin/bash';
  return {
    home,
    variables: { HOME: home, USER: user, LOGNAME: user, SHELL: shell, PATH: LOGIN_PATH, LANG: 'C.UTF-8' },
  };
}
