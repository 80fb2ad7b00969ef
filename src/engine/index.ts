import { ExitCode, type Problem, UserError } from '../errors.ts';
import { kinds } from '../resources/index.ts';
import { closeJob } from '../shell/job.ts';
import { checks } from '../steps/preflight/index.ts';
import { HostError } from '../transport/host.ts';
import type { PlanItem, Summary } from './events.ts';
import { followJob } from './jobs.ts';
import { Lock } from './lock.ts';
import type { RunOptions, UpOptions } from './options.ts';
import { inParallel } from './parallel.ts';
import { placeOf } from './places.ts';
import { Prepared } from './prepare.ts';
import { neverReady, undone } from './problems.ts';
import { type Outcome, Runner } from './runner.ts';
import type { Id } from './types.ts';

/** Seconds that a job of an earlier run is followed at most. */
const FOLLOW_S = 3600;

/** Shows what `up` would do. Exit code 2 when there is something to do. */
export function plan(options: RunOptions): Promise<Summary> {
  return look(options, (items) => (items.some(isOpen) ? ExitCode.pending : ExitCode.done));
}

/** Shows how everything stands. Exit code 2 when something is not as it should be. */
export function status(options: RunOptions): Promise<Summary> {
  return look(options, (items) =>
    items.some((item) => isOpen(item) || item.verdict === 'refused') ? ExitCode.pending : ExitCode.done,
  );
}

async function look(options: RunOptions, judgement: (items: readonly PlanItem[]) => ExitCode): Promise<Summary> {
  const started = start(options);
  const prepared = new Prepared(options, []);
  await prepared.observe();
  const refused = refusedLead(prepared);
  // Without knowing who is in charge nothing can be said of the cluster, and what is left would mislead.
  const items = refused ? [] : showPlan(prepared);
  if (refused) options.listener({ event: 'problem', problem: refused });
  const failed =
    refused !== undefined || (options.command === 'plan' && items.some((item) => item.verdict === 'refused'));
  const partial = prepared.observer.dropped.size > 0 ? ExitCode.partial : judgement(items);
  return finish(prepared, started, failed ? ExitCode.failed : partial, items, undefined);
}

