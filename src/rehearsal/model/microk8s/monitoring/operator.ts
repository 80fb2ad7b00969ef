import type { KubeObject } from '../../state.ts';
import { claims, podSpecs, rollout } from '../pods.ts';
import { clusterOf, type Site } from '../site.ts';
import { KubeStore, type Manifest, notesOf } from '../store.ts';
import { View } from '../view.ts';

/** What Prometheus' operator makes of a Prometheus and an Alertmanager (sheet monitoring-and-cost 1.1); images and times (i). */
const KINDS: Readonly<Record<string, { prefix: string; volume: string; port: number; image: string; readyS: number }>> =
  {
    Prometheus: {
      ...{ prefix: 'prometheus', volume: 'prometheus', port: 9090, readyS: 60 },
      image: 'quay.io/prometheus/prometheus:v3.14.0-distroless',
    },
    Alertmanager: {
      ...{ prefix: 'alertmanager', volume: 'alertmanager', port: 9093, readyS: 40 },
      image: 'quay.io/prometheus/alertmanager:v0.34.0',
    },
  };

const OPERATOR = 'kube-prom-stack-kube-prome-operator';
/** The Service that the operator makes for all kubelets, and leaves behind (7/19). */
const KUBELET = 'kube-prom-stack-kube-prome-kubelet';

/** Lets the operator do what it did since the last look: a StatefulSet with its claim, a headless Service, that of the kubelets. */
export function serveMonitoring(site: Site): void {
  const cluster = clusterOf(site.rig, site.world);
  const asked = Object.values(cluster?.objects ?? {}).filter(({ kind }) => KINDS[kind]);
  if (!cluster || asked.length === 0) return;
  const view = new View(new KubeStore(cluster, site), site.world, site.now());
  for (const object of asked) if (runs(view, object.metadata.namespace ?? '')) reconcile(view.store, object);
}

function runs(view: View, namespace: string): boolean {
  const operator = view.store.find(view.store.kind('deployments'), namespace, OPERATOR);
  return operator !== undefined && rollout(view, operator).ready > 0;
}

function reconcile(store: KubeStore, object: KubeObject): void {
  const { prefix, volume, port, image, readyS } = KINDS[object.kind] as NonNullable<(typeof KINDS)[string]>;
  const { name: of, namespace = '' } = object.metadata;
  const name = `${prefix}-${of}`;
  const labels = { 'app.kubernetes.io/name': prefix, 'app.kubernetes.io/instance': of };
  const { apiVersion, kind, metadata } = object;
  const ownerReferences = [{ apiVersion, kind, name: of, uid: metadata.uid, controller: true }];
  const claim = claimOf(object, `${volume}-${of}-db-${name}-0`);
  if (claim) make(store, claim);
  const volumes = claim ? [{ name: 'db', persistentVolumeClaim: { claimName: claim.metadata.name } }] : [];
  const template = { metadata: { labels }, spec: { containers: [{ name: prefix, image }], volumes } };
  forgetOther(store, namespace, name, claim?.metadata.name);
  const owned = (its: object) => ({ namespace, ...its, ownerReferences }) as unknown as Manifest['metadata'];
  const made = make(store, {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: owned({ name, labels }),
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  });
  if (made) notesOf(made).readyAfterS = readyS;
  const ports = [{ name: 'web', port }];
  make(store, service(`${prefix}-operated`, namespace, { clusterIP: 'None', ports, selector: labels }));
  const kubelets = { clusterIP: 'None', ports: [{ name: 'https-metrics', port: 10250 }] };
  make(store, service(KUBELET, 'kube-system', kubelets, { 'app.kubernetes.io/name': 'kubelet', 'k8s-app': 'kubelet' }));
}

/** Claims of a StatefulSet cannot be changed: the operator deletes it, and makes it anew. */
function forgetOther(store: KubeStore, namespace: string, name: string, claim: string | undefined): void {
  const live = store.find(store.kind('statefulsets'), namespace, name);
  if (live && claims(podSpecs([live])[0] ?? {})[0] !== claim) store.remove(live);
}

/** A claim is made once and outlives what it was made for. */
function claimOf({ spec, metadata }: KubeObject, name: string): Manifest | undefined {
  const { storage } = spec as { storage?: { volumeClaimTemplate?: { spec?: object } } };
  const claimed = storage?.volumeClaimTemplate?.spec;
  const namespace = metadata.namespace ?? '';
  return (
    claimed && { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace }, spec: { ...claimed } }
  );
}

function service(name: string, namespace: string, spec: object, labels: Record<string, string> = {}): Manifest {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels }, spec: { ...spec } };
}

function make(store: KubeStore, manifest: Manifest): KubeObject | undefined {
  const { namespace = '', name } = manifest.metadata;
  return store.find(store.kindFor(manifest), namespace, name) ? undefined : store.create(manifest);
}
