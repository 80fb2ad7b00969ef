import { stringify } from 'yaml';
import { chartOf, imageOf } from '../../charts/catalogue.ts';
import { type Data, isData, mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id, Json, Load, World } from '../../engine/types.ts';
import { clusterPolicy } from '../../resources/cluster-policy.ts';
import { TOOLKIT_HANDLER } from '../../resources/container-toolkit.ts';
import { gpuAllocatable } from '../../resources/gpu-allocatable.ts';
import { GPU_RESOURCE } from '../../resources/gpu-operands.ts';
import { nodesOf } from '../../resources/kube.ts';
import { loneNfd } from '../../resources/lone-nfd.ts';
import type { KubeManifest } from '../../resources/manifest.ts';
import { proof } from '../../resources/proof.ts';
import { runtimeClass } from '../../resources/runtime-class.ts';
import { toolkitDropIn } from '../../resources/toolkit-drop-in.ts';
import { templateData } from '../../templates.ts';
import { beforeMonitors } from '../monitoring/names.ts';
import { release } from '../release.ts';

type Gpu = NonNullable<Cluster['gpu']>;
export type GpuMode = 'operator' | 'device-plugin';

const OPERATOR: Id = 'gpu/gpu-operator@cluster';
const DEVICE_PLUGIN: Id = 'gpu/device-plugin@cluster';

/** Where each way runs its pods. The operator's are the names of MicroK8s' addon. facts: platform sheet, 2 */
const NAMESPACE = { operator: 'gpu-operator-resources', 'device-plugin': 'nvidia-device-plugin' } as const;

/** Handler of the RuntimeClass that each way needs. facts: gpu-and-nodes sheet, 2 */
const HANDLER = { operator: 'nvidia', 'device-plugin': TOOLKIT_HANDLER } as const;
const RUNTIME_CLASS = 'nvidia';

/** Seconds until the pods of a chart are ready: their images come over the line of a home. */
const READY_S = 1200;
/** Seconds until the proof has computed: its image has some hundred MiB. */
const PROOF_S = 900;

/** How pods get at NVIDIA cards. One machine needs no operator, unless that brings the driver. */
export function modeOf({ gpu, nodes }: Cluster): GpuMode {
  if (gpu && gpu.mode !== 'auto') return gpu.mode;
  return nodes.length === 1 && gpu?.driver !== 'operator' ? 'device-plugin' : 'operator';
}

/** What is in the cluster for NVIDIA cards. facts: gpu-and-nodes sheet, 1, 2 and 5 */
export function inCluster(file: Cluster): Declared[] {
  const { gpu } = file;
  if (!gpu) return [];
  const mode = modeOf(file);
  const releases = mode === 'operator' ? [operator(file, gpu)] : [devicePlugin(file, gpu), dcgmExporter(file)];
  const first = releases[0] as Declared;
  const serves: Id = mode === 'operator' ? 'gpu/cluster-policy@cluster' : first.id;
  return [
    loneNfd({
      id: 'gpu/lone-nfd@cluster',
      on: 'cluster',
      needs: ['microk8s/member@*'],
      ...nfdOf(mode, first),
      namespace: NAMESPACE[mode],
    }),
    runtimeClass({
      id: 'gpu/runtime-class@cluster',
      on: 'cluster',
      needs: ['microk8s/member@*', 'gpu/lone-nfd@cluster'],
      name: RUNTIME_CLASS,
      handler: HANDLER[mode],
      by: mode === 'operator' ? 'operator' : 'mlk8s',
    }),
    ...releases,
    ...(mode === 'operator' ? ofOperator(file) : []),
    ...file.nodes.flatMap(({ name }) => onNode(gpu, { name, mode, serves, releases })),
  ];
}

/** What its pods ask for; the light way's charts ask for nothing. facts: platform sheet, 3 */
export function loadsOf(file: Cluster): Load[] {
  if (!file.gpu) return [];
  if (modeOf(file) === 'operator') return [{ name: 'GPU operator', ...chartOf('gpu-operator').requests }];
  return [{ name: 'NVIDIA device plugin', ...chartOf('nvidia-device-plugin').requests }];
}

/** Where pods can compute now, and what they must say for it. */
export function notesOf(world: World): string[] {
  const offering = nodesOf(world)?.filter(({ allocatable }) => Number(allocatable[GPU_RESOURCE] ?? 0) > 0) ?? [];
  if (!world.file.gpu || offering.length === 0) return [];
  const where = offering.map(({ name }) => name).join(', ');
  return [`pods with runtimeClassName: ${RUNTIME_CLASS} and a limit ${GPU_RESOURCE}: 1 compute on ${where}`];
}

/** A driver that loads later is found later: so drivers come first, and what restarts containerd before all pods. */
const FIRST: readonly Id[] = ['gpu/driver@*', 'gpu/lone-nfd@cluster', 'gpu/runtime-class@cluster'];

function operator(file: Cluster, gpu: Gpu): Declared {
  return release(file, 'gpu-operator', {
    id: OPERATOR,
    needs: [...FIRST, ...beforeMonitors(file)],
    release: 'gpu-operator',
    namespace: NAMESPACE.operator,
    values: operatorValues(gpu),
    readyS: READY_S,
  });
}

