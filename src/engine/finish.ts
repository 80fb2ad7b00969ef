import { machinesOf } from '../config/machines.ts';
import { ExitCode } from '../errors.ts';
import type { PlanItem, Summary } from './events.ts';
import type { RunOptions } from './options.ts';
import type { Prepared } from './prepare.ts';
import type { Outcome } from './runner.ts';
import type { Id } from './types.ts';

/** Says what begins. Gives the moment, in ms. */
export function start(options: RunOptions): number {
  const { command, file, hosts, listener } = options;
  const names = machinesOf(file).map(({ name }) => name);
  listener({
    event: 'start',
    command,
    cluster: file.name,
    hosts: names,
    ...(hosts.rehearsal ? { rehearsal: hosts.rehearsal } : {}),
  });
  return Date.now();
}

/** Says what the plan is, and gives it. */
export function showPlan(prepared: Prepared): PlanItem[] {
  const items = prepared.plan();
  prepared.options.listener({ event: 'plan', items });
  return items;
}

/** Something is to be done, or not there yet. */
export function isOpen(item: PlanItem): boolean {
  if (item.blocked) return false;
  return item.verdict === 'change' || item.verdict === 'settling' || item.verdict === 'later';
}

/** Strongest first: failed, hosts dropped out, done. */
export function endCode(prepared: Prepared, outcome: Outcome | undefined, items: readonly PlanItem[]): ExitCode {
  const refused = items.some((item) => item.verdict === 'refused') || (outcome?.refused.size ?? 0) > 0;
  if (refused || (outcome?.failed.size ?? 0) > 0) return ExitCode.failed;
  return prepared.observer.dropped.size > 0 ? ExitCode.partial : ExitCode.done;
}

/** Says how it ended, and gives that. */
export function finish(
  prepared: Prepared,
  started: number,
  exitCode: ExitCode,
  items: readonly PlanItem[],
  outcome: Outcome | undefined,
  more: Partial<Pick<Summary, 'findings' | 'notes'>> = {},
): Summary {
  const { command, file, hosts, listener, deleteData = [] } = prepared.options;
  const forgotten = new Set(items.filter((item) => item.forgets).map(({ id }) => id));
  const applied = [...(outcome?.applied ?? [])].filter((id) => !forgotten.has(id));
  const changes = new Set<Id>([...items.filter((item) => item.verdict === 'change').map(({ id }) => id), ...applied]);
  const summary: Summary = {
    command,
    cluster: file.name,
    exitCode,
    changes: changes.size,
    applied: applied.length,
    failed: outcome?.failed.size ?? 0,
    refused: outcome?.refused.size ?? items.filter((item) => item.verdict === 'refused').length,
    dropped: [...prepared.observer.dropped.keys()],
    execs: Object.fromEntries(prepared.names.map((name) => [name, hosts.node(name).execs])),
    seconds: (Date.now() - started) / 1000,
    rehearsal: hosts.rehearsal !== undefined,
    notes: prepared.notes(exitCode, items),
    ...(prepared.options.prune ? { prune: true } : {}),
    ...(deleteData.length > 0 ? { deleteData } : {}),
    ...more,
  };
  prepared.end(outcome);
  listener({ event: 'summary', ...summary });
  return summary;
}
