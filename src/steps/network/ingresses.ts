import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id, Service, Step } from '../../engine/types.ts';
import { CA_SECRET } from '../../resources/ca-secret.ts';
import type { HelmReleaseSpec } from '../../resources/helm-release.ts';
import { type KubeManifest, type ManifestSpec, manifest } from '../../resources/manifest.ts';
import { INGRESS } from './addons.ts';
import type { Named } from './names.ts';

/** The certificate of a service: cert-manager names it after its secret. */
export function certificateOf({ service: { name, namespace } }: Named): { namespace: string; name: string } {
  return { namespace, name: `${name}-tls` };
}

/** An Ingress for each service. Nobody waits for its ADDRESS: without MetalLB it never has one. platform sheet, 5 (4) */
export function ingresses(file: Cluster, steps: readonly Step[], named: readonly Named[]): Declared[] {
  const brought = steps.flatMap((step) => step.resources(file));
  return named.map((it) =>
    manifest({
      id: `network/ingress-${it.service.name}@cluster`,
      on: 'cluster',
      needs: [INGRESS, ...(file.network?.tls ? [CA_ID] : []), ...whatBrings(it.service, brought)],
      objects: [ingressOf(file, it)],
    }),
  );
}

const CA_ID: Id = 'network/ca@cluster';

/** Resources that put something into a namespace: before them it is not there. */
function whatBrings({ namespace, broughtBy }: Service, brought: readonly Declared[]): Id[] {
  if (broughtBy) return [broughtBy];
  const releases = brought.filter((it) => it.kind === 'helm-release') as unknown as Declared<HelmReleaseSpec>[];
  const manifests = brought.filter((it) => it.kind === 'manifest') as unknown as Declared<ManifestSpec>[];
  const isNamespace = ({ kind, metadata }: KubeManifest) => kind === 'Namespace' && metadata.name === namespace;
  return [
    ...releases.filter(({ spec }) => spec.namespace === namespace),
    ...manifests.filter(({ spec }) => spec.objects.some(isNamespace)),
  ].map(({ id }) => id);
}

function ingressOf({ network }: Cluster, named: Named): KubeManifest {
  const { host, service } = named;
  const { name, namespace, port } = service;
  const certified = network?.tls ? { 'cert-manager.io/cluster-issuer': CA_SECRET.name } : {};
  const annotations = { ...certified, ...service.annotations };
  const backend = { service: { name: service.service, port: { number: port } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: `mlk8s-${name}`, namespace, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: {
      // On every track: microk8s sheet, 4.
      ingressClassName: 'public',
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      ...(network?.tls ? { tls: [{ hosts: [host], secretName: certificateOf(named).name }] } : {}),
    },
  };
}
