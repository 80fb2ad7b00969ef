import type { ClusterState, KubeObject } from '../state.ts';

/** One resource type of the API. `group` is empty for the core group. */
export interface Kind {
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly short: readonly string[];
  readonly namespaced: boolean;
}

const TABLE = `
Node - v1 nodes no cluster
Namespace - v1 namespaces ns cluster
Pod - v1 pods po namespaced
Service - v1 services svc namespaced
Endpoints - v1 endpoints ep namespaced
ConfigMap - v1 configmaps cm namespaced
Secret - v1 secrets - namespaced
ServiceAccount - v1 serviceaccounts sa namespaced
PersistentVolume - v1 persistentvolumes pv cluster
PersistentVolumeClaim - v1 persistentvolumeclaims pvc namespaced
Event - v1 events ev namespaced
LimitRange - v1 limitranges limits namespaced
ResourceQuota - v1 resourcequotas quota namespaced
ReplicationController - v1 replicationcontrollers rc namespaced
Deployment apps v1 deployments deploy namespaced
DaemonSet apps v1 daemonsets ds namespaced
StatefulSet apps v1 statefulsets sts namespaced
ReplicaSet apps v1 replicasets rs namespaced
Job batch v1 jobs - namespaced
CronJob batch v1 cronjobs cj namespaced
Ingress networking.k8s.io v1 ingresses ing namespaced
IngressClass networking.k8s.io v1 ingressclasses - cluster
NetworkPolicy networking.k8s.io v1 networkpolicies netpol namespaced
StorageClass storage.k8s.io v1 storageclasses sc cluster
CSIDriver storage.k8s.io v1 csidrivers - cluster
VolumeAttachment storage.k8s.io v1 volumeattachments - cluster
Role rbac.authorization.k8s.io v1 roles - namespaced
RoleBinding rbac.authorization.k8s.io v1 rolebindings - namespaced
ClusterRole rbac.authorization.k8s.io v1 clusterroles - cluster
ClusterRoleBinding rbac.authorization.k8s.io v1 clusterrolebindings - cluster
CustomResourceDefinition apiextensions.k8s.io v1 customresourcedefinitions crd,crds cluster
APIService apiregistration.k8s.io v1 apiservices - cluster
MutatingWebhookConfiguration admissionregistration.k8s.io v1 mutatingwebhookconfigurations - cluster
ValidatingWebhookConfiguration admissionregistration.k8s.io v1 validatingwebhookconfigurations - cluster
ValidatingAdmissionPolicy admissionregistration.k8s.io v1 validatingadmissionpolicies - cluster
ValidatingAdmissionPolicyBinding admissionregistration.k8s.io v1 validatingadmissionpolicybindings - cluster
PriorityClass scheduling.k8s.io v1 priorityclasses pc cluster
RuntimeClass node.k8s.io v1 runtimeclasses - cluster
PodDisruptionBudget policy v1 poddisruptionbudgets pdb namespaced
HorizontalPodAutoscaler autoscaling v2 horizontalpodautoscalers hpa namespaced
Lease coordination.k8s.io v1 leases - namespaced
EndpointSlice discovery.k8s.io v1 endpointslices - namespaced
`;

const BUILTIN: readonly Kind[] = TABLE.trim()
  .split('\n')
  .map((line) => {
    const [kind = '', group = '', version = '', plural = '', short = '', scope] = line.split(' ');
    return {
      kind,
      group: group === '-' ? '' : group,
      version,
      plural,
      singular: kind.toLowerCase(),
      short: short === '-' ? [] : short.split(','),
      namespaced: scope === 'namespaced',
    };
  });

/** Resource types that the API of this cluster serves: the built-in ones and those of its CRDs. */
export function kindsOf(cluster: ClusterState): Kind[] {
  return [...BUILTIN, ...customKinds(cluster)];
}

function customKinds(cluster: ClusterState): Kind[] {
  const crds = Object.values(cluster.objects).filter((o) => o.kind === 'CustomResourceDefinition');
  return crds.flatMap(kindOfCrd);
}

/** Types are looked up all the time, and a stored object never changes: it is replaced. */
const read = new WeakMap<KubeObject, Kind[]>();

interface CrdSpec {
  group?: string;
  scope?: string;
  names?: { kind?: string; plural?: string; singular?: string; shortNames?: string[] };
  versions?: { name: string; served?: boolean }[];
}

function kindOfCrd(crd: KubeObject): Kind[] {
  const known = read.get(crd) ?? kindsIn(crd);
  read.set(crd, known);
  return known;
}

function kindsIn(crd: KubeObject): Kind[] {
  const spec = (crd.spec ?? {}) as CrdSpec;
  const kind = spec.names?.kind;
  const plural = spec.names?.plural;
  if (!kind || !plural) return [];
  return (spec.versions ?? []).map((version) => ({
    kind,
    plural,
    group: spec.group ?? '',
    version: version.name,
    singular: spec.names?.singular ?? kind.toLowerCase(),
    short: spec.names?.shortNames ?? [],
    namespaced: spec.scope !== 'Cluster',
  }));
}

/** The type that a word on a kubectl command line means: `no`, `Nodes`, `deployments.apps`, `deploy.v1.apps`. */
export function findKind(cluster: ClusterState, word: string): Kind | undefined {
  const lower = word.toLowerCase();
  const [name = '', ...rest] = lower.split('.');
  const suffix = rest.join('.');
  const isMeant = (k: Kind) =>
    (k.plural === name || k.singular === name || k.short.includes(name) || k.kind.toLowerCase() === name) &&
    (suffix === '' || suffix === k.group || suffix === `${k.version}.${k.group}` || suffix === k.version);
  return BUILTIN.find(isMeant) ?? customKinds(cluster).find(isMeant);
}

/** The type of a manifest; undefined when the API serves no such thing. */
export function kindOfManifest(cluster: ClusterState, apiVersion: string, kind: string): Kind | undefined {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const isMeant = (k: Kind) => k.kind === kind && k.group === group;
  const builtIn = BUILTIN.filter(isMeant);
  const found = builtIn.length > 0 ? builtIn : customKinds(cluster).filter(isMeant);
  // Several API versions of one built-in type are the same stored object.
  return found.find((k) => k.version === version) ?? (BUILTIN.includes(found[0] as Kind) ? found[0] : undefined);
}

/** Types that kustomize knows to be in no namespace: those of Kubernetes itself. */
export function isBuiltinClusterScoped(apiVersion: string, kind: string): boolean {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return BUILTIN.some((k) => k.kind === kind && k.group === group && !k.namespaced);
}

/** `deployments.apps`, as errors name a type. */
export const resourceName = (k: Kind): string => (k.group === '' ? k.plural : `${k.plural}.${k.group}`);

/** `deployment.apps`, as `-o name` and change messages name a type. */
export const shortName = (k: Kind): string => (k.group === '' ? k.singular : `${k.singular}.${k.group}`);
