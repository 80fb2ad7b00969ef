import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { unanswered } from './answers.ts';
import type { Placed } from './declare.ts';
import { kubectl, SNAP_DATA } from './kube.ts';
import { parseMembership } from './membership.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { gone } from './stays.ts';

/** The API of every member asks who may do what, instead of allowing everything. */
export type RbacSpec = { readonly planes: readonly string[] };

/** `planes`: names of the control planes of the file. */
export function rbac({ id, on, needs, ...spec }: Placed & RbacSpec): Declared<RbacSpec> {
  return { kind: 'rbac', id, on, needs, spec };
}

export const rbacKind: Kind<RbacSpec> = { kind: 'rbac', asks, judge, undo, lives: 'cluster' };

const modeAsk = (host: string): Ask => ({
  key: 'authorization mode',
  on: { host },
  sh: sh`sed -n 's/^--authorization-mode=//p' ${SNAP_DATA}/args/kube-apiserver`,
  timeoutS: 10,
});
const answersAsk: Ask = { key: 'api ready', on: 'cluster', sh: sh`${kubectl} get --raw /readyz`, timeoutS: 20 };

function asks(it: Declared<RbacSpec>): Ask[] {
  return [...it.spec.planes.map(modeAsk), answersAsk];
}

/** Reads the arguments of each API server: addon lists are kept by name, and `enable` exits 0 for what it did not do. */
function judge(it: Declared<RbacSpec>, world: World): Verdict {
  const members = it.spec.planes.filter((name) => {
    if (!world.hosts.includes(name)) return false;
    const text = world.text({ host: name }, 'mlk8s.membership');
    return text !== undefined && world.identity !== undefined && parseMembership(text).identity === world.identity;
  });
  for (const name of members) {
    const answer = world.answer({ host: name }, 'authorization mode');
    if (answer.kind !== 'bytes') return { verdict: 'refused', problem: unanswered(it.id, modeAsk(name), answer) };
    if (answer.status !== 0) {
      return { verdict: 'settling', because: `${name} does not say how its API authorises`, deadlineS: 300 };
    }
  }
  const open = members.filter((name) => !(world.text({ host: name }, 'authorization mode') ?? '').includes('RBAC'));
  if (world.identity === undefined || open.length > 0) {
    return {
      verdict: 'change',
      because:
        open.length > 0 ? `the API on ${open.join(', ')} allows everything to everybody` : 'there is no cluster yet',
      disrupts: 'the Kubernetes API restarts on all control planes; pods go on',
      moves: [{ does: 'switch on RBAC', on: it.on, run: enable, deadlineS: 600 }],
      alone: true,
    };
  }
  if (world.text('cluster', 'api ready')?.trim() !== 'ok') {
    return { verdict: 'settling', because: 'the API does not answer after its restart', deadlineS: 300 };
  }
  return { verdict: 'ok', because: `RBAC on ${members.join(', ')}` };
}

/** `enable` believes its own list: where it thinks that rbac is on, it must be told twice. */
const enable = sh`
  if microk8s status --addon rbac | grep -qx enabled; then microk8s disable rbac; fi
  microk8s enable rbac
`;

function undo(it: Recorded<RbacSpec>, world: World): Verdict {
  if (clusterEnds(world)) return gone('it goes with the cluster');
  const { lead } = world;
  const mode = lead === undefined ? undefined : world.text({ host: lead }, 'authorization mode');
  if (mode !== undefined && !mode.includes('RBAC')) return gone(`the API on ${lead} allows everything to everybody`);
  return {
    verdict: 'change',
    because: 'it was switched on by mlk8s',
    disrupts: 'the Kubernetes API restarts on all control planes and then allows everything to everybody',
    moves: [{ does: 'switch off RBAC', on: it.on, run: sh`microk8s disable rbac`, deadlineS: 600 }],
    alone: true,
  };
}
