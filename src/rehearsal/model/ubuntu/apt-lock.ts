import type { CommandContext } from '../command.ts';
import type { Options } from './arguments.ts';
import { FRONTEND_LOCK, lockHolder } from './packages.ts';

/** Waits for the frontend lock as long as `DPkg::Lock::Timeout` says (0 unless set); false when it was not got. */
export async function takeLock(context: CommandContext, options: Options): Promise<boolean> {
  const patience = lockTimeout(context, options);
  const start = context.now();
  for (let holder = lockHolder(context); holder; holder = lockHolder(context)) {
    const waited = Math.floor((context.now() - start) / 1000);
    const who = `Could not get lock ${FRONTEND_LOCK}. It is held by process ${holder.pid} (${holder.by})`;
    if (patience >= 0 && waited >= patience) {
      context.err(`E: ${who}\nN: Be aware that removing the lock file is not a solution and may break your system.\n`);
      context.err(`E: Unable to acquire the dpkg frontend lock (${FRONTEND_LOCK}), is another process using it?\n`);
      return false;
    }
    context.out(`Waiting for cache lock: ${who}... ${waited}s\r`);
    await context.sleep(patience < 0 ? 5 : Math.min(5, patience - waited));
  }
  context.rig.dpkgLock = { by: 'apt-get', pid: 4000 + (context.next() % 1000), until: context.now() + 3_600_000 };
  context.changed();
  return true;
}

/** A stored option is used by every call, as `/etc/apt/apt.conf.d` has it. */
function lockTimeout(context: CommandContext, options: Options): number {
  const key = /^DPkg::Lock::Timeout[= ]*"?(-?\d+)"?/i;
  const given = options.all('--option').findLast((o) => key.test(o));
  const folder = '/etc/apt/apt.conf.d';
  const stored = context.files
    .list(folder)
    .toSorted()
    .flatMap((name) => (context.files.read(`${folder}/${name}`) ?? '').split('\n'))
    .findLast((line) => key.test(line.trim()));
  return Number(key.exec((given ?? stored ?? '').trim())?.[1] ?? 0);
}

export function releaseLock(context: CommandContext): void {
  if (context.rig.dpkgLock?.by === 'apt-get') delete context.rig.dpkgLock;
  context.changed();
}
