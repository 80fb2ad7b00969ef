import { DEVBOX } from '../config/machines.ts';

/** A devbox beside the cluster has no section `ssh`: what is in front of and behind its address says all. */
function isDevbox(where: string): boolean {
  return where === DEVBOX || where.startsWith(`${DEVBOX} (`);
}

/** Where the cluster file says as whom mlk8s logs in. `where`: the machine, as problems name it. */
export function userKey(where: string): string {
  return isDevbox(where) ? 'the user before the @ in devbox.host' : 'ssh.user of this node';
}

/** What to type where another port is meant. */
export function anotherPort(where: string): string {
  const key = isDevbox(where)
    ? 'write it behind the address in devbox.host'
    : 'set ssh.port of this node in the cluster file';
  return `another port: ${key}, or Port in ~/.ssh/config`;
}

/** Where the key to log in with can be named. */
export function identityKey(where: string): string {
  const own = 'IdentityFile in ~/.ssh/config';
  return isDevbox(where) ? own : `ssh.identityFile of this node in the cluster file, or ${own}`;
}
