/**
 * How a script reaches bash. Two texts: the launcher is the fixed command of every exec, the frame is what goes around
 * a script on standard input. Nothing of a script or a password ever stands in an argument.
 */

/** How the launcher ends when it could not get a root shell. Only meant when `STARTED` was not printed. */
export const LauncherExit = {
  /** sudo wants a password and the first line was empty */
  passwordWanted: 96,
  /** sudo did not let the user in with the password of the first line */
  passwordRefused: 97,
  /** not root, and there is no sudo */
  noSudo: 98,
} as const;

/**
 * First output of bash itself. What comes before it is noise of the login shell (~/.bashrc that prints); an exit
 * without it is the launcher's or the login shell's, never the script's.
 */
export const STARTED = '\x02mlk8s: the script starts here\x03\n';

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin';
const BASH = 'bash --norc --noprofile -s';

/*
 * `unset p` first: if the login exports a `p`, `read` would put the password into the environment of every child.
 * `bash -c :` and not `true`: sudoers may allow the one and not the other.
 * `-k` with a command ignores cached credentials, so sudo always takes the password line off standard input; with
 * cached ones it would leave it there and bash would run it.
 * The password is checked alone before: end of file follows it, so a wrong one is one failed attempt, not three that
 * are fed with lines of the script.
 * cat runs in the background, or it would keep the channel open after the script has ended.
 */
const TAKE_ROOT = [
  'unset p',
  'IFS= read -r p',
  `PATH=$PATH:${SYSTEM_PATH}`,
  'LC_ALL=C',
  'export PATH LC_ALL',
  `[ "$(id -u)" -ne 0 ] || exec ${BASH}`,
  `command -v sudo >/dev/null 2>&1 || exit ${LauncherExit.noSudo}`,
  `e=$(sudo -n -- bash -c : </dev/null 2>&1) && exec sudo -n -- ${BASH}`,
  `[ -n "$p" ] || { printf "%s\\n" "$e" >&2; exit ${LauncherExit.passwordWanted}; }`,
  'e=$(printf "%s\\n" "$p" | sudo -k -S -p "" -- bash -c : 2>&1) || ' +
    `{ printf "%s\\n" "$e" >&2; exit ${LauncherExit.passwordRefused}; }`,
  'exec 3<&0',
  `{ { printf "%s\\n" "$p"; exec cat <&3; } 2>/dev/null & } | sudo -k -S -p "" -- ${BASH} 3<&-`,
].join('; ');

const TAKE_USER = `IFS= read -r p; exec ${BASH}`;

/** What one POSIX `sh -c` runs: reads the password line, then becomes a bash that reads its script. */
export function launcher(rights: 'root' | 'user'): string {
  return rights === 'root' ? TAKE_ROOT : TAKE_USER;
}

/**
 * The launcher as the command of an SSH exec. The login shell may be bash, zsh, fish or csh, so it stays within what
 * all of them read alike: one line, one pair of single quotes, no exclamation mark, no backslash before a quote.
 */
export function remoteLauncher(rights: 'root' | 'user'): string {
  return `sh -c '${launcher(rights)}'`;
}

/**
 * Standard input of an exec behind the password line: a known environment, then `script` as one compound command, which
 * bash reads to its end before it runs any of it. So a script that was cut off on its way runs nothing. With `talks`
 * the script reads lines from what follows; without, it has no standard input. `exit` stands on the line of the closing
 * brace, or bash would take what is still to come as commands.
 */
export function frame(script: string, how: { readonly rights: 'root' | 'user'; readonly talks: boolean }): string {
  const path = how.rights === 'root' ? SYSTEM_PATH : `"$PATH":${SYSTEM_PATH}`;
  const home = how.rights === 'root' ? 'export HOME=/root; cd /' : 'cd ~ 2>/dev/null || cd /';
  return [
    `unset BASH_ENV ENV; export LC_ALL=C.UTF-8 PATH=${path}; ${home}; umask 022`,
    `printf '${STARTED.replace('\x02', '\\002').replace('\x03', '\\003').replace('\n', '\\n')}'`,
    '{ :',
    script,
    how.talks ? '}; exit' : '} </dev/null; exit',
    '',
  ].join('\n');
}
