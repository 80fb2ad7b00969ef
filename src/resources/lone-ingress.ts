import type { Declared, Kind, Verdict, World } from '../engine/types.ts';
import { refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { holdersAsk, holdersOf, type PortHolder, titleOfHolder } from './host-ports.ts';

/**
 * No pods but those of the addon hold the ports 80 and 443 of the machines: of two, one is never started.
 * facts: platform sheet, 5 (3); microk8s sheet, 5 and 6 (32)
 */
export type LoneIngressSpec = {
  /** The DaemonSet of the addon, in the namespace `ingress`. */
  readonly controller: string;
};

export function loneIngress({ id, on, needs, ...spec }: Placed & LoneIngressSpec): Declared<LoneIngressSpec> {
  return { kind: 'lone-ingress', id, on, needs, spec };
}

export const loneIngressKind: Kind<LoneIngressSpec> = {
  kind: 'lone-ingress',
  transient: true,
  asks: () => [holdersAsk],
  judge,
};

const NAMESPACE = 'ingress';
/** What the addon of tracks up to 1.34 runs. */
const NGINX = 'nginx-ingress-microk8s-controller';
/** And that of later ones. */
const TRAEFIK = 'traefik';

function judge(it: Declared<LoneIngressSpec>, world: World): Verdict {
  if (world.identity === undefined) return { verdict: 'ok', because: 'there is no cluster yet' };
  const holders = holdersOf(world);
  if (!holders) return { verdict: 'settling', because: `the API on ${world.lead} does not answer`, deadlineS: 300 };
  const others = holders.filter(({ namespace, name, ports }) => {
    const isOurs = namespace === NAMESPACE && name === it.spec.controller;
    return !isOurs && ports.some((port) => port === '80' || port === '443');
  });
  if (others.length === 0) return { verdict: 'ok', because: 'nobody else holds the ports 80 and 443 of the machines' };
  const held = `the ports 80 and 443 are held by ${others.map(titleOfHolder).join(', ')}`;
  return refused(it.id, held, ...wayOut(others));
}

/** Why they are there, and what to type. */
function wayOut(others: readonly PortHolder[]): [why: string, ...next: string[]] {
  const isAddon = (addon: string) => others.some(({ namespace, name }) => namespace === NAMESPACE && name === addon);
  if (isAddon(TRAEFIK)) {
    return [
      'it is the ingress of a newer MicroK8s than the channel of the cluster file has',
      'write the channel that the machines follow into the cluster file; to see it: snap list microk8s',
    ];
  }
  const removals = others.map(
    ({ kind, namespace, name }) =>
      `to remove it: microk8s kubectl -n ${namespace} delete ${kind.toLowerCase()} ${name}`,
  );
  return isAddon(NGINX)
    ? [
        'the ingress of an older MicroK8s is still there, and the new one cannot start beside it',
        'names are out of reach for some minutes: microk8s disable ingress   then mlk8s up',
        ...removals,
      ]
    : [
        'a second ingress controller is there, and only one can have these ports',
        'to keep it, write into the cluster file: network: { ingress: false }',
        ...removals,
      ];
}
