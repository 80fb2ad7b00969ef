/** Rules of `monitoring:` that no single value can keep. Tolerant of values of a wrong type. */
import { isLoose, type Placed } from './loose.ts';

/** Whatever claims a volume names its class: a default class that comes and goes would leave it waiting. platform sheet, 5 #9 */
export function monitoringFaults(value: unknown): Placed[] {
  if (!isLoose(value) || value.monitoring === undefined || value.storage !== undefined) return [];
  const fault = {
    seen: 'monitoring without storage',
    why: 'Prometheus and Grafana keep what they know in volumes, and nothing in the file makes volumes',
    next: ['Add a section storage: "storage: {}" will do. See docs/storage.md.'],
  };
  return [{ path: ['monitoring'], fault }];
}
