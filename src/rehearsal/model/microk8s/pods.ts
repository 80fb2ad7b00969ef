import { STAGE_LABEL } from '../../../kubeflow/overlay.ts';
import type { KubeObject } from '../state.ts';
import { type Gate, gateOf } from './gpu/gates.ts';
import { mayastorGate } from './mayastor.ts';
import { isJson, type Json } from './merge.ts';
import { isReady } from './nodes.ts';
import { spread } from './site.ts';
import { notesOf, stamp } from './store.ts';
import type { View } from './view.ts';

/** Seconds until the pods of a workload are ready, where its notes say nothing else. */
const USUAL: Record<string, number> = { Deployment: 15, DaemonSet: 12, StatefulSet: 20, Job: 10, Pod: 5 };

/** What counts of a pod here; real ones have far more. */
export interface PodSpec {
  containers?: {
    name: string;
    image?: string;
    command?: string[];
    args?: string[];
    resources?: { limits?: Record<string, string | number> };
  }[];
  runtimeClassName?: string;
  nodeSelector?: Record<string, string>;
  nodeName?: string;
  tolerations?: { key?: string; operator?: string; value?: string; effect?: string }[];
  restartPolicy?: string;
  volumes?: { persistentVolumeClaim?: { claimName?: string } }[];
}

interface Template {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: PodSpec;
}

/** How the pods of a workload are now: how many there should be and are ready, and why not. */
export interface Rollout {
  desired: number;
  ready: number;
  /** Waiting or pending reason of those that are not ready. */
  reason: string;
  /** Why the scheduler found no node. */
  unscheduled?: string;
  nodes: KubeObject[];
  /** What GPUs keep the pods of each node from, by its name. */
  gates?: Readonly<Record<string, Gate>>;
}

/** When the pods of this object count as ready, if nothing else holds them. */
export function readyAt(object: KubeObject): number {
  const notes = notesOf(object);
  if (notes.never !== undefined) return Number.POSITIVE_INFINITY;
  return Math.max(notes.rolledAt, notes.volumesAt ?? 0) + (notes.readyAfterS ?? USUAL[object.kind] ?? 0) * 1000;
}

/** Which nodes take the pods of an object, and how many of them are ready by now. */
export function rollout(view: View, object: KubeObject): Rollout {
  const spec = (object.spec ?? {}) as { replicas?: number; template?: Template; completions?: number };
  const pod = object.kind === 'Pod' ? (object.spec as PodSpec) : (spec.template?.spec ?? {});
  const fitting = view.nodes().filter((node) => fits(node, pod));
  const nodes = object.kind === 'DaemonSet' ? fitting : fitting.filter(isReady);
  const desired =
    object.kind === 'DaemonSet' ? nodes.length : object.kind === 'Pod' ? 1 : (spec.replicas ?? spec.completions ?? 1);
  if (nodes.length === 0) return { desired, ready: 0, reason: 'Pending', nodes, unscheduled: noNode(view, pod) };
  if (!claims(pod).every((claim) => view.bound(object.metadata.namespace ?? '', claim))) {
    const unscheduled = 'pod has unbound immediate PersistentVolumeClaims';
    return { desired, ready: 0, reason: 'Pending', nodes: [], unscheduled };
  }
  if (view.now < readyAt(object)) {
    return { desired, ready: 0, reason: notesOf(object).never ?? 'ContainerCreating', nodes };
  }
  const { annotations, labels } = object.metadata;
  const release = annotations?.['meta.helm.sh/release-name'] ?? labels?.[STAGE_LABEL];
  const pulls = release !== undefined || object.kind === 'Pod';
  const pulling = pulls ? nodes.filter((node) => !view.cannotPull(node, release)) : nodes;
  const found = pulling.map(
    (node) => [node.metadata.name, gateOf(view, node, object, pod) ?? mayastorGate(view, node, object, pod)] as const,
  );
  const gates = Object.fromEntries(found.flatMap(([name, gate]) => (gate ? [[name, gate]] : [])));
  const starting = pulling.filter(({ metadata: { name } }) => !gates[name]);
  const running = starting.filter(isReady);
  const ready = object.kind === 'DaemonSet' ? running.length : running.length > 0 ? desired : 0;
  // Those that run come first: a pod is on the node of its place.
  const ordered = [...running, ...nodes.filter((node) => !running.includes(node))];
  const isStuck = pulling.length < nodes.length;
  return { desired, ready, reason: isStuck ? 'ImagePullBackOff' : 'ContainerCreating', nodes: ordered, gates };
}

