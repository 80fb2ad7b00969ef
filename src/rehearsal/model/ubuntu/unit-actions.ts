import type { CommandContext } from '../command.ts';
import { fail } from './arguments.ts';
import { findUnit, setActive, unitFile } from './units.ts';

export type Action = 'start' | 'stop' | 'restart' | 'reload';

/** Where the process of a transient unit notes its process id: only inside the machine is it the right one. */
export function pidFile(name: string): string {
  return `/run/systemd/transient/${name}.pid`;
}

/** Sends a signal to the processes of a transient unit. */
export async function signal(context: CommandContext, name: string, signal: string): Promise<void> {
  const script = 'read -r pid <"$1" && { kill -s "$2" -- "-$pid" || kill -s "$2" "$pid"; } 2>/dev/null';
  await context.run(['bash', '-c', script, 'bash', pidFile(name), signal], { user: 'root' });
}

/** Starts, stops or restarts one unit; also what `enable --now` does. */
export async function act(context: CommandContext, name: string, action: Action): Promise<number> {
  const unit = findUnit(context, name);
  if (!unit) {
    return fail(context, `Failed to ${action} ${name}: Unit ${name} not ${action === 'stop' ? 'loaded' : 'found'}.`, 5);
  }
  if (action === 'stop') {
    if (unit.active === 'active' || unit.active === 'activating') await stop(context, name);
    return 0;
  }
  if (unit.enabled === 'masked') return fail(context, `Failed to ${action} ${name}: Unit ${name} is masked.`);
  if (action === 'reload') {
    if (unit.active === 'active') return 0;
    return fail(context, `Failed to reload ${name}: Unit ${name} is not active, cannot reload.`);
  }
  if (action === 'start' && unit.active === 'active') return 0;
  await context.sleep(action === 'restart' ? 2 : 1);
  return start(context, name);
}

async function stop(context: CommandContext, name: string): Promise<void> {
  const unit = context.rig.units[name];
  if (unit?.transient) await signal(context, name, 'TERM');
  await context.sleep(1);
  if (unit?.transient) {
    delete context.rig.units[name];
    context.changed();
  } else setActive(context, name, 'inactive');
}

/** A unit of /etc that runs once is really run; all else is only marked as running. */
async function start(context: CommandContext, name: string): Promise<number> {
  const file = unitFile(context, name);
  const command = /^ExecStart=[-@:+!]*(.+)$/m.exec(file ?? '')?.[1];
  if (command === undefined || !/^Type=oneshot$/m.test(file ?? '')) {
    setActive(context, name, 'active');
    return 0;
  }
  const code = await context.run(['bash', '-c', command], { user: 'root' });
  const remains = /^RemainAfterExit=(yes|true|1)$/m.test(file ?? '');
  setActive(context, name, code !== 0 ? 'failed' : remains ? 'active' : 'inactive');
  if (code === 0) return 0;
  context.err(`Job for ${name} failed because the control process exited with error code.\n`);
  context.err(`See "systemctl status ${name}" and "journalctl -xeu ${name}" for details.\n`);
  return 1;
}
