import type { KubeObject } from '../state.ts';
import { isJson } from './merge.ts';
import { claims, type PodSpec, podsOf } from './pods.ts';
import type { View } from './view.ts';

/**
 * Why a program in a pod gets nothing from the Service that it talks to, by its name in the cluster; undefined: it does, or
 * talks to none. Nothing is stored: a pod that is called `…-read` finds what was written if that was kept in a volume.
 */
export function unheard(view: View, pod: KubeObject): string | undefined {
  const containers = ((pod.spec ?? {}) as PodSpec).containers ?? [];
  const [, name, namespace] = /\b([a-z0-9-]+)\.([a-z0-9-]+)\.svc\b/.exec(JSON.stringify(containers)) ?? [];
  if (name === undefined || namespace === undefined) return undefined;
  const host = `${name}.${namespace}.svc`;
  const service = view.store.find(view.store.kind('services'), namespace, name);
  if (!service) return `could not translate host name "${host}" to address: Name or service not known`;
  const pods = chosen(view, service);
  const ready = pods.filter(({ status }) => JSON.stringify(status ?? {}).includes('"ready":true'));
  if (ready.length === 0) return `connection to "${host}" failed: Connection refused`;
  const keeps = ready.every(({ spec }) => claims((spec ?? {}) as PodSpec).length > 0);
  return keeps || !pod.metadata.name.endsWith('-read') ? undefined : 'what was written is not there any more';
}

const WORKLOADS = ['deployments', 'daemonsets', 'statefulsets'] as const;

/** The pods that a Service sends to. Only they are looked at: the one that asks may be in the same namespace. */
function chosen(view: View, { spec, metadata: { namespace } }: KubeObject): KubeObject[] {
  const { store } = view;
  const selector = Object.entries((isJson(spec) && isJson(spec.selector) ? spec.selector : {}) as object);
  const isChosen = ({ metadata }: KubeObject) => selector.every(([key, value]) => metadata.labels?.[key] === value);
  const owned = WORKLOADS.flatMap((word) => store.list(store.kind(word), namespace)).flatMap((it) => podsOf(view, it));
  const bare = store.list(store.kind('pods'), namespace).filter(isChosen);
  return [...bare.map((pod) => view.show(pod)), ...owned.filter(isChosen)];
}
