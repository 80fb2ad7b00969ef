import { LauncherExit } from '../shell/launcher.ts';
import { userKey } from './file-keys.ts';
import { HostError } from './host.ts';

/** Where the password for sudo comes from. One source serves all hosts of a run, so that it is asked for once. */
export interface SudoPasswords {
  /** The password to send along unasked; undefined when none is known for this host. */
  known(host: string): string | undefined;
  /** A host wants one; `refused` is the one that it did not take. undefined: nobody there to ask, or declined. */
  ask(host: string, refused: string | undefined): Promise<string | undefined>;
  /** The host took it. */
  accepted(host: string, password: string): void;
}

/** No password, and nobody to ask. */
export const noPasswords: SudoPasswords = {
  known: () => undefined,
  ask: async () => undefined,
  accepted: () => {},
};

/** What the launcher said when it ended without a root shell. */
export interface Refusal {
  readonly where: string;
  readonly host: string;
  readonly user: string;
  readonly code: number;
  readonly stderr: string;
  readonly password: string | undefined;
}

/** The password to try next; throws HostError when there is none to try or none would help. */
export async function nextPassword(refusal: Refusal, passwords: SudoPasswords): Promise<string> {
  const { code, stderr } = refusal;
  if (code === LauncherExit.noSudo) throw noSudo(refusal);
  // The words of sudo and of sudo-rs.
  if (/must have a tty|terminal is required/.test(stderr)) throw wantsTerminal(refusal);
  if (/not in the sudoers|is not allowed to|may not run|afraid I can|syntax error|invalid configuration/i.test(stderr))
    throw denied(refusal);
  if (/expired|account validation|account is locked/i.test(stderr)) throw denied(refusal);
  const password = await passwords.ask(refusal.host, refusal.password);
  if (password === undefined) throw code === LauncherExit.passwordRefused ? wrong(refusal) : wanted(refusal);
  return password;
}

/** Whether an exit without a start of the script is the launcher's and about sudo. */
export function isRefusal(code: number, stderr: string): boolean {
  return (Object.values(LauncherExit) as number[]).includes(code) || (code === 1 && /^sudo: /m.test(stderr));
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

const nopasswd = (user: string) => `echo '${user} ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/90-mlk8s`;

function noSudo({ where, user }: Refusal): HostError {
  return new HostError('sudo', {
    where,
    seen: `${user} is not root, and sudo is not installed`,
    why: 'mlk8s changes the system, which only root may do',
    next: [
      `on that machine, as root: apt-get install sudo && usermod -aG sudo ${user}`,
      `or log in as root: change ${userKey(where)}`,
    ],
  });
}

function wantsTerminal({ where }: Refusal): HostError {
  return new HostError('sudo', {
    where,
    seen: 'sudo works only on a terminal there: "you must have a tty to run sudo"',
    why: 'the configuration of sudo asks for a terminal (requiretty)',
    next: ['on that machine, with sudo visudo: remove the line "Defaults requiretty"'],
  });
}

function denied({ where, user, stderr }: Refusal): HostError {
  return new HostError('sudo', {
    where,
    seen: `sudo refuses ${user}: ${lastLine(stderr)}`,
    why: 'the user may not become root on that machine',
    next: [
      `on that machine, as a user who may: sudo usermod -aG sudo ${user}`,
      `or change ${userKey(where)} to one who may use sudo`,
    ],
  });
}

function wanted({ where, user }: Refusal): HostError {
  return new HostError('sudo', {
    where,
    seen: `sudo wants the password of ${user}, and none is known`,
    why: 'there is no terminal to ask on, or the question was not answered',
    next: [
      'run mlk8s in a terminal, or put the password into the environment variable MLK8S_SUDO_PASSWORD',
      `or let ${user} use sudo without one; on that machine, as root: ${nopasswd(user)}`,
    ],
  });
}

function wrong({ where, user, stderr }: Refusal): HostError {
  return new HostError('sudo', {
    where,
    seen: `sudo did not accept the password of ${user}: ${lastLine(stderr)}`,
    why: 'it was mistyped, or this machine has another password than the others',
    next: [
      'try it: log in there and type sudo -k true',
      `or let ${user} use sudo without one; on that machine, as root: ${nopasswd(user)}`,
    ],
  });
}
