/** Rules of `monitoring:` that no single value can keep. Tolerant of values of a wrong type. */
import { isLoose, type Loose, type Placed } from './loose.ts';

/** Faults of the section `monitoring`, each at its place in the file. */
export function monitoringFaults(value: unknown): Placed[] {
  if (!isLoose(value) || value.monitoring === undefined) return [];
  return [...withoutStorage(value), ...halfLogin(value.monitoring)];
}

/** Whatever claims a volume names its class: a default class that comes and goes would leave it waiting. platform sheet, 5 #9 */
function withoutStorage({ storage }: Loose): Placed[] {
  if (storage !== undefined) return [];
  const fault = {
    seen: 'monitoring without storage',
    why: 'Prometheus and Grafana keep what they know in volumes, and nothing in the file makes volumes',
    next: ['Add a section storage: "storage: {}" will do. See docs/storage.md.'],
  };
  return [{ path: ['monitoring'], fault }];
}

/** Alertmanager logs in with both or not at all: a password alone it never sends, and a name alone no server takes. */
function halfLogin(monitoring: unknown): Placed[] {
  const alerts = isLoose(monitoring) ? monitoring.alerts : undefined;
  const email = isLoose(alerts) ? alerts.email : undefined;
  if (!isLoose(email) || (email.user === undefined) === (email.password === undefined)) return [];
  const [given, missing] = email.user === undefined ? ['password', 'user'] : ['user', 'password'];
  const example = missing === 'user' ? 'user: me@example.org' : 'password: env:SMTP_PASSWORD';
  const fault = {
    seen: `${given} without ${missing}`,
    why: 'Alertmanager logs in at a mail server with both, or not at all',
    next: [`Write both, ${example}, or neither.`],
  };
  return [{ path: ['monitoring', 'alerts', 'email', given as string], fault }];
}