/** Brings the machines to what the file says. The same command is the first run, a repair and a resume. */
export async function up(options: UpOptions): Promise<Summary> {
  const started = start(options);
  const prepared = new Prepared(options, options.wipeNodes);
  const lock = new Lock(options.command, options.listener);
  let items: readonly PlanItem[] = [];
  try {
    await prepared.observe();
    const refusedAtOnce = refusedLead(prepared);
    if (refusedAtOnce) throw new UserError(refusedAtOnce);
    items = showPlan(prepared);
    if (!items.some(isOpen)) return finish(prepared, started, endCode(prepared, undefined, items), items, undefined);
    if (!(await options.confirm(items))) return finish(prepared, started, ExitCode.pending, items, undefined);
    await takeLock(options, prepared, lock);
    items = await underLock(options, prepared, items);
    const outcome = await new Runner(options, prepared, kinds, lock).run();
    // A run that was frozen and lost its lock must not end as if all were well.
    await lock.confirm();
    if (options.stop.aborted) return finish(prepared, started, ExitCode.interrupted, items, outcome);
    const last = await proveAll(prepared, outcome);
    return finish(prepared, started, endCode(prepared, last, []), items, last);
  } catch (error) {
    if (options.letGo.aborted) return finish(prepared, started, ExitCode.interrupted, items, undefined);
    if (error instanceof Declined) return finish(prepared, started, ExitCode.pending, items, undefined);
    if (!(error instanceof UserError || error instanceof HostError)) throw error;
    const problems = error instanceof UserError ? error.problems : [error.problem];
    for (const problem of problems) options.listener({ event: 'problem', problem });
    const exitCode = error instanceof UserError ? error.exitCode : ExitCode.failed;
    return finish(prepared, started, exitCode, items, undefined);
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
  shown: readonly PlanItem[],
): Promise<readonly PlanItem[]> {
  const asks = checks.flatMap((check) => prepared.names.flatMap((name) => check.asks(options.file, name)));
  options.listener({ event: 'phase', text: 'checking the machines before the first change' });
  await prepared.observe(asks);
  if (await followOpenJobs(options, prepared)) await prepared.observe(asks);
  const refused = refusedLead(prepared);
  if (refused) throw new UserError(refused);
  preflight(prepared);
  const items = prepared.plan();
  const known = new Set(shown.filter(isOpen).map((item) => item.id));
  if (items.every((item) => item.verdict !== 'change' || known.has(item.id))) return items;
  options.listener({ event: 'plan', items });
  if (!(await options.confirm(items))) throw new Declined();
  return items;
}

/** Says all problems of all machines at once; a warning that several machines share, once. */
function preflight(prepared: Prepared): void {
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
  const open = prepared.live.flatMap((name) => prepared.observer.openJobs(name).map((job) => ({ name, ...job })));
  await inParallel(options.parallel, open, async ({ name, id, running }) => {
    const host = options.hosts.node(name);
    try {
      if (!running) return void (await host.exec(closeJob(id).bash, { deadlineS: 30 }));
      options.listener({ event: 'follow', host: name, job: id });
      await followJob(host, id, FOLLOW_S, { begin: () => {}, line: () => {} }, options.letGo);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      prepared.drop(name, error.problem);
    }
  });
  return open.length > 0;
}

/** One last full look: all that was done must stand together. */
async function proveAll(prepared: Prepared, outcome: Outcome): Promise<Outcome> {
  if (outcome.applied.size > 0) await prepared.observe();
  const failed = new Set(outcome.failed);
  const blocked = prepared.observer.dropped.size > 0 || outcome.failed.size > 0 || outcome.refused.size > 0;
  for (const [id, { verdict, waitsFor }] of prepared.judge()) {
    if (verdict.verdict === 'ok' || verdict.verdict === 'refused' || failed.has(id)) continue;
    const stood = outcome.stood.has(id);
    if (!stood && blocked) continue;
    const others = [...outcome.applied].filter((other) => other !== id);
    const problem = stood ? undone(id, verdict.because, others) : neverReady(id, verdict.because, waitsFor);
    failed.add(id);
    prepared.options.listener({ event: 'failed', id, problem, tail: [] });
  }
  return { ...outcome, failed };
}

function showPlan(prepared: Prepared): PlanItem[] {
  const items = prepared.plan();
  prepared.options.listener({ event: 'plan', items });
  return items;
}

function refusedLead(prepared: Prepared): Problem | undefined {
  const { lead } = prepared.observer;
  return lead?.kind === 'refused' ? lead.problem : undefined;
}

function isOpen(item: PlanItem): boolean {
  return item.verdict === 'change' || item.verdict === 'settling' || item.verdict === 'later';
}

/** Strongest first: failed, hosts dropped out, done. */
function endCode(prepared: Prepared, outcome: Outcome | undefined, items: readonly PlanItem[]): ExitCode {
  const refused = items.some((item) => item.verdict === 'refused') || (outcome?.refused.size ?? 0) > 0;
  if (refused || (outcome?.failed.size ?? 0) > 0) return ExitCode.failed;
  return prepared.observer.dropped.size > 0 ? ExitCode.partial : ExitCode.done;
}

function start(options: RunOptions): number {
  const { command, file, hosts, listener } = options;
  const names = file.nodes.map((n) => n.name);
  listener({
    event: 'start',
    command,
    cluster: file.name,
    hosts: names,
    ...(hosts.rehearsal ? { rehearsal: hosts.rehearsal } : {}),
  });
  return Date.now();
}

function finish(
  prepared: Prepared,
  started: number,
  exitCode: ExitCode,
  items: readonly PlanItem[],
  outcome: Outcome | undefined,
): Summary {
  const { command, file, hosts, listener, steps } = prepared.options;
  const changes = new Set<Id>([
    ...items.filter((item) => item.verdict === 'change').map((item) => item.id),
    ...(outcome?.applied ?? []),
  ]);
  const summary: Summary = {
    command,
    cluster: file.name,
    exitCode,
    changes: changes.size,
    applied: outcome?.applied.size ?? 0,
    failed: outcome?.failed.size ?? 0,
    refused: outcome?.refused.size ?? items.filter((item) => item.verdict === 'refused').length,
    dropped: [...prepared.observer.dropped.keys()],
    execs: Object.fromEntries(prepared.names.map((name) => [name, hosts.node(name).execs])),
    seconds: (Date.now() - started) / 1000,
    rehearsal: hosts.rehearsal !== undefined,
    notes:
      exitCode === ExitCode.done && prepared.whole ? steps.flatMap((step) => step.notes?.(prepared.world) ?? []) : [],
  };
  listener({ event: 'summary', ...summary });
  return summary;
}
