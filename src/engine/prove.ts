import type { Prepared } from './prepare.ts';
import { neverReady, undone } from './problems.ts';
import type { Outcome } from './runner.ts';
import type { World } from './types.ts';

/**
 * Whether the last look of a run can prove anything. `before` and `after` it: how many machines had dropped out. What was
 * not seen because a machine fell silent in that look, or because with machines gone nobody is left who speaks for the
 * cluster, is not undone. Where no machine is missing, an unknown lead is a finding and no excuse.
 */
export function isProof(before: number, after: number, { lead, founder }: Pick<World, 'lead' | 'founder'>): boolean {
  if (after > before) return false;
  return after === 0 || (lead ?? founder) !== undefined;
}

/** One last full look: all that was done must stand together. */
export async function proveAll(prepared: Prepared, outcome: Outcome): Promise<Outcome> {
  const { dropped } = prepared.observer;
  const before = dropped.size;
  if (outcome.applied.size > 0) await prepared.observe();
  if (!isProof(before, dropped.size, prepared.world)) return outcome;
  const failed = new Set(outcome.failed);
  const blocked = dropped.size > 0 || outcome.failed.size > 0 || outcome.refused.size > 0;
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
