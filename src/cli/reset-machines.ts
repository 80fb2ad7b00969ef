import type { PlanItem, Summary } from '../engine/events.ts';
import type { UpOptions } from '../engine/options.ts';
import { type Problem, UserError } from '../errors.ts';
import { count } from '../render/words.ts';
import type { Context } from './context.ts';
import type { ResetFlags } from './reset.ts';
import { inSession, type Session } from './run.ts';
import { needCluster } from './session.ts';

/** Undoes what mlk8s did, when the name of the cluster was typed. */
export async function resetMachines(context: Context, flags: ResetFlags): Promise<Summary> {
  const cluster = await needCluster(context, flags);
  const { name } = cluster.file;
  if (flags.confirm !== undefined && flags.confirm !== name) throw wrongName(name, `--confirm ${flags.confirm}`);
  const runFlags = { ...flags, only: [], skip: [] };
  const job = { command: 'reset', cluster, flags: runFlags, changes: true };
  return inSession(context, job, (engine, session) => {
    const options: UpOptions = {
      ...session.options,
      lockWaitS: flags.lockWait,
      wipeNodes: [],
      confirm: async (items) => flags.confirm === name || askForName(name, items, flags, session),
      stop: session.interrupt.stop,
      letGo: session.interrupt.letGo,
    };
    return engine.reset(options);
  });
}

async function askForName(
  name: string,
  items: readonly PlanItem[],
  flags: ResetFlags,
  { asker, options }: Session,
): Promise<true> {
  if (!asker.canAsk || flags.json) throw cannotAsk(name, flags);
  const changes = items.filter((item) => item.verdict === 'change' || item.verdict === 'later').length;
  const where = options.hosts.rehearsal ? 'the simulated cluster' : 'cluster';
  const typed = await asker.line(`To undo ${count(changes, 'thing')} on ${where} ${name}, type its name:`);
  if (typed.trim() !== name) throw wrongName(name, `"${typed.trim()}"`);
  return true;
}

function wrongName(name: string, typed: string): UserError {
  return new UserError({
    where: 'mlk8s reset',
    seen: `${typed} is not the name of the cluster; nothing was changed`,
    why: `the cluster in the cluster file is called ${name}`,
    next: ['run the command again and type that name, if it is this cluster that is meant'],
  });
}

function cannotAsk(name: string, { host }: ResetFlags): UserError {
  const hosts = host.map((it) => ` --host ${it}`).join('');
  const problem: Problem = {
    where: 'mlk8s reset',
    seen: 'the name of the cluster must be typed, and nobody can be asked; nothing was changed',
    why: 'there is no terminal, or --json was given',
    next: [`mlk8s reset${hosts} --confirm ${name}`],
  };
  return new UserError(problem);
}
