import type { KubeObject } from '../state.ts';
import { isReady } from './nodes.ts';
import { claims, placeable, podSpecs, rollout } from './pods.ts';
import { clusterOf, type Site } from './site.ts';
import { KubeStore, notesOf, stamp } from './store.ts';
import { View } from './view.ts';

/** What makes volumes of a class. facts: storage-and-databases sheet, 2.1, 2.2, 2.6 */
interface Provisioner {
  readonly namespace: string;
  readonly deployment: string;
  /** Seconds that it takes; helper pods included (i). */
  readonly takesS: number;
  /** Why it makes no volume that many may write to. */
  readonly refusesMany?: string;
  /** Pods that appear while it works are called so. */
  readonly helper?: string;
}

const PROVISIONERS: Readonly<Record<string, Provisioner>> = {
  'openebs.io/local': {
    namespace: 'openebs',
    deployment: 'openebs-localpv-provisioner',
    takesS: 8,
    refusesMany: 'Only support ReadWriteOnce access mode',
    helper: 'init-pvc',
  },
  'microk8s.io/hostpath': { namespace: 'kube-system', deployment: 'hostpath-provisioner', takesS: 4 },
  'nfs.csi.k8s.io': { namespace: 'kube-system', deployment: 'csi-nfs-controller', takesS: 3 },
  'io.openebs.csi-mayastor': { namespace: 'openebs', deployment: 'openebs-csi-controller', takesS: 10 },
};

const DEFAULT_CLASS = /^storageclass\.(beta\.)?kubernetes\.io\/is-default-class$/;

interface ClaimSpec {
  accessModes?: string[];
  resources?: { requests?: { storage?: string } };
  storageClassName?: string;
  volumeName?: string;
}

const specOf = (claim: KubeObject): ClaimSpec => (claim.spec ?? {}) as ClaimSpec;

/** How a claim stands that has no volume: when it will have one, or why it never will. */
type Standing = {
  readonly reason:
    | 'Provisioning'
    | 'ProvisioningFailed'
    | 'WaitForFirstConsumer'
    | 'ExternalProvisioning'
    | 'FailedBinding';
  readonly message: string;
  /** Model time, milliseconds. */
  readonly dueAt?: number;
  readonly storageClass?: KubeObject;
  readonly node?: KubeObject;
};

/** Lets the controllers of a cluster bind claims and take back volumes whose claims are gone. */
export function bindVolumes(site: Site): void {
  const cluster = clusterOf(site.rig, site.world);
  if (!cluster) return;
  const store = new KubeStore(cluster, site);
  const all = store.list(store.kind('pvc'));
  reclaim(store, all);
  const pending = all.filter((claim) => specOf(claim).volumeName === undefined);
  if (pending.length === 0) return;
  const view = new View(store, site.world, site.now());
  for (const claim of pending) {
    const standing = standingOf(view, claim);
    // A claim without a class gets the default one as soon as there is one.
    if (standing.storageClass) claim.spec = { ...specOf(claim), storageClassName: standing.storageClass.metadata.name };
    if (standing.dueAt !== undefined && standing.dueAt <= site.now()) bind(view, claim, standing, standing.dueAt);
  }
}

function bind(view: View, claim: KubeObject, { storageClass, node }: Standing, at: number): void {
  const { name: claimName, namespace = '', uid } = claim.metadata;
  const name = `pvc-${uid}`;
  const { accessModes = [], resources, storageClassName } = specOf(claim);
  const place = node && storageClass?.volumeBindingMode === 'WaitForFirstConsumer' ? node.metadata.name : undefined;
  const onNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [place] };
  view.store.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      annotations: { 'pv.kubernetes.io/provisioned-by': String(storageClass?.provisioner) },
    },
    spec: {
      accessModes,
      capacity: resources?.requests ?? {},
      claimRef: { kind: 'PersistentVolumeClaim', namespace, name: claimName, uid },
      persistentVolumeReclaimPolicy: storageClass?.reclaimPolicy ?? 'Delete',
      storageClassName,
      ...(place === undefined
        ? {}
        : { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } } }),
    },
    status: { phase: 'Bound' },
  });
  claim.spec = { ...specOf(claim), volumeName: name };
  for (const consumer of consumers(view, claim)) {
    const notes = notesOf(consumer);
    notes.volumesAt = Math.max(notes.volumesAt ?? 0, at);
  }
}

/** Volumes of claims that are gone: removed where their class says so and somebody is there who does it. */
function reclaim(store: KubeStore, all: readonly KubeObject[]): void {
  const uids = new Set(all.map((claim) => claim.metadata.uid));
  for (const volume of store.list(store.kind('pv'))) {
    const spec = (volume.spec ?? {}) as { claimRef?: { uid?: string }; storageClassName?: string };
    const { persistentVolumeReclaimPolicy: policy } = spec as { persistentVolumeReclaimPolicy?: string };
    if (spec.claimRef?.uid === undefined || uids.has(spec.claimRef.uid)) continue;
    const storageClass = store.find(store.kind('sc'), '', spec.storageClassName ?? '');
    const maker = PROVISIONERS[String(storageClass?.provisioner)];
    const isThere = maker && store.find(store.kind('deployments'), maker.namespace, maker.deployment);
    if (policy === 'Delete' && isThere) store.remove(volume);
    else volume.status = { phase: 'Released' };
  }
}

