import { chartOf } from '../../charts/catalogue.ts';
import { userValues } from '../../charts/keys.ts';
import { type Data, mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import { pricesOf } from '../../cost/tables.ts';
import type { Step } from '../../engine/types.ts';
import { templateData } from '../../templates.ts';
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

/** Prices are those of an hour since 1.121. All keys are written: the chart's own are examples. facts: sheet 4.3 */
function openCostValues(file: Cluster): Data {
  const { cpu, memory, storage, anyGpu, hoursPerMonth, currency } = pricesOf();
  const price = (perHour: number) => String(Number(perHour.toPrecision(8)));
  const costModel = {
    description: `${currency} per hour: ${cpu.product}, ${cpu.asOf}`,
    CPU: price(cpu.perHour),
    spotCPU: price(cpu.perHour),
    RAM: price(memory.perHour),
    spotRAM: price(memory.perHour),
    GPU: price(anyGpu.perHour),
    storage: price(storage.perMonth / hoursPerMonth),
    // What leaves a home costs nothing for each GB.
    zoneNetworkEgress: '0',
    regionNetworkEgress: '0',
    internetNetworkEgress: '0',
  };
  return mergeValues(templateData('cost/opencost.yaml'), {
    opencost: { exporter: { defaultClusterId: file.name }, customPricing: { costModel } },
  });
}

/** The price of an hour of a core that OpenCost is to reckon with, the values of the user counted in; NaN: none. */
export function openCostCorePrice(file: Cluster): number {
  const values = mergeValues(openCostValues(file), userValues(file, 'opencost'));
  const at = (value: unknown, key: string) => (value as Record<string, unknown> | undefined)?.[key];
  return Number(at(at(at(at(values, 'opencost'), 'customPricing'), 'costModel'), 'CPU'));
}
