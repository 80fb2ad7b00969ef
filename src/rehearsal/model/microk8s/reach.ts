import type { MachineSite } from '../command.ts';
import type { WebHandler } from '../contract.ts';
import type { KubeObject } from '../state.ts';
import { alertmanager } from './alertmanager.ts';
import { advance } from './daemons.ts';
import { apiUp } from './dqlite.ts';
import { isJson } from './merge.ts';
import { clusterOf } from './site.ts';
import { KubeStore } from './store.ts';
import { View } from './view.ts';

/** Who answers at an address and a port that a machine of a cluster reaches; undefined: the connection is refused. */
export function reach(site: MachineSite, address: string, port: number): WebHandler | undefined {
  advance(site);
  const cluster = clusterOf(site.rig, site.world);
  if (!cluster || !apiUp(site.rig, site.world, site.now())) return undefined;
  const view = new View(new KubeStore(cluster, site), site.world, site.now());
  const service = view.store.list(view.store.kind('services')).find((it) => isAt(it, address, port));
  if (!service || isDown(view, service)) return undefined;
  if (service.metadata.name.endsWith('-alertmanager')) return alertmanager(site, cluster, view);
  return () => ({ status: 200, type: 'text/html; charset=utf-8', body: page(service) });
}

function isAt({ spec }: KubeObject, address: string, port: number): boolean {
  if (!isJson(spec) || spec.clusterIP !== address || !Array.isArray(spec.ports)) return false;
  return spec.ports.some((it) => isJson(it) && it.port === port);
}

/** Of its pods none is ready, or there are none. */
function isDown(view: View, { spec, metadata }: KubeObject): boolean {
  const selector = Object.entries((isJson(spec) && isJson(spec.selector) ? spec.selector : {}) as object);
  if (selector.length === 0) return false;
  const pods = view.list(view.store.kind('pods'), metadata.namespace);
  const own = pods.filter((pod) => selector.every(([key, value]) => pod.metadata.labels?.[key] === value));
  const isReady = ({ status }: KubeObject) =>
    JSON.stringify(isJson(status) ? (status.containerStatuses ?? []) : []).includes('"ready":true');
  return !own.some(isReady);
}

function page({ metadata: { name, namespace } }: KubeObject): string {
  const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<!doctype html>
<title>Rehearsal: ${escaped(name)}</title>
<h1>This is a rehearsal</h1>
<p>On a real cluster the service <b>${escaped(`${namespace}/${name}`)}</b> would answer here. This one is simulated.</p>
`;
}
