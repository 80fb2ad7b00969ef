import type { Cluster } from '../config/schema.ts';
import type { Data } from './values.ts';

/** Charts that the cluster file can say something about: the keys of `templates/charts.yaml`. */
export const CHARTS = [
  'cert-manager',
  'openebs',
  'csi-driver-nfs',
  'gpu-operator',
  'nvidia-device-plugin',
  'dcgm-exporter',
  'prometheus-operator-crds',
  'kube-prometheus-stack',
  'prometheus-pushgateway',
  'prometheus-blackbox-exporter',
  'opencost',
  'cloudnative-pg',
  'valkey',
  'milvus',
] as const;

export type ChartKey = (typeof CHARTS)[number];

/** The chart behind a word of the cluster file, where the two are called differently and it is one chart. */
export const CHART_OF: Readonly<Record<string, ChartKey>> = {
  postgres: 'cloudnative-pg',
  redis: 'valkey',
  nfs: 'csi-driver-nfs',
  mayastor: 'openebs',
  gpu: 'gpu-operator',
  monitoring: 'kube-prometheus-stack',
  pushgateway: 'prometheus-pushgateway',
  cost: 'opencost',
  tls: 'cert-manager',
};

/** What the user wants over the values of mlk8s. */
export function userValues(file: Cluster, chart: ChartKey): Data {
  return (file.values[chart] ?? {}) as Data;
}
