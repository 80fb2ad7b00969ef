import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How the fake sudo treats the user. */
export type SudoMode = 'nopasswd' | 'password' | 'cached' | 'denied' | 'tty' | 'none';

export interface SudoWorld {
  /** Environment in which the user is not root and sudo is the fake one. */
  readonly env: NodeJS.ProcessEnv;
  /** One line for each run of sudo ("run …") and for each password line that it read ("read …"). */
  log(): string[];
}

/** Does what the launcher can see of sudo 1.9: where it reads, how often it asks, what it says, how it ends. */
const SUDO = `#!/bin/bash
log() { printf '%s\\n' "$*" >> "$FAKE_SUDO_LOG"; }
say() { printf '%s\\n' "$*" >&2; }
log "run $*"
cached=
[ "$FAKE_SUDO_MODE" = cached ] && cached=1
while [ $# -gt 0 ]; do
  case $1 in
    -n) quiet=1;; -S) stdin=1;; -k) cached=;; -p) shift;; --) shift; break;;
  esac
  shift
done
become() { FAKE_UID=0 exec "$@"; }
[ "$FAKE_SUDO_MODE" = tty ] && { say 'sudo: sorry, you must have a tty to run sudo'; exit 1; }
[ "$FAKE_SUDO_MODE" = nopasswd ] && become "$@"
[ -n "$cached" ] && become "$@"
[ -n "$quiet" ] && { say 'sudo: a password is required'; exit 1; }
[ -n "$stdin" ] || { say 'sudo: a terminal is required to read the password'; exit 1; }
for try in 0 1 2; do
  if ! IFS= read -r line; then
    [ $try -eq 0 ] && say 'sudo: no password was provided' || say "sudo: $try incorrect password attempt"
    exit 1
  fi
  log "read $line"
  if [ "$line" = "$FAKE_SUDO_PASSWORD" ]; then
    [ "$FAKE_SUDO_MODE" = denied ] && { say 'ada is not in the sudoers file.'; exit 1; }
    become "$@"
  fi
  say 'Sorry, try again.'
done
say 'sudo: 3 incorrect password attempts'
exit 1
`;

const ID = `#!/bin/sh
[ "$1" = -u ] && { echo "\${FAKE_UID-1000}"; exit 0; }
exec /usr/bin/id "$@"
`;

const folders: string[] = [];

/** A folder of its own, see `removeFolders`. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'mlk8s-transport-'));
  folders.push(made);
  return made;
}

/** Removes all that `folder` has made so far. */
export function removeFolders(): void {
  for (const it of folders.splice(0)) rmSync(it, { recursive: true, force: true });
}

function program(dir: string, name: string, text: string): void {
  writeFileSync(join(dir, name), text, { mode: 0o755 });
}

/** A user with this sudo. */
export function sudoWorld(mode: SudoMode, password = 'pa ss\\w0rd'): SudoWorld {
  const dir = folder();
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  program(bin, 'id', ID);
  // Without sudo the launcher must not find a real one of this machine either.
  if (mode === 'none')
    for (const name of ['sh', 'bash', 'cat']) program(bin, name, `#!/bin/sh\nexec /bin/${name} "$@"\n`);
  else program(bin, 'sudo', SUDO);
  const logFile = join(dir, 'log');
  writeFileSync(logFile, '');
  const env = {
    PATH: mode === 'none' ? bin : `${bin}:${process.env.PATH}`,
    HOME: dir,
    ...{ FAKE_SUDO_MODE: mode, FAKE_SUDO_PASSWORD: password, FAKE_SUDO_LOG: logFile },
  };
  return { env, log: () => readFileSync(logFile, 'utf8').split('\n').filter(Boolean) };
}

let root: NodeJS.ProcessEnv | undefined;

/** An environment in which the launcher takes the user for root. */
export function rootEnv(): NodeJS.ProcessEnv {
  if (!root) {
    const dir = folder();
    program(dir, 'id', ID);
    root = { ...process.env, PATH: `${dir}:${process.env.PATH}`, FAKE_UID: '0' };
  }
  return root;
}

/** Whether the machine of the test has this program. */
export function hasProgram(name: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', name], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
