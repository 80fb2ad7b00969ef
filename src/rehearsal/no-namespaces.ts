import { readFileSync } from 'node:fs';
import { UserError } from '../errors.ts';

/** What keeps namespaces from ordinary users, and what allows them again. */
const SWITCHES = [
  {
    path: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    forbids: '1',
    why: 'AppArmor keeps user namespaces from ordinary users here (Ubuntu 23.10 and newer do)',
    allow: 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  },
  {
    path: '/proc/sys/kernel/unprivileged_userns_clone',
    forbids: '0',
    why: 'the kernel keeps user namespaces from ordinary users here',
    allow: 'sudo sysctl -w kernel.unprivileged_userns_clone=1',
  },
  {
    path: '/proc/sys/user/max_user_namespaces',
    forbids: '0',
    why: 'no user namespaces are allowed here',
    allow: 'sudo sysctl -w user.max_user_namespaces=15000',
  },
];

/** The error for a machine that could not be started: `what` was tried, `said` is what the kernel answered. */
export function cannotSimulate(what: string, said: string): UserError {
  const found = SWITCHES.find(({ path, forbids }) => read(path) === forbids);
  return new UserError({
    where: 'rehearsal',
    seen: `this computer does not let a simulated machine start: ${what}: ${said}`,
    why: found?.why ?? 'simulated machines are made of Linux namespaces, which containers often forbid',
    next: [
      ...(found ? [`allow them until the next reboot: ${found.allow}`] : []),
      ...(process.getuid?.() === 0 ? [] : ['or run the same command with sudo']),
      'or run mlk8s in an Ubuntu virtual machine: multipass launch --name mlk8s && multipass shell mlk8s',
    ],
  });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
