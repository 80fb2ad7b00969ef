import { ExitCode, UserError } from '../errors.ts';
import { placeOf, stepOf } from '../resources/places.ts';
import { closeJob } from '../shell/job.ts';
import { HostError } from '../transport/host.ts';
import type { Check } from './check.ts';
import type { PlanItem, Summary } from './events.ts';
import { endCode, finish, isOpen, showPlan, start } from './finish.ts';
import { followJob } from './jobs.ts';
import { Lock } from './lock.ts';
import { OWN_STEP } from './machine-state.ts';
import type { UpOptions } from './options.ts';
import { inParallel } from './parallel.ts';
import type { Prepared } from './prepare.ts';
import { proveAll } from './prove.ts';
import { Runner } from './runner.ts';
import type { Id } from './types.ts';

/** Seconds that a job of an earlier run is followed at most. */
const FOLLOW_S = 3600;

/**
 * A run that changes machines, from the first question to the summary: plan, consent, lock, `checks`, changes, proof.
 */
export async function drive(options: UpOptions, prepared: Prepared, checks: readonly Check[]): Promise<Summary> {
  const started = start(options);
  const lock = new Lock(options.command, options.listener);
  let items: readonly PlanItem[] = [];
  let runner: Runner | undefined;
  try {
    await prepared.observe();
    const refusedAtOnce = prepared.refusal();
    if (refusedAtOnce) throw new UserError(refusedAtOnce);
    items = showPlan(prepared);
    const isChange = items.some(isOpen);
    // What an earlier run left running or cut off is followed or closed, even where nothing else is left to do.
    if (!isChange && !items.some(({ forgets }) => forgets) && openJobs(prepared).length === 0) {
      return finish(prepared, started, endCode(prepared, undefined, items), items, undefined);
    }
    if (isChange && !(await options.confirm(items)))
      return finish(prepared, started, ExitCode.pending, items, undefined);
    await takeLock(options, prepared, lock);
    items = await underLock(options, prepared, checks, items);
    runner = new Runner(options, prepared, lock);
    const outcome = await runner.run();
    // A run that was frozen and lost its lock must not end as if all were well.
    await lock.confirm();
    if (options.stop.aborted) return finish(prepared, started, ExitCode.interrupted, items, outcome);
    const last = await proveAll(prepared, outcome);
    return finish(prepared, started, endCode(prepared, last, []), items, last);
  } catch (error) {
    const soFar = runner?.outcome;
    if (options.letGo.aborted) return finish(prepared, started, ExitCode.interrupted, items, soFar);
    if (error instanceof Declined) return finish(prepared, started, ExitCode.pending, items, undefined);
    if (!(error instanceof UserError || error instanceof HostError)) throw error;
    const problems = error instanceof UserError ? error.problems : [error.problem];
    for (const problem of problems) options.listener({ event: 'problem', problem });
    const exitCode = error instanceof UserError ? error.exitCode : ExitCode.failed;
    return finish(prepared, started, exitCode, items, soFar);
  } finally {
    lock.release();
  }
}

/** The user was shown a plan that had changed meanwhile, and said no. */
class Declined extends Error {}

/** The lock of each control plane that can still be reached; one that went away meanwhile drops out. */
async function takeLock(options: UpOptions, prepared: Prepared, lock: Lock): Promise<void> {
  const planes = options.file.nodes.filter((n) => n.role === 'control-plane').map((n) => n.name);
  for (const name of planes.filter((plane) => !prepared.observer.dropped.has(plane))) {
    try {
      await lock.take(options.hosts.node(name), options.lockWaitS, options.stop);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      prepared.drop(name, error.problem);
    }
  }
}

/** Looks again under the lock, follows what an earlier run left running, checks the machines. Returns the plan. */
async function underLock(
  options: UpOptions,
  prepared: Prepared,
  checks: readonly Check[],
  shown: readonly PlanItem[],
): Promise<readonly PlanItem[]> {
  const asks = checks.flatMap((check) => prepared.names.flatMap((name) => check.asks(options.file, name)));
  options.listener({ event: 'phase', text: 'checking the machines before the first change' });
  await prepared.observe(asks);
  if (await followOpenJobs(options, prepared)) await prepared.observe(asks);
  const refused = prepared.refusal();
  if (refused) throw new UserError(refused);
  preflight(prepared, checks);
  const items = prepared.plan();
  const known = new Set(shown.filter(isOpen).map((item) => item.id));
  // The lock itself makes the folder of mlk8s on a machine: that it will be removed again is no news.
  const isNews = ({ id, verdict }: PlanItem) => verdict === 'change' && !known.has(id) && stepOf(id) !== OWN_STEP;
  if (!items.some(isNews)) return items;
  options.listener({ event: 'plan', items });
  if (!(await options.confirm(items))) throw new Declined();
  return items;
}

/** Jobs of earlier runs that have not ended, and the machines that they are on. */
function openJobs({ live, observer }: Prepared): { name: string; id: string; running: boolean }[] {
  return live.flatMap((name) => observer.openJobs(name).map((job) => ({ name, ...job })));
}

/** Says all problems of all machines at once; a warning that several machines share, once. */
function preflight(prepared: Prepared, checks: readonly Check[]): void {
  const { file, listener } = prepared.options;
  const findings = checks.flatMap((check) => check.judge(file, prepared.world));
  const warnings = new Map<string, string[]>();
  for (const { level, problem } of findings) {
    if (level !== 'warning') continue;
    const text = [problem.seen, problem.why, ...problem.next].filter((part) => part !== undefined).join('; ');
    warnings.set(text, [...(warnings.get(text) ?? []), placeOf(problem.where as Id)]);
  }
  for (const [text, hosts] of warnings) listener({ event: 'warning', where: hosts.join(', '), text });
  const problems = findings.filter((it) => it.level === 'error').map((it) => it.problem);
  if (problems.length > 0) throw new UserError(problems);
}

/**
 * Jobs that an earlier run left running are followed to their end; those that were cut off are closed. True when there
 * was one.
 */
async function followOpenJobs(options: UpOptions, prepared: Prepared): Promise<boolean> {
  const open = openJobs(prepared);
  await inParallel(options.parallel, open, async ({ name, id, running }) => {
    const host = options.hosts.node(name);
    try {
      if (!running) return void (await host.exec(closeJob(id).bash, { deadlineS: 30 }));
      options.listener({ event: 'follow', host: name, job: id });
      const away = (text: string) => options.listener({ event: 'warning', where: name, text });
      await followJob(host, id, FOLLOW_S, { begin: () => {}, line: () => {}, away }, options.letGo);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      prepared.drop(name, error.problem);
    }
  });
  return open.length > 0;
}
