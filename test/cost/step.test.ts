import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Cluster } from '../../src/config/schema.ts';
import { openCostCorePrice } from '../../src/cost/opencost.ts';
import type { HelmReleaseSpec } from '../../src/resources/helm-release.ts';
import { costStep } from '../../src/steps/cost/index.ts';
import { unknownKeys } from '../charts/recorded-keys.ts';
import { asHelmReads } from '../real-tools.ts';
import { cluster, node } from '../resources/world.ts';

const file = (cost: Partial<NonNullable<Cluster['cost']>> = {}, more: Partial<Cluster> = {}): Cluster =>
  cluster([node('rig1')], {
    cost: { opencost: true, currency: 'EUR', kilowattHour: 0.3, watts: {}, ...cost },
    ...more,
  });
function releaseOf(of: Cluster): HelmReleaseSpec {
  const [first] = costStep.resources(of);
  if (!first) throw new Error('there is no release');
  return first.spec as HelmReleaseSpec;
}
const valuesOf = (of: Cluster): HelmReleaseSpec['values'] => releaseOf(of).values;

it('is nothing without the section, or without OpenCost in it', () => {
  for (const of of [cluster([node('rig1')]), file({ opencost: false })]) {
    expect([costStep.resources(of), costStep.asksFor?.(of), costStep.services?.(of)]).toEqual([[], [], []]);
  }
});

it('comes after the Prometheus that it reads', () => {
  const [release] = costStep.resources(file());
  expect(release).toMatchObject({ id: 'cost/opencost@cluster', on: 'cluster' });
  expect(release?.needs).toContain('monitoring/stack@cluster');
  expect(costStep.asksFor?.(file())).toEqual([{ name: 'OpenCost', cpu: 20, memory: 110 }]);
  expect(costStep.services?.(file())).toMatchObject([{ name: 'opencost', service: 'opencost', port: 9090, web: true }]);
});

it('has values as they were agreed on', async () => {
  await expect(stringify(valuesOf(file()))).toMatchFileSnapshot('../golden/cost/opencost.yaml');
});

it('sets only keys that the chart is known to have', () => {
  expect(unknownKeys(releaseOf(file()))).toEqual([]);
});

it('writes every price, for an hour, as a text', () => {
  const { opencost } = valuesOf(file()) as unknown as { opencost: { customPricing: { costModel: object } } };
  const { description: _, ...prices } = opencost.customPricing.costModel as Record<string, string>;
  expect(Object.keys(prices)).toEqual([
    ...['CPU', 'spotCPU', 'RAM', 'spotRAM', 'GPU', 'storage'],
    ...['zoneNetworkEgress', 'regionNetworkEgress', 'internetNetworkEgress'],
  ]);
  for (const price of Object.values(prices)) expect(price).toMatch(/^\d+(\.\d+)?(e-\d+)?$/);
  // a machine of 16 cores and 64 GiB for an hour: cents, not dollars (sheet 4.3)
  expect(16 * Number(prices.CPU) + 64 * Number(prices.RAM)).toBeCloseTo(0.536, 2);
});

it('knows the price that the user wants instead', () => {
  const costModel = { CPU: '0.05' };
  expect(openCostCorePrice(file())).toBe(0.021811);
  expect(openCostCorePrice(file({}, { values: { opencost: { opencost: { customPricing: { costModel } } } } }))).toBe(
    0.05,
  );
});

it('is read by the real helm as it is meant', () => {
  expect(asHelmReads(valuesOf(file()))).toEqual(valuesOf(file()));
});
