/** What the monitoring-and-cost sheet warns of, in 4 and 5: a case each, by its section. */
import { describe, expect, it } from 'vitest';
import { chartOf } from '../../src/charts/catalogue.ts';
import type { Cluster } from '../../src/config/schema.ts';
import { allocationAsk } from '../../src/cost/asks.ts';
import { openCostValues } from '../../src/cost/opencost.ts';
import { pricesOf } from '../../src/cost/tables.ts';
import { costStep } from '../../src/steps/cost/index.ts';
import { monitoringStep } from '../../src/steps/monitoring/index.ts';
import { cluster, node } from '../resources/world.ts';

const FILE = cluster([node('rig1')], {
  cost: { opencost: true, currency: 'EUR', kilowattHour: 0.3, watts: {} },
  monitoring: { retentionDays: 15, sizeGi: 20, pushgateway: true, alerts: {} } as Cluster['monitoring'],
});

interface OpenCost {
  readonly prometheus: { readonly internal: object; readonly external?: { readonly enabled?: boolean } };
  readonly metrics: { readonly serviceMonitor: { readonly enabled: boolean } };
  readonly mcp: { readonly enabled: boolean };
  readonly customPricing: { readonly provider: string; readonly costModel: Readonly<Record<string, string>> };
}
const { opencost, ...others } = openCostValues(FILE) as unknown as { opencost: OpenCost };
const { costModel, provider } = opencost.customPricing;

describe('OpenCost', () => {
  it('4.2, 7/17: asks the Prometheus that is there, not the one of its chart', () => {
    const prometheus = monitoringStep.services?.(FILE).find(({ name }) => name === 'prometheus');
    expect(opencost.prometheus.internal).toEqual({
      enabled: true,
      serviceName: prometheus?.service,
      namespaceName: prometheus?.namespace,
      port: prometheus?.port,
    });
    expect(prometheus).toBeDefined();
  });

  it('4.2: exactly one Prometheus is switched on', () => {
    expect(opencost.prometheus.external?.enabled ?? false).toBe(false);
  });

  it('4.2: reads its own figures back, by a monitor whose type is there before it', () => {
    expect(opencost.metrics.serviceMonitor.enabled).toBe(true);
    const stack = monitoringStep.resources(FILE).find(({ id }) => id === 'monitoring/stack@cluster');
    expect(costStep.resources(FILE)[0]?.needs).toContain(stack?.id);
    expect(stack?.needs).toContain('monitoring/crds@cluster');
  });

  it('4.2: opens no port for the model context protocol', () => expect(opencost.mcp.enabled).toBe(false));

  it('4.2: leaves clusterName alone, which is the domain of DNS', () => expect(others).toEqual({}));

  it('4.2: is told that there is no cloud, because machines at home have no providerID', () => {
    expect(provider).toBe('custom');
  });

  it('4.3, 7/18: is of a release that takes prices for those of an hour', () => {
    const [major = 0, minor = 0, patch = 0] = chartOf('opencost').version.split('.').map(Number);
    // 2.5.28 brings 1.121.0
    expect(major * 1e6 + minor * 1e3 + patch).toBeGreaterThanOrEqual(2_005_028);
  });

  it("4.3: has none of the chart's own prices, which are examples", () => {
    const examples = { CPU: 1.25, spotCPU: 0.006655, RAM: 0.5, spotRAM: 0.000892, GPU: 0.95, storage: 0.25 };
    const { cpu, memory, anyGpu, storage, hoursPerMonth } = pricesOf();
    const ours = {
      ...{ CPU: cpu.perHour, spotCPU: cpu.perHour, RAM: memory.perHour, spotRAM: memory.perHour },
      ...{ GPU: anyGpu.perHour, storage: storage.perMonth / hoursPerMonth },
    };
    expect(Object.keys(costModel)).toEqual(expect.arrayContaining(Object.keys(examples)));
    for (const [key, price] of Object.entries(ours)) expect(Number(costModel[key])).toBeCloseTo(price, 8);
  });

  it('4.3: no price of an hour is that of a month', () => {
    // The dearest of them, a card, is below ten dollars an hour; the cheapest price of a month, a core, is above ten.
    for (const [key, price] of Object.entries(costModel))
      if (key !== 'description') expect(Number(price)).toBeLessThan(10);
  });

  it('4.5: is asked for one day: long windows need more memory than it has', () => {
    const { window, aggregate, accumulate } = Object.fromEntries(
      new URLSearchParams(allocationAsk.sh.bash.split('?')[1]?.replace(/'.*$/s, '')),
    );
    expect([window, aggregate, accumulate]).toEqual(['24h', 'node,namespace', 'true']);
  });
});

describe('prices', () => {
  it('5.1: every one has a date and a source that is not this list itself', () => {
    const { cpu, memory, storage, anyGpu, gpus, exchange } = pricesOf();
    for (const { asOf, source } of [cpu, memory, storage, anyGpu, ...gpus, ...Object.values(exchange)]) {
      expect(asOf).toMatch(/^20\d\d/);
      expect(source.length).toBeGreaterThan(8);
    }
  });

  it('5.1: that of an H100 is the one after the cut, of which older pages do not know', () => {
    const h100 = pricesOf().gpus.find(({ cloud }) => cloud.includes('H100'));
    expect(h100?.perHour).toBeLessThan(12.29 * 0.7);
  });
});
