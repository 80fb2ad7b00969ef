import type { KubeObject, RigState, WorldState } from '../state.ts';
import { barePodStatus, podEvents } from './bare-pods.ts';
import { certificateStatus } from './certificates.ts';
import { notFound } from './errors.ts';
import type { Kind } from './kinds.ts';
import { poolStatus } from './mayastor.ts';
import { isJson, type Json } from './merge.ts';
import { nodeConditions } from './nodes.ts';
import { podsOf, rollout } from './pods.ts';
import { ingressStatus, loadBalancer } from './services.ts';
import type { KubeStore } from './store.ts';
import { claimEvents, helperPods } from './volumes.ts';

const WORKLOADS = ['deployments', 'daemonsets', 'statefulsets', 'jobs'] as const;

/** What the API shows of a store at a moment: stored objects with the status that controllers would have written. */
export class View {
  readonly store: KubeStore;
  readonly now: number;
  readonly #world: WorldState;
  #nodes: KubeObject[] | undefined;

  constructor(store: KubeStore, world: WorldState, now: number) {
    this.store = store;
    this.#world = world;
    this.now = now;
  }

  list(kind: Kind, namespace?: string): KubeObject[] {
    const stored = this.store.list(kind, namespace).map((o) => this.show(o));
    if (kind.kind === 'Event' && kind.group === '')
      return [...stored, ...podEvents(this, namespace), ...claimEvents(this, namespace)];
    if (kind.kind !== 'Pod' || kind.group !== '') return stored;
    const owners = WORKLOADS.flatMap((word) => this.store.list(this.store.kind(word), namespace));
    const pods = [...stored, ...owners.flatMap((owner) => podsOf(this, owner)), ...helperPods(this, namespace)];
    return pods.sort((a, b) => key(a).localeCompare(key(b)));
  }

  /** The pods that a Service sends to. How others are is not looked at: one of them may be asking. */
  backends({ spec, metadata: { namespace } }: KubeObject): KubeObject[] {
    const selector = Object.entries(isJson(spec) && isJson(spec.selector) ? spec.selector : {});
    if (selector.length === 0) return [];
    const isChosen = ({ metadata: { labels = {} } }: KubeObject) => selector.every(([k, value]) => labels[k] === value);
    const stored = this.store.list(this.store.kind('pods'), namespace).filter(isChosen);
    const owners = WORKLOADS.flatMap((word) => this.store.list(this.store.kind(word), namespace));
    return [...stored.map((pod) => this.show(pod)), ...owners.flatMap((owner) => podsOf(this, owner)).filter(isChosen)];
  }

  find(kind: Kind, namespace: string, name: string): KubeObject | undefined {
    const stored = this.store.find(kind, namespace, name);
    if (stored) return this.show(stored);
    return kind.kind === 'Pod' ? this.list(kind, namespace).find((pod) => pod.metadata.name === name) : undefined;
  }

  get(kind: Kind, namespace: string, name: string): KubeObject {
    const object = this.find(kind, namespace, name);
    if (!object) throw notFound(kind, name);
    return object;
  }

  /** Nodes with their conditions. */
  nodes(): KubeObject[] {
    this.#nodes ??= this.store.list(this.store.kind('nodes')).map((o) => this.show(o));
    return this.#nodes;
  }

  /** A fault of the machine behind a node keeps it from pulling the images of this release. */
  cannotPull(node: KubeObject, release: string | undefined): boolean {
    return this.#hasFault(node, 'imagepull', release);
  }

  /** A fault of the machine behind a node makes this pod fail. */
  podFails(node: KubeObject, pod: string): boolean {
    return this.#hasFault(node, 'podfails', pod);
  }

  /** The machine behind a node. */
  rigOf(node: KubeObject): RigState | undefined {
    return this.#world.rigs[this.store.cluster.nodes[node.metadata.name]?.rig ?? ''];
  }