/** Nodes that the scheduler may choose for the pods of this object, whatever its volumes are. */
export function placeable(view: View, object: KubeObject): KubeObject[] {
  const [pod = {}] = podSpecs([object]);
  return view.nodes().filter((node) => fits(node, pod) && isReady(node));
}

/** Without a name it is a folder of the pod: so charts say it that were given no claim. */
export const claims = (pod: PodSpec): string[] =>
  (pod.volumes ?? []).flatMap((v) => v.persistentVolumeClaim?.claimName || []);

/** Pod specs of everything that mounts claims in a namespace. */
export function podSpecs(objects: KubeObject[]): PodSpec[] {
  return objects.flatMap((o) => {
    if (o.kind === 'Pod') return [(o.spec ?? {}) as PodSpec];
    const template = isJson(o.spec) ? o.spec.template : undefined;
    return isJson(template) ? [(template.spec ?? {}) as PodSpec] : [];
  });
}

function fits(node: KubeObject, pod: PodSpec): boolean {
  if (pod.nodeName !== undefined) return pod.nodeName === node.metadata.name;
  return isSelected(node, pod) && untolerated(node, pod) === undefined && lacking(node, pod) === undefined;
}

/** What a pod asks for of the resources that device plugins offer, and the node has less of. Who else has some is not counted. */
function lacking(node: KubeObject, pod: PodSpec): string | undefined {
  const { allocatable = {} } = (node.status ?? {}) as { allocatable?: Record<string, string> };
  const asked = (pod.containers ?? []).flatMap((it) => Object.entries(it.resources?.limits ?? {}));
  const devices = asked.filter(([name]) => name.includes('/'));
  return devices.find(([name, count]) => Number(allocatable[name] ?? 0) < Number(count))?.[0];
}

