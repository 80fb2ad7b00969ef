import type { Loaded } from '../config/load.ts';
import type { PlanItem, Summary } from '../engine/events.ts';
import type { UpOptions } from '../engine/options.ts';
import { ExitCode, UserError } from '../errors.ts';
import { count } from '../render/words.ts';
import type { Context, Engine } from './context.ts';
import { endOnInterrupt } from './interrupt.ts';
import { checkKnown } from './known.ts';
import type { FileFlags, PlanFlags, UpFlags, VerifyFlags } from './options.ts';
import { inSession, type Session } from './run.ts';

/** Finds and reads the cluster file; undefined when there is none in sight. */
export async function findCluster(context: Context, flags: FileFlags): Promise<Loaded | undefined> {
  const found = await context.parts.find({
    cwd: context.io.cwd,
    rehearsal: flags.rehearse === true,
    ...(flags.file === undefined ? {} : { flag: flags.file }),
  });
  return found && (await context.parts.load(found.path));
}

/** The cluster file that a command cannot do without. */
export async function needCluster(context: Context, flags: FileFlags): Promise<Loaded> {
  const found = await findCluster(context, flags);
  if (found) return found;
  const problem = {
    where: context.io.cwd,
    seen: 'there is no cluster file in this folder',
    next: ['mlk8s init writes one', 'or name one with -f FILE'],
  };
  throw new UserError(problem, ExitCode.invalid);
}

/** Looks at the machines and changes nothing. */
export function look(
  context: Context,
  verb: 'plan' | 'status' | 'doctor',
  cluster: Loaded,
  flags: PlanFlags,
): Promise<Summary> {
  return inSession(context, { command: verb, cluster, flags, changes: false }, (engine, { options, interrupt }) =>
    endOnInterrupt(() => engine[verb](options), interrupt.stop),
  );
}

/** Proves anew what the file has proofs of. Asks nobody: all that it makes it removes again. */
export function proveAnew(context: Context, cluster: Loaded, flags: VerifyFlags): Promise<Summary> {
  const job = { command: 'verify', cluster, flags, changes: true };
  return inSession(context, job, (engine, { options, interrupt: { stop, letGo } }) =>
    engine.verify({ ...options, lockWaitS: flags.lockWait, wipeNodes: [], confirm: async () => true, stop, letGo }),
  );
}

/** Brings the machines to what the file says; `before` is done first, with the same connections. */
export function bringUp(
  context: Context,
  command: string,
  cluster: Loaded,
  flags: UpFlags,
  before?: (engine: Engine, session: Session) => Promise<void>,
): Promise<Summary> {
  checkKnown(
    '--wipe-node',
    flags.wipeNode,
    cluster.file.nodes.map(({ name }) => name),
  );
  return inSession(context, { command, cluster, flags, changes: true, needsSecrets: true }, async (engine, session) => {
    const confirm = async (items: readonly PlanItem[]): Promise<boolean> => {
      if (flags.yes) return true;
      if (session.asker.canAsk && !flags.json) return session.asker.yes(question(items, session));
      throw cannotAsk(command);
    };
    const options: UpOptions = {
      ...session.options,
      lockWaitS: flags.lockWait,
      wipeNodes: flags.wipeNode,
      confirm,
      stop: session.interrupt.stop,
      letGo: session.interrupt.letGo,
    };
    await before?.(engine, session);
    return engine.up(options, await context.parts.checks());
  });
}

function question(items: readonly PlanItem[], { options }: Session): string {
  const isMade = ({ verdict, blocked }: PlanItem) => verdict === 'change' || (verdict === 'later' && !blocked);
  const changes = items.filter(isMade).length;
  const where = options.hosts.rehearsal ? 'the simulated cluster' : 'cluster';
  return `Make ${count(changes, 'change')} on ${where} ${options.file.name}?`;
}

function cannotAsk(command: string): UserError {
  return new UserError({
    where: `mlk8s ${command}`,
    seen: 'there are changes to make, and nobody to ask; nothing was changed',
    why: 'there is no terminal, or --json was given',
    next: [`mlk8s ${command} --yes makes the changes without asking`, 'mlk8s plan shows them'],
  });
}
