import type { KubeObject } from '../state.ts';
import { ApiError } from './errors.ts';
import { type PodSpec, readyAt } from './pods.ts';
import type { View } from './view.ts';

/** Minutes until it has its first figures back from Prometheus (sheet monitoring-and-cost 4.5: allow minutes). */
const FIRST_MIN = 3;
const HOURS_PER_MONTH = 730;
const GIB = 1024 ** 3;
/** What a pod that asks for nothing is measured to use: a few thousandths of a core, some megabytes. Simulated. */
const LEAST = { cpu: 0.005, memory: 0.03 * GIB };

/** What OpenCost answers: `/allocation` by node and namespace over the window (sheet monitoring-and-cost 4.5). */
export function openCostAnswer(view: View, route: string, query: string): string {
  if (route === 'healthz') return '';
  if (route !== 'allocation') throw new ApiError('NotFound', 'the server could not find the requested resource');
  const minutes = Math.min(1440, countedMinutes(view));
  const sets =
    new URLSearchParams(query).get('aggregate') === 'node,namespace' && minutes >= FIRST_MIN
      ? [allocations(view, minutes)]
      : [{}];
  return JSON.stringify({ code: 200, status: 'success', data: sets }, rounded);
}

/** Five digits after the point: formatFloat64ForResponse in core/pkg/opencost/allocation_json.go of opencost/opencost. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1e5) / 1e5 : value;
}

/** How long Prometheus has read its figures; 0 where nothing reads them. */
function countedMinutes(view: View): number {
  const { store } = view;
  const prometheus = store.find(store.kind('services'), 'observability', 'kube-prom-stack-kube-prome-prometheus');
  const opencost = store.find(store.kind('deployments'), 'opencost', 'opencost');
  const monitor = Object.values(store.cluster.objects).some(
    ({ kind, metadata }) => kind === 'ServiceMonitor' && metadata.namespace === 'opencost',
  );
  return prometheus && opencost && monitor ? Math.max(0, (view.now - readyAt(opencost)) / 60_000) : 0;
}

interface Allocation {
  properties: { cluster: string; node: string; namespace: string };
  minutes: number;
  cpuCoreHours: number;
  ramByteHours: number;
  gpuHours: number;
  cpuCost: number;
  ramCost: number;
  gpuCost: number;
  totalCost: number;
}

function allocations(view: View, minutes: number): Record<string, Allocation> {
  const hours = minutes / 60;
  const price = pricesOf(view);
  const found: Record<string, Allocation> = {};
  for (const pod of view.list(view.store.kind('pods'))) {
    const { nodeName: node } = (pod.spec ?? {}) as PodSpec;
    const { phase } = (pod.status ?? {}) as { phase?: string };
    const { namespace = 'default' } = pod.metadata;
    if (node === undefined || phase !== 'Running') continue;
    const zero = { cpuCoreHours: 0, ramByteHours: 0, gpuHours: 0, cpuCost: 0, ramCost: 0, gpuCost: 0, totalCost: 0 };
    found[`${node}/${namespace}`] ??= { properties: { cluster: 'simulated', node, namespace }, minutes, ...zero };
    const it = found[`${node}/${namespace}`] as Allocation;
    const taken = takenBy(pod);
    it.cpuCoreHours += taken.cpu * hours;
    it.ramByteHours += taken.memory * hours;
    it.gpuHours += taken.gpu * hours;
    it.cpuCost = it.cpuCoreHours * price.cpu;
    it.ramCost = (it.ramByteHours / GIB) * price.memory;
    it.gpuCost = it.gpuHours * price.gpu;
    it.totalCost = it.cpuCost + it.ramCost + it.gpuCost;
  }
  return found;
}

/** Requests, or what is used where that is more. */
function takenBy(pod: KubeObject): { cpu: number; memory: number; gpu: number } {
  const containers = ((pod.spec ?? {}) as PodSpec).containers ?? [];
  const sum = (key: string) =>
    containers.reduce((total, { resources = {} }) => {
      const { requests = {}, limits = {} } = resources as Record<string, Record<string, string | number>>;
      return total + amount(String(requests[key] ?? limits[key] ?? 0));
    }, 0);
  const [cpu, memory] = [Math.max(sum('cpu'), LEAST.cpu), Math.max(sum('memory'), LEAST.memory)];
  return { cpu, memory, gpu: sum('nvidia.com/gpu') };
}

function amount(text: string): number {
  const [, number = '0', unit = ''] = /^([\d.]+)(m|Ki|Mi|Gi)?$/.exec(text) ?? [];
  return Number(number) * ({ m: 0.001, Ki: 1024, Mi: 1024 ** 2, Gi: GIB }[unit] ?? 1);
}

/** For an hour. Up to 1.120 it takes what is written for prices of a month (sheet monitoring-and-cost 4.3). */
function pricesOf(view: View): { cpu: number; memory: number; gpu: number } {
  const { store } = view;
  const written = store.find(store.kind('configmaps'), 'opencost', 'custom-pricing-model')?.data ?? {};
  const of = (key: string) =>
    Number((written as Record<string, string>)[key] ?? 0) / (isMonthly(view) ? HOURS_PER_MONTH : 1);
  return { cpu: of('CPU'), memory: of('RAM'), gpu: of('GPU') };
}

function isMonthly(view: View): boolean {
  const { store } = view;
  const opencost = store.find(store.kind('deployments'), 'opencost', 'opencost');
  const { template } = (opencost?.spec ?? {}) as { template?: { spec?: PodSpec } };
  const [, minor = '121'] = /:v?1\.(\d+)\./.exec(template?.spec?.containers?.[0]?.image ?? '') ?? [];
  return Number(minor) < 121;
}
