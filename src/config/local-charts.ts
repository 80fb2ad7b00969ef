import { dirname, resolve } from 'node:path';
import type { Cluster } from './schema.ts';

/** Charts and manifests of the user as absolute paths: they count from the folder of the cluster file, `~` from `home`. */
export function withLocalPaths(file: Cluster, path: string, home: string): Cluster {
  const absolute = (local: string) =>
    resolve(
      dirname(path),
      local.replace(/^~(?=\/|$)/, () => home),
    );
  const charts = Object.entries(file.charts).flatMap(([key, chart]) =>
    chart === undefined ? [] : [[key, absolute(chart)] as const],
  );
  const { kubeflow } = file;
  return {
    ...file,
    charts: Object.fromEntries(charts) as Cluster['charts'],
    ...(kubeflow?.source === undefined ? {} : { kubeflow: { ...kubeflow, source: absolute(kubeflow.source) } }),
  };
}
