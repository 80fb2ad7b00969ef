import type { Cluster } from '../config/schema.ts';
import type { Declared } from '../engine/types.ts';
import type { Problem } from '../errors.ts';
import { misfit, pinned } from './catalogue.ts';

/** Why releases of the run do not fit the channel of the cluster file; nothing when all do. */
export function misfits(file: Cluster, resources: readonly Declared[]): Problem | undefined {
  const { channel } = file.microk8s;
  const charts = Object.values(pinned().charts);
  const found = resources.flatMap((it) => {
    const spec = it.kind === 'helm-release' ? (it.spec as { readonly chart: string }) : undefined;
    const chart = charts.find((one) => one.chart === spec?.chart);
    const why = chart && misfit(chart, channel);
    return why === undefined ? [] : [{ id: it.id, why }];
  });
  if (found.length === 0) return undefined;
  return {
    where: found.map(({ id }) => id).join(', '),
    seen: `MicroK8s ${channel} and ${found.length === 1 ? 'a chart' : 'charts'} of this mlk8s do not go together`,
    why: found.map(({ why }) => why).join('; '),
    next: [
      'take a channel that fits in a new cluster: mlk8s never moves one to another version',
      `or leave its section out of the cluster file`,
    ],
  };
}
