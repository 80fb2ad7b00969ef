import type { ProgramSpec } from '../call.ts';
import { type HostContext, USER_VARIABLE } from '../context.ts';
import { type Account, account } from '../login.ts';

const SECURE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin';
const MOST_TRIES = 3;

interface SudoOptions {
  ask: boolean;
  fromStdin: boolean;
  prompt: string;
  target: string;
  loginShell: boolean;
  shell: boolean;
  keepEnv: boolean;
  onlyForget: boolean;
  validate: boolean;
}

/** sudo of Ubuntu 24.04 without a terminal. */
export async function sudo(context: HostContext): Promise<number> {
  const { user } = context;
  const words = [...context.args];
  const options: SudoOptions = {
    ask: true,
    fromStdin: false,
    prompt: `[sudo] password for ${user}: `,
    target: 'root',
    loginShell: false,
    shell: false,
    keepEnv: false,
    onlyForget: false,
    validate: false,
  };
  const unknown = readOptions(words, options);
  if (unknown) {
    context.err(`sudo: invalid option -- '${unknown}'\nusage: sudo -h | -K | -k | -V\n`);
    return 1;
  }
  const own: Record<string, string> = {};
  for (
    let pair = /^([A-Za-z_]\w*)=(.*)$/s.exec(words[0] ?? '');
    pair;
    pair = /^([A-Za-z_]\w*)=(.*)$/s.exec(words[0] ?? '')
  ) {
    own[pair[1] ?? ''] = pair[2] ?? '';
    words.shift();
  }
  const nothing = words.length === 0 && !options.loginShell && !options.shell;
  if (nothing && options.onlyForget) return 0;
  if (nothing && !options.validate) {
    context.err('usage: sudo -h | -K | -k | -V\nusage: sudo [-ABkNnS] [-u user] [command [arg ...]]\n');
    return 1;
  }
  if (!(await mayBecome(context, options))) return 1;
  if (options.validate) return 0;
  const target = account(context.files, options.target.replace(/^#/, ''));
  if (!target) {
    context.err(`sudo: unknown user ${options.target}\nsudo: error initializing audit plugin sudoers_audit\n`);
    return 1;
  }
  context.become(program(context, words, target, options, own));
  return 0;
}

/** Takes the options off `words`; returns the letter of one that sudo does not have. */
function readOptions(words: string[], options: SudoOptions): string | undefined {
  for (let word = words[0]; word !== undefined && /^-./.test(word); word = words[0]) {
    words.shift();
    if (word === '--') return undefined;
    if (word.startsWith('--')) {
      const [name = '', value] = word.slice(2).split('=', 2);
      const letter = LONG[name];
      if (!letter || option(letter, () => value ?? words.shift() ?? '', options)) return name;
      continue;
    }
    for (let rest = word.slice(1); rest.length > 0; ) {
      const letter = rest.charAt(0);
      rest = rest.slice(1);
      const value = () => {
        const inline = rest || words.shift() || '';
        rest = '';
        return inline;
      };
      if (option(letter, value, options)) return letter;
    }
  }
  return undefined;
}

const LONG: Record<string, string> = {
  'non-interactive': 'n',
  stdin: 'S',
  'reset-timestamp': 'k',
  'remove-timestamp': 'K',
  validate: 'v',
  prompt: 'p',
  user: 'u',
  group: 'g',
  login: 'i',
  shell: 's',
  'preserve-env': 'E',
  'set-home': 'H',
};

/** Returns whether there is no such option. */
function option(letter: string, value: () => string, options: SudoOptions): boolean {
  if (letter === 'n') options.ask = false;
  else if (letter === 'S') options.fromStdin = true;
  else if (letter === 'k' || letter === 'K') options.onlyForget = true;
  else if (letter === 'v') options.validate = true;
  else if (letter === 'p') options.prompt = value();
  else if (letter === 'u') options.target = value();
  else if (letter === 'g') value();
  else if (letter === 'i') options.loginShell = true;
  else if (letter === 's') options.shell = true;
  else if (letter === 'E') options.keepEnv = true;
  else return !'HAbNP'.includes(letter);
  return false;
}

async function mayBecome(context: HostContext, options: SudoOptions): Promise<boolean> {
  const { rig, user } = context;
  if (user === 'root') return true;
  const denied = rig.sudo.mode === 'denied' || context.machine.faults.active('nosudo');
  if (rig.sudo.mode === 'nopasswd' && !denied) return true;
  // Whoever is not in sudoers is asked first all the same; any password is then right or wrong in vain.
  if (!(await knowsPassword(context, options, denied ? undefined : rig.sudo.password))) return false;
  if (!denied) return true;
  context.err(`${user} is not in the sudoers file.\n`);
  return false;
}

/** `right` undefined: every password is taken. */
async function knowsPassword(context: HostContext, options: SudoOptions, right: string | undefined): Promise<boolean> {
  if (!options.ask) {
    context.err('sudo: a password is required\n');
    return false;
  }
  if (!options.fromStdin) {
    context.err(
      'sudo: a terminal is required to read the password; either use the -S option to read from standard input or ' +
        'configure an askpass helper\nsudo: a password is required\n',
    );
    return false;
  }
  for (let wrong = 0; ; ) {
    context.err(options.prompt);
    const line = await context.call.line();
    if (line === '') {
      context.err(
        `\nsudo: no password was provided\nsudo: ${wrong === 0 ? 'a password is required' : attempts(wrong)}\n`,
      );
      return false;
    }
    const given = line.replace(/\n$/, '');
    if (right === undefined || given === right) return true;
    wrong++;
    if (wrong === MOST_TRIES) {
      context.err(`sudo: ${attempts(wrong)}\n`);
      return false;
    }
    context.err('Sorry, try again.\n');
  }
}

function attempts(wrong: number): string {
  return `${wrong} incorrect password attempt${wrong === 1 ? '' : 's'}`;
}

function program(
  context: HostContext,
  words: readonly string[],
  target: Account,
  options: SudoOptions,
  own: Record<string, string>,
): ProgramSpec {
  const { user, env, cwd } = context;
  const kept = options.keepEnv ? env : pick(env, ['TERM', 'LANG', 'LC_ALL', 'DISPLAY', 'COLORTERM', 'PS1']);
  const caller = account(context.files, user);
  const variables = {
    ...kept,
    ...own,
    PATH: SECURE_PATH,
    HOME: target.home,
    USER: target.name,
    LOGNAME: target.name,
    SHELL: target.shell,
    MAIL: `/var/mail/${target.name}`,
    SUDO_USER: user,
    SUDO_UID: String(caller?.uid ?? 0),
    SUDO_GID: String(caller?.gid ?? 0),
    SUDO_COMMAND: words.join(' '),
    [USER_VARIABLE]: target.name,
    PWD: cwd,
  };
  const complaint = `sudo: ${words[0]}: command not found`;
  const base = { env: variables, clear: true, complaint, code: 1 };
  if (!options.loginShell && !options.shell) return { ...base, argv: words };
  const login = options.loginShell ? ['-l'] : [];
  const command = words.length > 0 ? ['-c', words.map(escapeWord).join(' ')] : [];
  return { ...base, argv: [target.shell, ...login, ...command] };
}

/** As sudo does it for -i and -s: a backslash before everything that is not plain. */
function escapeWord(word: string): string {
  return word.replace(/[^A-Za-z0-9_$-]/g, '\\$&');
}

function pick(env: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