/** What stores pods that mount the claim, the oldest first. */
function consumers(view: View, claim: KubeObject): KubeObject[] {
  const { name, namespace } = claim.metadata;
  const types = ['pods', 'deployments', 'daemonsets', 'statefulsets', 'jobs'];
  return types
    .flatMap((word) => view.store.list(view.store.kind(word), namespace))
    .filter((object) => podSpecs([object]).some((pod) => claims(pod).includes(name)))
    .sort((a, b) => notesOf(a).rolledAt - notesOf(b).rolledAt);
}

function standingOf(view: View, claim: KubeObject): Standing {
  const storageClass = classOf(view, claim);
  if (!storageClass) {
    const { storageClassName } = specOf(claim);
    const message =
      storageClassName === undefined
        ? 'no persistent volumes available for this claim and no storage class is set'
        : `storageclass.storage.k8s.io "${storageClassName}" not found`;
    return { reason: storageClassName === undefined ? 'FailedBinding' : 'ProvisioningFailed', message };
  }
  const [consumer] = consumers(view, claim);
  const waits = storageClass.volumeBindingMode === 'WaitForFirstConsumer';
  const [node] = consumer ? placeable(view, consumer) : [];
  if (waits && !node) {
    const message = 'waiting for first consumer to be created before binding';
    return { reason: 'WaitForFirstConsumer', message, storageClass };
  }
  const since = Math.max(
    Date.parse(claim.metadata.creationTimestamp),
    waits && consumer ? notesOf(consumer).rolledAt : 0,
  );
  return provision(view, claim, storageClass, waits ? node : undefined, since);
}

function provision(
  view: View,
  claim: KubeObject,
  storageClass: KubeObject,
  node: KubeObject | undefined,
  since: number,
): Standing {
  const at = { storageClass, ...(node ? { node } : {}) };
  const { name } = storageClass.metadata;
  const maker = PROVISIONERS[String(storageClass.provisioner)];
  const deployment = maker && view.store.find(view.store.kind('deployments'), maker.namespace, maker.deployment);
  if (!maker || !deployment || rollout(view, deployment).ready === 0) {
    const message = `Waiting for a volume to be created either by the external provisioner '${storageClass.provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
    return { reason: 'ExternalProvisioning', message, ...at };
  }
  const failed = (why: string): Standing => ({
    ...{ reason: 'ProvisioningFailed', ...at },
    message: `failed to provision volume with StorageClass "${name}": ${why}`,
  });
  const isForOne = (specOf(claim).accessModes ?? []).every((mode) => mode === 'ReadWriteOnce');
  if (maker.refusesMany !== undefined && !isForOne) return failed(maker.refusesMany);
  if ((node ? [node] : view.nodes()).some((each) => view.claimPends(each, name))) {
    return failed(`unable to create volume pvc-${claim.metadata.uid}: mkdir: read-only file system`);
  }
  const message = `External provisioner is provisioning volume for claim "${claim.metadata.namespace}/${claim.metadata.name}"`;
  return { reason: 'Provisioning', message, dueAt: since + maker.takesS * 1000, ...at };
}

/** Its own class, else the default one; of several the newest. */
function classOf(view: View, claim: KubeObject): KubeObject | undefined {
  const { storageClassName } = specOf(claim);
  const classes = view.store.list(view.store.kind('storageclasses'));
  if (storageClassName !== undefined) return classes.find((it) => it.metadata.name === storageClassName);
  return classes
    .filter((it) =>
      Object.entries(it.metadata.annotations ?? {}).some(([key, value]) => DEFAULT_CLASS.test(key) && value === 'true'),
    )
    .sort((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp))[0];
}

/** What controllers would have said about the claims of a namespace that have no volume yet. */
export function claimEvents(view: View, namespace: string | undefined): KubeObject[] {
  return pendingClaims(view, namespace).map((claim) => {
    const { reason, message } = standingOf(view, claim);
    const { name, namespace: at = '', uid } = claim.metadata;
    const creationTimestamp = stamp(view.now);
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${uid.slice(0, 8)}`, namespace: at, uid: `${uid}-event`, creationTimestamp },
      ...{ type: reason.endsWith('Failed') ? 'Warning' : 'Normal', reason, message, lastTimestamp: creationTimestamp },
      involvedObject: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace: at, uid },
    };
  });
}

/** Pods that a provisioner keeps on the node while it makes a volume there. */
export function helperPods(view: View, namespace: string | undefined): KubeObject[] {
  return pendingClaims(view, undefined).flatMap((claim): KubeObject[] => {
    const { storageClass, node, reason } = standingOf(view, claim);
    const maker = PROVISIONERS[String(storageClass?.provisioner)];
    if (!maker?.helper || !node || !isReady(node) || reason === 'ExternalProvisioning') return [];
    if (namespace !== undefined && namespace !== maker.namespace) return [];
    const { uid, creationTimestamp } = claim.metadata;
    const name = `${maker.helper}-pvc-${uid}`;
    return [
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: maker.namespace, uid: `${uid}-helper`, creationTimestamp },
        spec: { nodeName: node.metadata.name, containers: [{ name: 'local-path-init' }] },
        status: { phase: reason === 'ProvisioningFailed' ? 'Failed' : 'Running' },
      },
    ];
  });
}

function pendingClaims(view: View, namespace: string | undefined): KubeObject[] {
  return view.store.list(view.store.kind('pvc'), namespace).filter((claim) => specOf(claim).volumeName === undefined);
}
