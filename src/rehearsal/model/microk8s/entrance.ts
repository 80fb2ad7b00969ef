import { authorityIn } from './certificates.ts';
import { addressOf, isRunning } from './monitoring/prometheus.ts';
import { clusterOf, type Site } from './site.ts';
import { KubeStore } from './store.ts';
import { View } from './view.ts';
import { isEntrance, ruleOf } from './web.ts';

/** What a browser gets. */
export interface Served {
  readonly status: number;
  /** Certificate of who signed for that name; empty: the ingress made one up. */
  readonly authority: string;
}

/** What the ingress of a machine answers to a name; undefined: nobody listens there (sheet 4, ingress). */
export function throughIngress(site: Site, address: string, host: string): Served | undefined {
  const cluster = clusterOf(site.rig, site.world);
  if (!cluster) return undefined;
  const view = new View(new KubeStore(cluster, site), site.world, site.now());
  const node = view.nodes().find((it) => addressOf(it) === address);
  if (!node || !isEntrance(view, node)) return undefined;
  const rule = ruleOf(view, host);
  if (!rule) return { status: 404, authority: '' };
  const find = (kind: string, name: string) => view.store.find(view.store.kind(kind), rule.namespace, name);
  const service = find('services', rule.service);
  const isAnswered = service !== undefined && view.backends(service).some(isRunning);
  return { status: isAnswered ? 200 : 503, authority: authorityIn(find('secrets', rule.secret)) };
}
