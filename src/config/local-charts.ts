import { dirname, resolve } from 'node:path';
import type { Cluster } from './schema.ts';

/** Charts of the user as absolute paths: they count from the folder of the cluster file, `~` from `home`. */
export function withChartPaths(file: Cluster, path: string, home: string): Cluster {
  const absolute = (chart: string) =>
    resolve(
      dirname(path),
      chart.replace(/^~(?=\/|$)/, () => home),
    );
  const charts = Object.entries(file.charts).flatMap(([key, chart]) =>
    chart === undefined ? [] : [[key, absolute(chart)] as const],
  );
  return { ...file, charts: Object.fromEntries(charts) as Cluster['charts'] };
}
