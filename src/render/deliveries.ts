import type { Delivery } from '../engine/test-alert.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

/** What to look at, by the name of the receiver that failed. */
const NEXT: Readonly<Record<string, string>> = {
  email: 'check monitoring.alerts.email: server, user, password and sender',
  telegram: 'check the token and chat; the bot must be in the chat, and the number of a group starts with a minus',
  ntfy: 'check the address of the topic and its token',
  webhook: 'check the address',
};

/** Whether a test alert went out to one receiver, and what to do when it did not. */
export function deliveryLines({ receiver, result, error }: Delivery, { symbols, paint }: Style): string[] {
  if (result === 'sent') return [`${paint('green', symbols.ok)} ${receiver}: Alertmanager sent it`];
  const seen = {
    failed: `Alertmanager could not send it: ${error ?? 'its log does not say why'}`,
    open: 'Alertmanager did not try it in two minutes',
  };
  const next =
    result === 'failed' ? `${NEXT[receiver]}; then: mlk8s up` : 'mlk8s plan says whether the cluster knows of it';
  return [`${paint('red', symbols.failed)} ${receiver}: ${printable(seen[result])}`, `    next: ${next}`];
}
