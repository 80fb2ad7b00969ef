import { chartOf } from '../../charts/catalogue.ts';
import { openCostValues } from '../../cost/opencost.ts';
import type { Step } from '../../engine/types.ts';
import { release } from '../release.ts';

/** Seconds until its pods are ready: their images come over the line of a home. */
const READY_S = 900;

/** What a cluster costs: OpenCost beside Prometheus. The bill itself is `mlk8s cost`. */
export const costStep: Step = {
  name: 'cost',
  title: 'What the cluster costs',
  resources: (file) =>
    file.cost?.opencost
      ? [
          release(file, 'opencost', {
            id: 'cost/opencost@cluster',
            // Its own figures go through Prometheus, and its chart wants the types of that release.
            needs: ['monitoring/stack@cluster'],
            release: 'opencost',
            namespace: 'opencost',
            values: openCostValues(file),
            readyS: READY_S,
          }),
        ]
      : [],
  asksFor: (file) => (file.cost?.opencost ? [{ name: 'OpenCost', ...chartOf('opencost').requests }] : []),
  services: (file) =>
    file.cost?.opencost
      ? [{ name: 'opencost', namespace: 'opencost', service: 'opencost', port: 9090, web: true }]
      : [],
  notes: ({ file }) => (file.cost?.opencost ? ['what the cluster costs: mlk8s cost'] : []),
};
