import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id } from '../../engine/types.ts';
import { addon } from '../../resources/addon.ts';
import { loneIngress } from '../../resources/lone-ingress.ts';
import { type KubeManifest, manifest } from '../../resources/manifest.ts';
import type { ObjectRef } from '../../resources/objects.ts';
import { templateData } from '../../templates.ts';

/** Seconds until the pods of an addon are ready: their images come over the line of a home. */
const READY_S = 900;
/** Seconds until MetalLB's webhook takes its objects. */
const ADMITTED_S = 180;

/** The oldest track whose addon ingress is Traefik; before, it is nginx. facts: microk8s sheet, 1.1 and 4 */
const TRAEFIK_TRACK = 35;

export const INGRESS: Id = 'network/ingress@cluster';

const named = (apiVersion: string, kind: string, name: string, namespace?: string): ObjectRef => ({
  ...{ apiVersion, kind },
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});

/** In the order in which they want to come: the ingress takes the first address at once. facts: platform sheet, 4 (7, 8) */
export function addons(file: Cluster): Declared[] {
  const { network } = file;
  const needs: Id[] = [
    'microk8s/dns@cluster',
    'microk8s/member@*',
    'capacity/room@cluster',
    // Node ports are given out at random, also that of the registry: it comes first.
    ...(file.storage?.registry ? (['storage/registry@cluster'] as const) : []),
  ];
  return [
    addon({
      id: 'network/metrics-server@cluster',
      on: 'cluster',
      needs,
      addon: 'metrics-server',
      args: [],
      objects: [
        named('apps/v1', 'Deployment', 'metrics-server', 'kube-system'),
        named('v1', 'Service', 'metrics-server', 'kube-system'),
        named('apiregistration.k8s.io/v1', 'APIService', 'v1beta1.metrics.k8s.io'),
      ],
      readyS: READY_S,
    }),
    ...(network?.loadBalancer ? metallb(network.loadBalancer, needs) : []),
    ...(network?.ingress ? ingress(file, needs) : []),
  ];
}

/** facts: microk8s sheet, 4; platform sheet, 5 (4) */
function metallb({ from, to }: { from: string; to: string }, needs: readonly Id[]): Declared[] {
  const { objects } = templateData('network/addresses.yaml') as unknown as { objects: readonly KubeManifest[] };
  const addresses = { addresses: [`${from}-${to}`] };
  return [
    addon({
      id: 'network/metallb@cluster',
      on: 'cluster',
      needs: [...needs, 'network/metrics-server@cluster'],
      addon: 'metallb',
      // Without a range it asks for one, and nobody answers. Which range counts, the pool says.
      args: [`${from}-${to}`],
      objects: [
        named('apps/v1', 'Deployment', 'controller', 'metallb-system'),
        named('apps/v1', 'DaemonSet', 'speaker', 'metallb-system'),
        ...['ipaddresspools', 'l2advertisements'].map((plural) =>
          named('apiextensions.k8s.io/v1', 'CustomResourceDefinition', `${plural}.metallb.io`),
        ),
      ],
      readyS: READY_S,
    }),
    manifest({
      id: 'network/addresses@cluster',
      on: 'cluster',
      needs: ['network/metallb@cluster'],
      objects: objects.map((it) => (it.kind === 'IPAddressPool' ? { ...it, spec: addresses } : it)),
      admittedS: ADMITTED_S,
      madeBy: 'network/metallb@cluster',
    }),
  ];
}

/** What the addon of a track brings; the first one is what MicroK8s knows it by. */
export function ingressObjects(channel: string): readonly ObjectRef[] {
  const track = Number(/^1\.(\d+)/.exec(channel)?.[1]);
  const isTraefik = track >= TRAEFIK_TRACK;
  const className = named('networking.k8s.io/v1', 'IngressClass', 'public');
  if (!isTraefik) return [named('apps/v1', 'DaemonSet', 'nginx-ingress-microk8s-controller', 'ingress'), className];
  return [className, named('apps/v1', 'DaemonSet', 'traefik', 'ingress'), named('v1', 'Service', 'traefik', 'ingress')];
}

function ingress(file: Cluster, needs: readonly Id[]): Declared[] {
  const objects = ingressObjects(file.microk8s.channel);
  const controller = objects.find(({ kind }) => kind === 'DaemonSet')?.metadata.name ?? '';
  const before: Id = file.network?.loadBalancer ? 'network/addresses@cluster' : 'network/metrics-server@cluster';
  return [
    loneIngress({ id: 'network/lone-ingress@cluster', on: 'cluster', needs: ['microk8s/member@*'], controller }),
    addon({
      id: INGRESS,
      on: 'cluster',
      needs: [...needs, before, 'network/lone-ingress@cluster'],
      addon: 'ingress',
      args: [],
      objects,
      readyS: READY_S,
    }),
  ];
}
