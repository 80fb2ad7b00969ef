import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { kubectl } from './kube.ts';

/**
 * Pods of a program may come to where its volumes are: one in a folder of a machine is bound to that machine, and with it
 * the pod that has it. Else that pod would wait for ever at its next start. facts: storage-and-databases sheet, 2.2 and 5/5
 */
export type VolumePlacesSpec = {
  readonly namespace: string;
  /** What the names of its claims begin with. */
  readonly claims: string;
  readonly program: string;
  /** Machines that its pods may not come to. */
  readonly closed: readonly string[];
  /** Why not, and what to do about it. */
  readonly why: string;
  readonly next: readonly string[];
};

export function volumePlaces({ id, on, needs, ...spec }: Placed & VolumePlacesSpec): Declared<VolumePlacesSpec> {
  return { kind: 'volume-places', id, on, needs, spec };
}

export const volumePlacesKind: Kind<VolumePlacesSpec> = {
  kind: 'volume-places',
  transient: true,
  asks: () => [placesAsk],
  judge,
};

const VOLUME = [
  '{.status.phase}',
  '{.spec.claimRef.namespace}',
  '{.spec.claimRef.name}',
  '{.spec.nodeAffinity.required.nodeSelectorTerms[*].matchExpressions[?(@.key=="kubernetes.io/hostname")].values[*]}',
];
const ROWS = `jsonpath={range .items[*]}${VOLUME.join('{"\\t"}')}{"\\n"}{end}`;

const placesAsk: Ask = {
  key: 'places of volumes',
  on: 'cluster',
  sh: sh`${kubectl} get persistentvolumes -o ${ROWS}`,
  timeoutS: 20,
};

function judge(it: Declared<VolumePlacesSpec>, world: World): Verdict {
  const { namespace, claims, program, closed, why, next } = it.spec;
  if (world.identity === undefined) return { verdict: 'ok', because: 'there is no cluster yet' };
  return judged(it, world, [placesAsk], ({ text, status }) => {
    if (status !== 0)
      return { verdict: 'settling', because: `the API on ${world.lead} does not answer`, deadlineS: 300 };
    const left = text.split('\n').flatMap((row) => {
      const [phase, of, claim = '', hosts = ''] = row.split('\t');
      const isIts = phase === 'Bound' && of === namespace && claim.startsWith(claims);
      const isLeft = hosts !== '' && hosts.split(' ').every((host) => closed.includes(host));
      return isIts && isLeft ? [{ claim: `${namespace}/${claim}`, hosts }] : [];
    });
    if (left.length === 0) return { verdict: 'ok', because: `no volume of ${program} is where its pods may not come` };
    return refused(it.id, `${shown(left)}, where pods of ${program} may not come`, why, ...next);
  });
}

function shown(left: readonly { readonly claim: string; readonly hosts: string }[]): string {
  const [first, ...others] = left;
  if (others.length === 0) return `the volume of the claim ${first?.claim} is on ${first?.hosts} alone`;
  const all = left.map(({ claim, hosts }) => `${claim} (${hosts})`).join(', ');
  return `the volumes of the claims ${all} are on these machines alone`;
}
