import type { Cluster } from '../../config/schema.ts';
import type { Id } from '../../engine/types.ts';

/** Namespace and release have the names of MicroK8s' addon, which then leaves all alone. facts: platform sheet, 1 and 5 #5 */
export const NAMESPACE = 'observability';
export const RELEASE = 'kube-prom-stack';

/** What the chart calls its parts under that release. facts: monitoring-and-cost sheet, 1.1 */
export const SERVICES = {
  grafana: 'kube-prom-stack-grafana',
  prometheus: 'kube-prom-stack-kube-prome-prometheus',
  alertmanager: 'kube-prom-stack-kube-prome-alertmanager',
  pushgateway: 'prometheus-pushgateway',
} as const;

export const CRDS: Id = 'monitoring/crds@cluster';
export const STACK: Id = 'monitoring/stack@cluster';

/** What a release with monitors of its own waits for: without the types it fails, or leaves them out. platform sheet, 4 #10 */
export function beforeMonitors({ monitoring }: Cluster): readonly Id[] {
  return monitoring ? [CRDS] : [];
}