function operatorValues({ driver, sharing }: Gpu): Data {
  const brings = { driver: { enabled: driver === 'operator' } };
  const name = configName(sharing);
  const config = { create: true, name: `mlk8s-${name}`, default: name, data: { [name]: sharingConfig(sharing) } };
  const shares: Data = sharing === 1 ? {} : { devicePlugin: { config } };
  return mergeValues(mergeValues(templateData('gpu/gpu-operator.yaml'), brings), shares);
}

function devicePlugin(file: Cluster, { sharing }: Gpu): Declared {
  const name = configName(sharing);
  const shares: Data = sharing === 1 ? {} : { config: { map: { [name]: sharingConfig(sharing) }, default: name } };
  return release(file, 'nvidia-device-plugin', {
    id: DEVICE_PLUGIN,
    needs: [...FIRST, 'gpu/toolkit@*'],
    release: 'nvidia-device-plugin',
    namespace: NAMESPACE['device-plugin'],
    values: mergeValues(templateData('gpu/nvidia-device-plugin.yaml'), shares),
    readyS: READY_S,
  });
}

function dcgmExporter(file: Cluster): Declared {
  return release(file, 'dcgm-exporter', {
    id: 'gpu/dcgm-exporter@cluster',
    needs: [DEVICE_PLUGIN, ...beforeMonitors(file)],
    release: 'dcgm-exporter',
    namespace: NAMESPACE['device-plugin'],
    values: mergeValues(
      templateData('gpu/dcgm-exporter.yaml'),
      file.monitoring ? { serviceMonitor: { enabled: true } } : {},
    ),
    readyS: READY_S,
  });
}

/** Named by what is in it: the plugin reads another name at once, and other content under the same name never. */
const configName = (sharing: number): string => `time-slicing-${sharing}`;

/** A pod that asks for two shares gets no second card by it: better told than believed. facts: gpu-and-nodes sheet, 5.1 */
function sharingConfig(sharing: number): string {
  const resources = [{ name: GPU_RESOURCE, replicas: sharing }];
  return stringify({ version: 'v1', sharing: { timeSlicing: { failRequestsGreaterThanOne: true, resources } } });
}

/** Does the release bring a node-feature-discovery, with the user's values laid over ours? */
function nfdOf(mode: GpuMode, { spec }: Declared) {
  const { release: name, values } = spec as { readonly release: string; readonly values: Data };
  const isOn = (key: string) => isData(values[key] ?? null) && (values[key] as Data).enabled === true;
  if (mode === 'operator') {
    const off = 'gpu-operator: { nfd: { enabled: false } }';
    return { release: name, brings: isOn('nfd'), off, former: DEVICE_PLUGIN };
  }
  const off = 'nvidia-device-plugin: { gfd: { enabled: false } }';
  return { release: name, brings: isOn('gfd') || isOn('nfd'), off, former: OPERATOR };
}

function ofOperator(file: Cluster): Declared[] {
  const machines = file.nodes.map(({ name }) => name);
  const [on, namespace] = ['cluster', NAMESPACE.operator] as const;
  return [
    clusterPolicy({ id: 'gpu/cluster-policy@cluster', on, needs: [OPERATOR], namespace, machines }),
    toolkitDropIn({ id: 'gpu/toolkit@cluster', on, needs: [OPERATOR], namespace, machines }),
  ];
}

interface At {
  readonly name: string;
  readonly mode: GpuMode;
  readonly serves: Id;
  readonly releases: readonly Declared[];
}

function onNode(gpu: Gpu, { name, mode, serves, releases }: At): Declared[] {
  const namespace = NAMESPACE[mode];
  const settled: readonly Id[] = mode === 'operator' ? [serves, 'gpu/toolkit@cluster'] : [serves];
  return [
    gpuAllocatable({
      id: `gpu/allocatable@${name}`,
      on: { host: name },
      needs: settled,
      node: name,
      sharing: gpu.sharing,
      namespace,
    }),
    proof({
      id: `gpu/proof@${name}`,
      on: 'cluster',
      needs: [`gpu/allocatable@${name}`],
      what: `a pod computes on an NVIDIA card of ${name}`,
      node: name,
      inputs: { driver: gpu.driver, sharing: gpu.sharing, releases: releases.map(({ spec }) => spec as Json) },
      objects: [cudaPod(name)],
      pod: podName(name),
      expect: 'Test PASSED',
      timeoutS: PROOF_S,
      needsCard: true,
    }),
  ];
}

const podName = (node: string): string => `cuda-${node}`;

function cudaPod(node: string): KubeManifest {
  const pod = templateData('gpu/cuda-pod.yaml') as unknown as CudaPod;
  const containers = pod.spec.containers.map((it) => ({ ...it, image: imageOf('cuda-sample') }));
  const nodeSelector = { 'kubernetes.io/hostname': node };
  return { ...pod, metadata: { name: podName(node) }, spec: { ...pod.spec, nodeSelector, containers } };
}

type CudaPod = KubeManifest & { readonly spec: Data & { readonly containers: readonly Data[] } };
