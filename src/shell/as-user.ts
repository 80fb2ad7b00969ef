import { type Script, sh } from './script.ts';

/**
 * Runs a script as another account, with its own home and nothing of root's environment. What it reads and writes there
 * is then the account's to read and write, wherever its links lead. Standard input is passed on. Exit status 127 where
 * there is no such account.
 */
export function asUser(user: string, script: Script): Script {
  return sh`
    home=$(getent passwd ${user} | cut -d: -f6)
    [ -n "$home" ] || { echo ${`there is no account ${user} on this machine`} >&2; exit 127; }
    cd "$home"
    env -i PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin" LANG=C.UTF-8 runuser -u ${user} -- env HOME="$home" USER=${user} LOGNAME=${user} bash --norc --noprofile -euo pipefail -c ${script.bash}
  `;
}
