import { chartOf } from '../../charts/catalogue.ts';
import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id, Load } from '../../engine/types.ts';
import { templateData } from '../../templates.ts';
import { release } from '../release.ts';
import { CRDS, NAMESPACE, SERVICES } from './names.ts';
import type { Monitoring } from './stack.ts';

/** Seconds until its pod is ready: one small image. */
const READY_S = 600;

export const BLACKBOX: Id = 'monitoring/blackbox@cluster';

/** What Prometheus asks besides the machines: certificates, and what jobs pushed. facts: monitoring-and-cost sheet, 2.3 and 3 */
export function exporters(file: Cluster, { pushgateway }: Monitoring): Declared[] {
  const blackbox = release(file, 'prometheus-blackbox-exporter', {
    id: BLACKBOX,
    needs: [CRDS],
    release: 'blackbox-exporter',
    namespace: NAMESPACE,
    values: templateData('monitoring/blackbox.yaml'),
    readyS: READY_S,
  });
  if (!pushgateway) return [blackbox];
  const gateway = release(file, 'prometheus-pushgateway', {
    id: 'monitoring/pushgateway@cluster',
    needs: [CRDS],
    release: SERVICES.pushgateway,
    namespace: NAMESPACE,
    values: templateData('monitoring/pushgateway.yaml'),
    readyS: READY_S,
  });
  return [blackbox, gateway];
}

/** What their pods ask for. */
export function exporterLoads({ pushgateway }: Monitoring): Load[] {
  const blackbox = { name: 'Blackbox exporter', ...chartOf('prometheus-blackbox-exporter').requests };
  if (!pushgateway) return [blackbox];
  return [blackbox, { name: 'Pushgateway', ...chartOf('prometheus-pushgateway').requests }];
}
