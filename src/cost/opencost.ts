import { userValues } from '../charts/keys.ts';
import { type Data, mergeValues } from '../charts/values.ts';
import type { Cluster } from '../config/schema.ts';
import { templateData } from '../templates.ts';
import { pricesOf } from './tables.ts';

/**
 * The values of OpenCost's chart. Prices are those of an hour since 1.121. All keys are written: the chart's own are
 * examples. facts: sheet 4.3
 */
export function openCostValues(file: Cluster): Data {
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
