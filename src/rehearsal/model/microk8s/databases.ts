import type { KubeObject } from '../state.ts';
import { claims, type PodSpec } from './pods.ts';
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
  const pods = view.backends(service);
  const ready = pods.filter(({ status }) => JSON.stringify(status ?? {}).includes('"ready":true'));
  if (ready.length === 0) return `connection to "${host}" failed: Connection refused`;
  const keeps = ready.every(({ spec }) => claims((spec ?? {}) as PodSpec).length > 0);
  return keeps || !pod.metadata.name.endsWith('-read') ? undefined : 'what was written is not there any more';
}
