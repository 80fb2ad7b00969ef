import type { KubeObject } from '../state.ts';
import { certificateIn } from './certificates.ts';
import { daemonSet, isReadyOn } from './gpu/machine.ts';
import type { PodSpec } from './pods.ts';
import type { View } from './view.ts';

/** Pods of the addon ingress, whatever the track (sheet 4). */
const CONTROLLERS = ['traefik', 'nginx-ingress-microk8s-controller'];

interface IngressSpec {
  ingressClassName?: string;
  tls?: { hosts?: string[]; secretName?: string }[];
  rules?: { host?: string; http?: { paths?: { backend?: { service?: { name?: string } } }[] } }[];
}

/** Why a pod that asks its machine for a name, or reads a certificate, does not get it; undefined: it does, or does not ask. */
export function unserved(view: View, node: KubeObject, pod: KubeObject): string | undefined {
  const spec = (pod.spec ?? {}) as PodSpec;
  const { namespace = '' } = pod.metadata;
  const volumes = (spec.volumes ?? []) as { secret?: { secretName?: string } }[];
  const secrets = volumes.flatMap(({ secret }) => secret?.secretName ?? []);
  const find = (name: string) => view.store.find(view.store.kind('secrets'), namespace, name);
  const isEmpty = (secret: KubeObject | undefined) =>
    secret === undefined || (secret.type === 'kubernetes.io/tls' && certificateIn(secret) === '');
  if (secrets.some((name) => isEmpty(find(name)))) return 'total 0';
  const words = (spec.containers ?? []).flatMap(({ command = [], args = [] }) => [...command, ...args]).join(' ');
  const host = /\bwget\b.*--header 'Host: ([^']+)'/.exec(words)?.[1];
  return host === undefined ? undefined : unanswered(view, node, pod, host);
}

function unanswered(view: View, node: KubeObject, pod: KubeObject, host: string): string | undefined {
  const { store } = view;
  if (!isEntrance(view, node)) {
    return "wget: can't connect to remote host: Connection refused";
  }
  const rule = ruleOf(view, host);
  if (!rule) return 'wget: server returned error: HTTP/1.1 404 Not Found';
  const service = store.find(store.kind('services'), rule.namespace, rule.service);
  const selector = Object.entries(((service?.spec ?? {}) as { selector?: Record<string, string> }).selector ?? {});
  const isChosen = selector.length > 0 && selector.every(([key, value]) => pod.metadata.labels?.[key] === value);
  return isChosen ? undefined : 'wget: server returned error: HTTP/1.1 503 Service Unavailable';
}

/** The ingress listens on this machine. */
export function isEntrance(view: View, node: KubeObject): boolean {
  return CONTROLLERS.some((name) => isReadyOn(view, daemonSet(view, name), node));
}

interface Rule {
  readonly namespace: string;
  readonly service: string;
  /** The Secret with the certificate for that name. */
  readonly secret: string;
}

/** What an Ingress of a class that is served says of a name. */
export function ruleOf({ store }: View, host: string): Rule | undefined {
  const rules = store.list(store.kind('ingresses')).flatMap(({ spec, metadata: { namespace = '' } }) => {
    const { ingressClassName = '', rules = [], tls = [] } = (spec ?? {}) as IngressSpec;
    const isServed = store.find(store.kind('ingressclasses'), '', ingressClassName) !== undefined;
    const secret = tls.find(({ hosts = [] }) => hosts.includes(host))?.secretName ?? '';
    const service = (rule: (typeof rules)[number]) => rule.http?.paths?.[0]?.backend?.service?.name ?? '';
    return isServed ? rules.map((rule) => ({ host: rule.host, namespace, secret, service: service(rule) })) : [];
  });
  return rules.find((it) => it.host === host);
}
