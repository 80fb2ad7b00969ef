import type { PlanItem } from '../../src/engine/events.ts';
import type { Run } from './user.ts';

/** What a run planned first; nothing when it printed no plan. */
export function planOf({ events }: Run): readonly PlanItem[] {
  const plan = events.find(({ event }) => event === 'plan') as { items: readonly PlanItem[] } | undefined;
  return plan?.items ?? [];
}
