import type { Declared, Kind, Verdict, World } from '../engine/types.ts';
import { refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { helmAsk, sightOf } from './helm-sight.ts';
import { holdersAsk, holdersOf, type PortHolder, titleOfHolder } from './host-ports.ts';

/**
 * No other Prometheus stack is in the cluster: two operators fight over the same objects, and of two node-exporters one is
 * never started. That of MicroK8s' addon has the name of ours; it is taken over, and what is lost by that is said before.
 * facts: platform sheet, 5 (5); monitoring-and-cost sheet, 1.4 and 7 (5, 7)
 */
export type LoneStackSpec = {
  readonly namespace: string;
  /** What it brings has names that begin with this. */
  readonly release: string;
};

export function loneStack({ id, on, needs, ...spec }: Placed & LoneStackSpec): Declared<LoneStackSpec> {
  return { kind: 'lone-stack', id, on, needs, spec };
}

export const loneStackKind: Kind<LoneStackSpec> = {
  kind: 'lone-stack',
  transient: true,
  asks: () => [holdersAsk, helmAsk],
  judge,
};

const EXPORTER_PORT = '9100';
/** Whoever mirrors it keeps that part of its name. */
const OPERATOR_IMAGE = /\/prometheus-operator(:|@)/;

function judge({ id, spec: { namespace, release } }: Declared<LoneStackSpec>, world: World): Verdict {
  if (world.identity === undefined) return { verdict: 'ok', because: 'there is no cluster yet' };
  const [holders, sight] = [holdersOf(world), sightOf(world)];
  if (!holders || !sight) {
    return { verdict: 'settling', because: `the API on ${world.lead} does not answer`, deadlineS: 300 };
  }
  const isOurs = (it: PortHolder) => it.namespace === namespace && it.name.startsWith(`${release}-`);
  const others = holders.filter(
    (it) => !isOurs(it) && (it.ports.includes(EXPORTER_PORT) || it.images.some((image) => OPERATOR_IMAGE.test(image))),
  );
  if (others.length > 0) return taken(id, others);
  const because = 'no other Prometheus stack is in the cluster';
  const theirs = sight.foreignChart(namespace, release);
  if (theirs === undefined) return { verdict: 'ok', because };
  const warning = `release ${release} (${theirs}), as the addon observability installs it, is taken over: figures and dashboards that lie in no volume are lost, so save those dashboards first; Loki and Tempo stay, but Grafana forgets them`;
  return { verdict: 'ok', because, warning };
}

function taken(id: Declared['id'], others: readonly PortHolder[]): Verdict {
  const namespaces = [...new Set(others.map(({ namespace }) => namespace))];
  return refused(
    id,
    `another Prometheus stack is in the cluster: ${others.map(titleOfHolder).join(', ')}`,
    `two operators fight over the same objects, and two node-exporters over port ${EXPORTER_PORT} of every machine`,
    'to keep it, take the section monitoring out of the cluster file',
    ...namespaces.map(
      (namespace) => `to remove it, see which release it is: microk8s helm3 list --namespace ${namespace}`,
    ),
  );
}
