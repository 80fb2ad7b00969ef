import { type HostContext, USER_VARIABLE } from '../context.ts';
import { account, groups, login } from '../login.ts';

/** coreutils id: who is pretended, by /etc/passwd and /etc/group of the machine. */
export function id(context: HostContext): number {
  const flags = new Set(context.args.filter((arg) => /^-[a-zA-Z]+$/.test(arg)).flatMap((arg) => [...arg.slice(1)]));
  const long: Record<string, string> = { '--user': 'u', '--group': 'g', '--groups': 'G', '--name': 'n', '--real': 'r' };
  for (const arg of context.args) if (long[arg]) flags.add(long[arg]);
  const who = context.args.find((arg) => !arg.startsWith('-')) ?? context.user;
  const user = account(context.files, who);
  if (!user) {
    context.err(`id: ‘${who}’: no such user\n`);
    return 1;
  }
  const all = groups(context.files, user);
  const own = all[0] ?? { name: String(user.gid), gid: user.gid };
  const shown = (entry: { name: string; gid: number }) => (flags.has('n') ? entry.name : String(entry.gid));
  if (flags.has('u')) context.out(`${flags.has('n') ? user.name : user.uid}\n`);
  else if (flags.has('g')) context.out(`${shown(own)}\n`);
  else if (flags.has('G')) context.out(`${all.map(shown).join(' ')}\n`);
  else {
    const list = all.map((group) => `${group.gid}(${group.name})`).join(',');
    context.out(`uid=${user.uid}(${user.name}) gid=${own.gid}(${own.name}) groups=${list}\n`);
  }
  return 0;
}

export function whoami(context: HostContext): number {
  context.out(`${context.user}\n`);
  return 0;
}

/** su and runuser: only root may without a password, and nobody else knows one. */
export function su(context: HostContext): number {
  const words = [...context.args];
  let user = 'root';
  let named = false;
  let fresh = false;
  let command: string | undefined;
  let shell: string | undefined;
  const rest: string[] = [];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '-' || word === '-l' || word === '--login') fresh = true;
    else if (word === '-c' || word === '--command') command = words.shift() ?? '';
    else if (word === '-s' || word === '--shell') shell = words.shift();
    else if (word === '-u' || word === '--user') [user, named] = [words.shift() ?? '', true];
    else if (word === '--') rest.push(...words.splice(0));
    else if (/^-[mp]$/.test(word)) continue;
    else if (!named) [user, named] = [word, true];
    else rest.push(word);
  }
  if (context.user !== 'root') {
    context.err('Password: su: Authentication failure\n');
    return 1;
  }
  const target = account(context.files, user);
  if (!target) {
    context.err(
      `${context.name}: user ${user} does not exist or the user entry does not contain all the required fields\n`,
    );
    return 1;
  }
  const { variables, home } = login(context.files, target.name);
  const identity = { HOME: home, USER: target.name, LOGNAME: target.name, SHELL: target.shell };
  const env = { ...(fresh ? variables : identity), [USER_VARIABLE]: target.name };
  if (context.name === 'runuser' && command === undefined && rest.length > 0) {
    context.become({ argv: rest, env });
    return 0;
  }
  const script = command === undefined ? [] : ['-c', command];
  context.become({ argv: [shell ?? target.shell, ...(fresh ? ['-l'] : []), ...script, ...rest], env, clear: fresh });
  return 0;
}