function isSelected(node: KubeObject, pod: PodSpec): boolean {
  const labels = node.metadata.labels ?? {};
  return Object.entries(pod.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
}

function untolerated(node: KubeObject, pod: PodSpec): Taint | undefined {
  const { taints = [] } = (node.spec ?? {}) as { taints?: Taint[] };
  return taints.find((t) => t.effect !== 'PreferNoSchedule' && !tolerated(t, pod));
}

/** What the scheduler says: nodes by the first thing that keeps them out. */
function noNode(view: View, pod: PodSpec): string {
  const nodes = view.nodes();
  const whys = nodes.map((node) => {
    const taint = untolerated(node, pod);
    if (taint) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
    if (!isSelected(node, pod)) return "node(s) didn't match Pod's node affinity/selector";
    const short = lacking(node, pod);
    return short ? `Insufficient ${short}` : 'node(s) had untolerated taint {node.kubernetes.io/not-ready: }';
  });
  const parts = [...new Set(whys)].map((why) => `${whys.filter((it) => it === why).length} ${why}`);
  return `0/${nodes.length} nodes are available: ${parts.join(', ')}.`;
}

interface Taint {
  key: string;
  value?: string;
  effect: string;
}

function tolerated(taint: Taint, pod: PodSpec): boolean {
  return (pod.tolerations ?? []).some(
    (t) =>
      (t.key === undefined || t.key === '' || t.key === taint.key) &&
      (t.operator === 'Exists' || (t.value ?? '') === (taint.value ?? '')) &&
      (t.effect === undefined || t.effect === '' || t.effect === taint.effect),
  );
}

/** The pods that a controller keeps now: none is stored. */
export function podsOf(view: View, owner: KubeObject): KubeObject[] {
  const spec = (owner.spec ?? {}) as { template?: Template };
  const state = rollout(view, owner);
  const hash = spread(`${owner.metadata.uid}${notesOf(owner).rolledAt}`, 1_000_003)
    .toString(36)
    .padStart(5, '0');
  return Array.from({ length: state.desired }, (_, i) => {
    const suffix = owner.kind === 'StatefulSet' ? String(i) : podSuffix(owner, hash, i);
    const node = state.nodes[i % Math.max(1, state.nodes.length)];
    const kind = { kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid, controller: true };
    const jobLabels =
      owner.kind === 'Job'
        ? { 'job-name': owner.metadata.name, 'batch.kubernetes.io/job-name': owner.metadata.name }
        : {};
    const pod: KubeObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${owner.metadata.name}-${suffix}`,
        ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
        uid: `${owner.metadata.uid.slice(0, -4)}${spread(`${hash}${suffix}`, 9999).toString().padStart(4, '0')}`,
        labels: { ...(spec.template?.metadata?.labels ?? {}), ...jobLabels },
        creationTimestamp: stamp(notesOf(owner).rolledAt),
        ownerReferences: [{ apiVersion: owner.apiVersion, ...kind }],
      },
      spec: { ...spec.template?.spec, ...(node ? { nodeName: node.metadata.name } : {}) },
    };
    return { ...pod, status: podStatus(pod, i < state.ready, state, owner.kind === 'Job' ? 'Succeeded' : undefined) };
  });
}

function podSuffix(owner: KubeObject, hash: string, i: number): string {
  const tail = spread(`${hash}${i}`, 60_466_175).toString(36).padStart(5, 'x').slice(0, 5);
  return owner.kind === 'Deployment' ? `${hash}-${tail}` : tail;
}

/** Status of a pod that is ready or not, or has ended. */
export function podStatus(
  pod: KubeObject,
  ready: boolean,
  { reason, unscheduled = '', nodes, gates = {} }: Rollout,
  end?: 'Succeeded' | 'Failed',
  exitCode = 1,
): Json {
  const done = ready && end !== undefined;
  const spec = (pod.spec ?? {}) as PodSpec;
  const gate = ready ? undefined : gates[spec.nodeName ?? nodes[0]?.metadata.name ?? ''];
  const phase = !ready ? 'Pending' : (end ?? 'Running');
  const condition = {
    type: 'Ready',
    status: ready && !done ? 'True' : 'False',
    ...(done ? { reason: end === 'Failed' ? 'PodFailed' : 'PodCompleted' } : {}),
  };
  const state = done
    ? { terminated: end === 'Failed' ? { exitCode, reason: 'Error' } : { exitCode: 0, reason: 'Completed' } }
    : ready
      ? { running: { startedAt: pod.metadata.creationTimestamp } }
      : { waiting: gate ? held(gate) : waiting(reason, spec.containers?.[0]?.image ?? '') };
  const containers = (spec.containers ?? []).map((c) => ({
    name: c.name,
    image: c.image ?? '',
    ready: ready && !done,
    restartCount: 0,
    state,
  }));
  const noRoom = gate && 'unscheduled' in gate ? gate.unscheduled : undefined;
  if (noRoom !== undefined || (reason === 'Pending' && !ready)) {
    const message = noRoom ?? unscheduled;
    const scheduled = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
    return { phase, conditions: [scheduled] };
  }
  if (!gate || !('init' in gate)) return { phase, conditions: [condition], containerStatuses: containers };
  const init = { name: gate.init, ready: false, restartCount: 0, state: { running: {} } };
  return { phase, conditions: [condition], initContainerStatuses: [init], containerStatuses: containers };
}

/** Why a sandbox cannot be made stands in an event only. */
function held(gate: Gate): Json {
  if (!('reason' in gate)) return { reason: 'PodInitializing' };
  const { reason, message } = gate;
  return reason === 'ContainerCreating' ? { reason } : { reason, message };
}

function waiting(reason: string, image: string): Json {
  if (reason !== 'ImagePullBackOff') return { reason };
  return {
    reason,
    message: `Back-off pulling image "${image}": ErrImagePull: failed to pull and unpack image "${image}"`,
  };
}
