import type { KubeObject } from '../state.ts';
import { certificateIn } from './certificates.ts';
import { daemonSet, isReadyOn } from './gpu/machine.ts';
import type { PodSpec } from './pods.ts';
import type { View } from './view.ts';

/** Pods of the addon ingress, whatever the track (sheet 4). */
const CONTROLLERS = ['traefik', 'nginx-ingress-microk8s-controller'];

interface IngressSpec {
  ingressClassName?: string;
  rules?: { host?: string; http?: { paths?: { backend?: { service?: { name?: string } } }[] } }[];
}

/** Why a pod that asks its machine for a name, or reads a certificate, does not get it; undefined: it does, or does not ask. */
export function unserved(view: View, node: KubeObject, pod: KubeObject): string | undefined {
  const spec = (pod.spec ?? {}) as PodSpec;
  const { namespace = '' } = pod.metadata;
  const volumes = (spec.volumes ?? []) as { secret?: { secretName?: string } }[];
  const secrets = volumes.flatMap(({ secret }) => secret?.secretName ?? []);
  const find = (name: string) => view.store.find(view.store.kind('secrets'), namespace, name);
  if (secrets.some((name) => certificateIn(find(name)) === '')) return 'total 0';
  const words = (spec.containers ?? []).flatMap(({ command = [], args = [] }) => [...command, ...args]).join(' ');
  const host = /\bwget\b.*--header 'Host: ([^']+)'/.exec(words)?.[1];
  return host === undefined ? undefined : unanswered(view, node, pod, host);
}

function unanswered(view: View, node: KubeObject, pod: KubeObject, host: string): string | undefined {
  const { store } = view;
  if (!CONTROLLERS.some((name) => isReadyOn(view, daemonSet(view, name), node))) {
    return "wget: can't connect to remote host: Connection refused";
  }
  const ingresses = store.list(store.kind('ingresses'));
  const rules = ingresses.flatMap((ingress) => {
    const { ingressClassName = '', rules = [] } = (ingress.spec ?? {}) as IngressSpec;
    const isServed = store.find(store.kind('ingressclasses'), '', ingressClassName) !== undefined;
    return isServed ? rules.map((rule) => ({ ...rule, namespace: ingress.metadata.namespace ?? '' })) : [];
  });
  const rule = rules.find((it) => it.host === host);
  if (!rule) return 'wget: server returned error: HTTP/1.1 404 Not Found';
  const name = rule.http?.paths?.[0]?.backend?.service?.name ?? '';
  const service = store.find(store.kind('services'), rule.namespace, name);
  const selector = Object.entries(((service?.spec ?? {}) as { selector?: Record<string, string> }).selector ?? {});
  const isChosen = selector.length > 0 && selector.every(([key, value]) => pod.metadata.labels?.[key] === value);
  return isChosen ? undefined : 'wget: server returned error: HTTP/1.1 503 Service Unavailable';
}
