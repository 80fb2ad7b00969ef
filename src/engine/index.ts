import { ExitCode } from '../errors.ts';
import type { Check } from './check.ts';
import { drive } from './drive.ts';
import type { PlanItem, Summary } from './events.ts';
import { finish, isOpen, showPlan, start } from './finish.ts';
import type { RunOptions, UpOptions } from './options.ts';
import { PreparedUp } from './prune.ts';
import { PreparedUndo } from './reset.ts';
import { PreparedVerify } from './verify.ts';

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
  const prepared = new PreparedUp(options);
  await prepared.observe();
  const refused = prepared.refusal();
  // Without knowing who is in charge nothing can be said of the cluster, and what is left would mislead.
  const items = refused ? [] : showPlan(prepared);
  if (refused) options.listener({ event: 'problem', problem: refused });
  const failed =
    refused !== undefined || (options.command === 'plan' && items.some((item) => item.verdict === 'refused'));
  const partial = prepared.observer.dropped.size > 0 ? ExitCode.partial : judgement(items);
  return finish(prepared, started, failed ? ExitCode.failed : partial, items, undefined);
}

export { authority } from './ca.ts';
export { cost } from './cost.ts';
export { credentials } from './credentials.ts';
export { doctor } from './doctor.ts';
export { testAlert } from './test-alert.ts';
export { wayTo } from './visit.ts';

/** Brings the machines to what the file says. The same command is the first run, a repair and a resume. */
export function up(options: UpOptions, checks: readonly Check[]): Promise<Summary> {
  return drive(options, new PreparedUp(options, options.wipeNodes), checks);
}

/** Proves anew what the file has proofs of, and changes nothing else. */
export function verify(options: UpOptions): Promise<Summary> {
  return drive(options, new PreparedVerify(options), []);
}

/** Takes away what mlk8s made on the machines, and nothing that was there before. */
export function reset(options: UpOptions): Promise<Summary> {
  return drive(options, new PreparedUndo(options), []);
}
