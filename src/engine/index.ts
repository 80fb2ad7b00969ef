import { ExitCode, type Problem, UserError } from '../errors.ts';
import { kinds } from '../resources/index.ts';
import { closeJob } from '../shell/job.ts';
import { checks } from '../steps/preflight/index.ts';
import type { PlanItem, Summary } from './events.ts';
import { followJob } from './jobs.ts';
import { Lock } from './lock.ts';
import type { RunOptions, UpOptions } from './options.ts';
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
  const items = prepared.plan();
  options.listener({ event: 'plan', items });
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
  await prepared.observe();
  const first = prepared.plan();
  options.listener({ event: 'plan', items: first });
  const refused = refusedLead(prepared);
  if (refused) {
    options.listener({ event: 'problem', problem: refused });
    return finish(prepared, started, ExitCode.failed, first, undefined);
  }
  if (!first.some(isOpen)) return finish(prepared, started, endCode(prepared, undefined, first), first, undefined);
  if (!(await options.confirm(first))) return finish(prepared, started, ExitCode.pending, first, undefined);

  const lock = new Lock(options.command, options.listener);
  try {
    await lock.take(lockHosts(prepared), options.lockWaitS, options.stop);
    return await underLock(options, prepared, lock, started);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    for (const problem of error.problems) options.listener({ event: 'problem', problem });
    return finish(prepared, started, error.exitCode, first, undefined);
  } finally {
    lock.release();
  }
}

async function underLock(options: UpOptions, prepared: Prepared, lock: Lock, started: number): Promise<Summary> {
  await followOpenJobs(options, prepared);
  await preflight(prepared);
  const items = prepared.plan();
  const outcome = await new Runner(options, prepared.observer, prepared.resources, kinds, lock).run();
  if (options.stop.aborted) return finish(prepared, started, ExitCode.interrupted, items, outcome);
  const last = await proveAll(prepared, outcome);
  return finish(prepared, started, endCode(prepared, last, []), items, last);
}

/** One last full look: all that was done must stand together. */
async function proveAll(prepared: Prepared, outcome: Outcome): Promise<Outcome> {
  if (outcome.applied.size > 0) await prepared.observe();
  const failed = new Set(outcome.failed);
  const judged = prepared.judge();
  const blocked = prepared.observer.dropped.size > 0 || outcome.failed.size > 0 || outcome.refused.size > 0;
  for (const [id, { verdict, waitsFor }] of judged) {
    if (verdict.verdict === 'ok' || verdict.verdict === 'refused' || failed.has(id)) continue;
    const isUndone = outcome.applied.has(id);
    if (!isUndone && blocked) continue;
    const problem = isUndone ? undone(id, verdict.because, [...outcome.applied]) : neverReady(id, waitsFor);
    failed.add(id);
    prepared.options.listener({ event: 'failed', id, problem, tail: [] });
  }
  return { ...outcome, failed };
}

/** Jobs that an earlier run left running are followed to their end; those that were cut off are closed. */
async function followOpenJobs(options: UpOptions, prepared: Prepared): Promise<void> {
  const {
    observer,
    options: { hosts, listener },
  } = prepared;
  const names = prepared.names.filter((name) => !observer.dropped.has(name));
  await Promise.all(
    names.map(async (name) => {
      for (const job of observer.openJobs(name)) {
        const host = hosts.node(name);
        if (!job.running) await host.exec(closeJob(job.id).bash, { deadlineS: 30 });
        else {
          listener({ event: 'follow', host: name, job: job.id });
          await followJob(host, job.id, FOLLOW_S, { begin: () => {}, line: () => {} }, options.letGo);
        }
      }
    }),
  );
}

/** Looks at everything again under the lock, and at what the machines are like. Throws with all problems at once. */
async function preflight(prepared: Prepared): Promise<void> {
  const { file, listener } = prepared.options;
  listener({ event: 'phase', text: 'checking the machines before the first change' });
  const hosts = prepared.names.filter((name) => !prepared.observer.dropped.has(name));
  await prepared.observe(hosts.flatMap((name) => checks.flatMap((check) => check.asks(file, name))));
  const findings = checks.flatMap((check) => check.judge(file, prepared.world));
  for (const { level, problem } of findings) {
    if (level === 'warning') listener({ event: 'warning', where: problem.where, text: problem.seen });
  }
  const problems = findings.filter((it) => it.level === 'error').map((it) => it.problem);
  if (problems.length > 0) throw new UserError(problems);
}

function refusedLead(prepared: Prepared): Problem | undefined {
  const { lead } = prepared.observer;
  return lead?.kind === 'refused' ? lead.problem : undefined;
}

function lockHosts(prepared: Prepared) {
  const { file, hosts } = prepared.options;
  const planes = file.nodes.filter((n) => n.role === 'control-plane' && !prepared.observer.dropped.has(n.name));
  return planes.map((n) => hosts.node(n.name));
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
    notes: exitCode === ExitCode.done ? steps.flatMap((step) => step.notes?.(prepared.world) ?? []) : [],
  };
  listener({ event: 'summary', ...summary });
  return summary;
}
