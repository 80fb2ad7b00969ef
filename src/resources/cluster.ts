import type { Declared, Kind, Verdict, World } from '../engine/types.ts';
import { MACHINE_STATE } from '../shell/job.ts';
import { sh } from '../shell/script.ts';
import type { Placed } from './declare.ts';
import { kubectl } from './kube.ts';
import { LEAVING, parseMembership } from './membership.ts';
import { gone } from './stays.ts';

/** There is a cluster, and its identity (the UID of kube-system) is written down on its first member. */
export type ClusterSpec = Record<string, never>;

export function cluster(at: Placed): Declared<ClusterSpec> {
  return { kind: 'cluster', ...at, spec: {} };
}

/** Whom to ask is the engine's own question, asked of every machine. */
export const clusterKind: Kind<ClusterSpec> = {
  kind: 'cluster',
  asks: () => [],
  judge,
  undo: () => gone('the machines forget it when they leave it'),
  lives: 'cluster',
};

/** Writes down that the machine belongs to the cluster with the UID in `$uid`. The last act of becoming a member. */
export const writeIdentity = sh`
  (umask 077; mkdir -p ${MACHINE_STATE}; printf '%s\n' "$uid" >${MACHINE_STATE}/identity.new)
  sync ${MACHINE_STATE}/identity.new
  mv ${MACHINE_STATE}/identity.new ${MACHINE_STATE}/identity
  rm -f ${LEAVING}
`;

function judge(it: Declared<ClusterSpec>, world: World): Verdict {
  if (world.identity !== undefined) {
    return { verdict: 'ok', because: `${world.lead} leads the cluster ${world.identity.slice(0, 8)}` };
  }
  const founder = parseMembership(world.text({ host: world.founder ?? '' }, 'mlk8s.membership') ?? '');
  return {
    verdict: 'change',
    because: 'no machine of the file belongs to a cluster yet',
    moves: [
      {
        does: `make ${world.founder ?? 'a control plane'} the first member`,
        on: it.on,
        run: sh`
          uid=$(${kubectl} get namespace kube-system -o 'jsonpath={.metadata.uid}')
          [ -n "$uid" ]
          ${writeIdentity}
        `,
        deadlineS: 60,
      },
    ],
    alone: true,
    ...(founder.ours ? {} : { adopts: true }),
  };
}
