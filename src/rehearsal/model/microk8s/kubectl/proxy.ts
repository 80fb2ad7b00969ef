import { ApiError, notFound } from '../errors.ts';
import { isRunning, prometheusApi } from '../monitoring/prometheus.ts';
import { openCostAnswer } from '../opencost.ts';
import type { View } from '../view.ts';

/** What answers behind a Service, by the name of the Service: a pure look at the cluster. */
const ANSWERS: Readonly<Record<string, (view: View, route: string, query: string) => string>> = {
  'kube-prom-stack-kube-prome-prometheus': prometheusApi,
  opencost: openCostAnswer,
};

const PROXY = /^\/api\/v1\/namespaces\/([^/]+)\/services\/([^/:]+)(?::([^/]+))?\/proxy\/(.*)$/;

/** A path that the API server hands on to a Service; undefined when it is another path. Throws ApiError. */
export function proxied(view: View, path: string): string | undefined {
  const [before = '', query = ''] = path.split('?');
  const [, namespace = '', name = '', , route = ''] = PROXY.exec(before) ?? [];
  if (name === '') return undefined;
  const kind = view.store.kind('services');
  const service = view.find(kind, namespace, name);
  if (!service) throw notFound(kind, name);
  if (!view.backends(service).some(isRunning)) {
    throw new ApiError('ServiceUnavailable', `no endpoints available for service "${name}"`);
  }
  const answer = ANSWERS[name];
  if (!answer) throw new ApiError('ServiceUnavailable', `the simulated service ${name} answers nothing`);
  return answer(view, route, query);
}