  #hasFault(node: KubeObject, fault: string, about: string | undefined): boolean {
    return this.rigOf(node)?.faults.some((it) => it === fault || it === `${fault}:${about}`) ?? false;
  }

  /** Is a claim bound? Volumes are made by volumes.ts. */
  bound(namespace: string, name: string): boolean {
    const claim = this.store.find(this.store.kind('pvc'), namespace, name);
    return claim !== undefined && isBound(claim);
  }

  /** A fault of the machine behind a node keeps volumes of this class from being made there. */
  claimPends(node: KubeObject, className: string): boolean {
    return this.#hasFault(node, 'claimpending', className);
  }

  /** An object as the API returns it. */
  show(object: KubeObject): KubeObject {
    const { rehearsal: _notes, ...visible } = object;
    const stored = isJson(object.status) ? object.status : {};
    const status = this.#status(object);
    const shown = visible as KubeObject;
    return status === undefined ? shown : { ...shown, status: { ...stored, ...status } };
  }

  #status(object: KubeObject): Json | undefined {
    switch (object.kind) {
      case 'Node':
        return { conditions: nodeConditions(this.store.cluster, this.#world, object.metadata.name, this.now) };
      case 'DiskPool':
        return poolStatus(this, this.#world, object);
      case 'Certificate':
        return certificateStatus(this, object);
      case 'Namespace':
        return { phase: 'Active' };
      case 'Pod':
        return barePodStatus(this, object);
      case 'PersistentVolumeClaim':
        return isBound(object) ? boundStatus(object) : { phase: 'Pending' };
      case 'CustomResourceDefinition':
        return {
          conditions: [
            { type: 'NamesAccepted', status: 'True' },
            { type: 'Established', status: 'True' },
          ],
        };
      case 'APIService':
        return { conditions: [{ type: 'Available', status: 'True' }] };
      case 'Service':
        return { loadBalancer: loadBalancer(this.store, object) };
      case 'Ingress':
        return { loadBalancer: ingressStatus(this.store) };
      case 'Job':
        return this.#jobStatus(object);
      case 'Deployment':
      case 'StatefulSet':
      case 'DaemonSet':
        return this.#workloadStatus(object);
      default:
        return undefined;
    }
  }

  #workloadStatus(object: KubeObject): Json {
    const { desired, ready } = rollout(this, object);
    const observedGeneration = object.metadata.generation;
    if (object.kind === 'DaemonSet') {
      const counts = {
        desiredNumberScheduled: desired,
        currentNumberScheduled: desired,
        updatedNumberScheduled: desired,
      };
      return {
        ...counts,
        numberReady: ready,
        numberAvailable: ready,
        numberUnavailable: desired - ready,
        observedGeneration,
      };
    }
    const counts = {
      replicas: desired,
      updatedReplicas: desired,
      readyReplicas: ready,
      availableReplicas: ready,
      observedGeneration,
    };
    if (object.kind === 'StatefulSet') return { ...counts, currentReplicas: desired };
    const full = ready >= desired;
    const available = {
      type: 'Available',
      status: full ? 'True' : 'False',
      reason: full ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    };
    const progressing = {
      type: 'Progressing',
      status: 'True',
      reason: full ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
    };
    return { ...counts, unavailableReplicas: desired - ready, conditions: [available, progressing] };
  }

  #jobStatus(job: KubeObject): Json {
    const { desired, ready } = rollout(this, job);
    if (ready < desired) return { active: desired, ready: 0 };
    return { succeeded: desired, conditions: [{ type: 'Complete', status: 'True' }] };
  }
}

/** A claim that has its volume has as much as it asked for. */
function boundStatus({ spec }: KubeObject): Json {
  const { resources } = spec as { resources?: { requests?: Json } };
  return { phase: 'Bound', capacity: resources?.requests ?? {} };
}

const isBound = (claim: KubeObject): boolean => isJson(claim.spec) && claim.spec.volumeName !== undefined;
const key = (o: KubeObject): string => `${o.metadata.namespace ?? ''}/${o.metadata.name}`;
