import type { HostCommand } from '../site.ts';
import { chown, install, stat } from './owners.ts';
import { sudo } from './sudo.ts';
import { hostname, reboot, sync, uname } from './system.ts';
import { date, sleep, timeout } from './time.ts';
import { id, su, whoami } from './users.ts';

/** Programs that belong to the machines themselves: who one is, what time it is, off and on. */
export const builtins: Readonly<Record<string, HostCommand>> = {
  chgrp: chown,
  chown,
  date,
  hostname,
  id,
  install,
  poweroff: reboot,
  reboot,
  runuser: su,
  shutdown: reboot,
  sleep,
  stat,
  su,
  sudo,
  sync,
  timeout,
  uname,
  whoami,
};
