import type { KubeObject } from '../state.ts';
import { ApiError } from './errors.ts';
import type { Kind } from './kinds.ts';
import { isRunning } from './monitoring/prometheus.ts';
import type { Manifest } from './store.ts';
import type { View } from './view.ts';

interface Webhook {
  readonly name: string;
  readonly failurePolicy?: string;
  readonly clientConfig?: {
    readonly service?: { readonly namespace: string; readonly name: string; readonly path?: string };
  };
  readonly rules?: readonly { readonly apiGroups?: readonly string[]; readonly resources?: readonly string[] }[];
  readonly namespaceSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
}

/** Throws when a webhook that the cluster has for objects of this type does not answer. What it would say is not modelled. */
export function passStoredWebhooks(view: View, kind: Kind, manifest: Manifest): void {
  const { store } = view;
  for (const word of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'])
    for (const configuration of store.list(store.kind(word)))
      for (const webhook of (configuration.webhooks ?? []) as Webhook[]) {
        const service = webhook.clientConfig?.service;
        if (!service || webhook.failurePolicy === 'Ignore' || !isAsked(view, webhook, kind, manifest)) continue;
        const why = silence(view, service.namespace, service.name);
        if (why === undefined) continue;
        const url = `https://${service.name}.${service.namespace}.svc:443${service.path ?? '/'}?timeout=10s`;
        const words = `failed calling webhook "${webhook.name}": failed to call webhook: Post "${url}": ${why}`;
        throw new ApiError('InternalError', `Internal error occurred: ${words}`);
      }
}

function isAsked({ store }: View, { rules = [], namespaceSelector }: Webhook, kind: Kind, manifest: Manifest): boolean {
  const isRuled = rules.some(
    ({ apiGroups = [], resources = [] }) => apiGroups.includes(kind.group) && resources.includes(kind.plural),
  );
  const wanted = Object.entries(namespaceSelector?.matchLabels ?? {});
  if (!isRuled || wanted.length === 0 || !kind.namespaced) return isRuled;
  const place: KubeObject | undefined = store.find(store.kind('ns'), '', manifest.metadata.namespace ?? 'default');
  return wanted.every(([key, value]) => place?.metadata.labels?.[key] === value);
}

/** Why nobody answers behind a Service; undefined: somebody does. */
function silence(view: View, namespace: string, name: string): string | undefined {
  const service = view.store.find(view.store.kind('services'), namespace, name);
  if (!service) return `service "${name}" not found`;
  return view.backends(service).some(isRunning) ? undefined : `no endpoints available for service "${name}"`;
}
