import type { Cluster } from '../../config/schema.ts';
import type { Declared, Load, Service, Step, World } from '../../engine/types.ts';
import { dashboards } from './dashboards.ts';
import { exporterLoads, exporters } from './exporters.ts';
import { NAMESPACE, SERVICES } from './names.ts';
import { rules } from './rules.ts';
import { LOGIN, stack, stackLoad } from './stack.ts';

/** Prometheus, Grafana and alerts. facts: monitoring-and-cost sheet, 0 to 2.3; platform sheet, 2 and 4 */
export const monitoringStep: Step = {
  name: 'monitoring',
  title: 'Prometheus, Grafana and alerts',
  resources,
  asksFor: ({ monitoring }) =>
    (monitoring ? [stackLoad(monitoring), ...exporterLoads(monitoring)] : []) satisfies Load[],
  services,
  notes,
};

function resources(file: Cluster): Declared[] {
  const { monitoring } = file;
  if (!monitoring) return [];
  return [...stack(file, monitoring), ...exporters(file, monitoring), rules(file), dashboards()];
}

function services({ monitoring }: Cluster): Service[] {
  if (!monitoring) return [];
  const of = (name: keyof typeof SERVICES, port: number, web: boolean): Service => ({
    ...{ name, namespace: NAMESPACE, service: SERVICES[name], port, web },
  });
  return [
    // Not 3000, where its pod listens. monitoring-and-cost sheet, 7/9
    { ...of('grafana', 80, true), login: LOGIN },
    of('prometheus', 9090, true),
    of('alertmanager', 9093, true),
    ...(monitoring.pushgateway ? [of('pushgateway', 9091, false)] : []),
  ];
}

function notes({ file }: World): string[] {
  return file.monitoring ? ['dashboards: mlk8s open grafana; its password: mlk8s credentials'] : [];
}
