import type { Delivery } from '../engine/test-alert.ts';
import { marked, type Style, wrap } from './style.ts';

/** What to look at, by the name of the receiver that failed. */
const NEXT: Readonly<Record<string, string>> = {
  email: 'check monitoring.alerts.email: server, user, password and sender',
  telegram: 'check the token and chat; the bot must be in the chat, and the number of a group starts with a minus',
  ntfy: 'check the address of the topic and its token',
  webhook: 'check the address',
  'ntfy and webhook': 'check the address of the topic and its token, and the address of the webhook',
};

/** Whether a test alert went out to one receiver, and what to do when it did not. `typed`: commands as they are typed here. */
export function deliveryLines(
  { receiver, result, error }: Delivery,
  typed: (text: string) => string,
  style: Style,
): string[] {
  if (result === 'sent') return marked(style.symbols.ok, 'green', `${receiver}: Alertmanager sent it`, style);
  const seen = {
    failed: `Alertmanager could not send it: ${error ?? 'its log does not say why'}`,
    open: `Alertmanager did not try it in two minutes${error === undefined ? '' : `: ${error}`}`,
  };
  const next =
    result === 'failed'
      ? `${NEXT[receiver]}; then: mlk8s up`
      : 'mlk8s plan says whether the cluster knows of it; mlk8s open alertmanager shows silences';
  return [
    ...marked(style.symbols.failed, 'red', `${receiver}: ${seen[result]}`, style),
    ...wrap(typed(next), '    next: ', style),
  ];
}
