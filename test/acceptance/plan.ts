import { parseCluster } from '../../src/config/load.ts';
import type { PlanItem } from '../../src/engine/events.ts';
import type { Step } from '../../src/engine/types.ts';
import type { Run } from './user.ts';

/** What a run planned first; nothing when it printed no plan. */
export function planOf({ events }: Run): readonly PlanItem[] {
  const plan = events.find(({ event }) => event === 'plan') as { items: readonly PlanItem[] } | undefined;
  return plan?.items ?? [];
}

/** What a plan refuses: where, and what was seen. */
export function refusals(run: Run): string[] {
  return planOf(run).flatMap(({ id, verdict, because }) => (verdict === 'refused' ? [`${id}: ${because}`] : []));
}

/** What a plan does not find as it should be; what only waits for that is left out. */
export function open(run: Run): readonly PlanItem[] {
  return planOf(run).filter(({ verdict }) => verdict !== 'ok' && verdict !== 'later');
}

/** Their ids, in the order of the alphabet. */
export function openIds(run: Run): string[] {
  return open(run)
    .map(({ id }) => id)
    .sort();
}

/** An id without its place. */
export function nameOf(id: string): string {
  return id.slice(0, id.indexOf('@'));
}

/** What a step brings for the text of a cluster file, by name, in the order of the alphabet. */
export function namesOf(step: Step, text: string): string[] {
  const { file } = parseCluster(Buffer.from(text), 'mlk8s.yaml');
  return step
    .resources(file)
    .map(({ id }) => nameOf(id))
    .sort();
}
