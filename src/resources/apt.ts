import { lines, type Script, sh } from '../shell/script.ts';

/**
 * apt-get without questions. Locks are waited for; needrestart only lists, because restarting services under a running
 * cluster is not apt's decision. gpu-and-nodes sheet 6.1.
 */
export const aptGet: Script = sh`env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold`;

/** Seconds for an installation: a lock may be held for ten minutes, and the line be slow. */
export const APT_DEADLINE_S = 2400;

/**
 * The lock of the lists is not covered by the timeout above, hence the tries. A list that cannot be had in the end is
 * no failure yet: a broken third-party source need not concern what is installed.
 */
export const aptUpdate: Script = sh`
  for try in 1 2 3 4 5; do
    if ${aptGet} update; then break; fi
    [ "$try" = 5 ] || sleep 15
  done
`;

/** Installs debs in one call. */
export function aptInstall(packages: Script): Script {
  return lines(aptUpdate, sh`${aptGet} install ${packages}`);
}
