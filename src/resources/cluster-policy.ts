import * as z from 'zod';
import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { cardsAsk } from '../gpu/cards.ts';
import { sh } from '../shell/script.ts';
import type { Placed } from './declare.ts';
import { operandsAsk, shownStuck, stuckOf, usableCards } from './gpu-operands.ts';
import { jsonOf, kubectl, withoutNoise } from './kube.ts';

/**
 * NVIDIA's operator has set up every machine that has a card. Its state alone says `ready` with no such machine too, so
 * the reason of its condition counts. facts: gpu-and-nodes sheet, 1.6
 */
export type ClusterPolicySpec = {
  /** Where the operator runs what it brings. */
  readonly namespace: string;
  /** Machines that may have cards. */
  readonly machines: readonly string[];
};

export function clusterPolicy({ id, on, needs, ...spec }: Placed & ClusterPolicySpec): Declared<ClusterPolicySpec> {
  return { kind: 'cluster-policy', id, on, needs, spec };
}

export const clusterPolicyKind: Kind<ClusterPolicySpec> = { kind: 'cluster-policy', transient: true, asks, judge };

/** The first start pulls some GiB and takes 3 to 10 minutes on a fast line (gpu-and-nodes sheet, 1.6). */
const READY_S = 1800;

/** Errors come with the answer: only by their words a type that is not there differs from an API that is away. */
const policyAsk: Ask = {
  key: 'cluster policy',
  on: 'cluster',
  sh: sh`${kubectl} get clusterpolicies.nvidia.com cluster-policy --ignore-not-found -o json 2>&1`,
  timeoutS: 20,
};

function asks({ spec: { namespace, machines } }: Declared<ClusterPolicySpec>): Ask[] {
  return [policyAsk, operandsAsk(namespace), ...machines.map(cardsAsk)];
}

const text = z.string();
const policy = z.object({
  status: z
    .object({
      state: text.optional(),
      conditions: z
        .array(z.object({ type: text, status: text, reason: text.optional(), message: text.optional() }))
        .optional(),
    })
    .optional(),
});

function judge(it: Declared<ClusterPolicySpec>, world: World): Verdict {
  const settling = (because: string): Verdict => ({ verdict: 'settling', because, deadlineS: READY_S });
  if (world.identity === undefined) return settling('there is no cluster yet');
  const answer = world.answer('cluster', policyAsk.key);
  if (answer.kind !== 'bytes') return settling(`the API on ${world.lead} does not answer`);
  const printed = withoutNoise(answer.text);
  const isMissing = printed.trim() === '' || /doesn't have a resource type/.test(printed);
  if (isMissing) return settling('there is no ClusterPolicy cluster-policy: the operator has nothing to go by');
  const status = answer.status === 0 ? jsonOf(printed, policy)?.status : undefined;
  if (answer.status !== 0) return settling(`the API on ${world.lead} does not answer`);
  const state = status?.state ?? 'not judged by the operator yet';
  const holds = status?.conditions?.filter((condition) => condition.status === 'True') ?? [];
  const reason = holds.find(({ type }) => type === 'Ready')?.reason ?? '';
  if (state === 'ready' && reason === 'Reconciled')
    return { verdict: 'ok', because: 'ClusterPolicy is ready (Reconciled)' };
  if (state === 'ready') return nobody(it, world, reason);
  const error = holds.find(({ type }) => type === 'Error');
  const said = error ? ` (${[error.reason, error.message].filter((word) => word).join(': ')})` : '';
  const stuck = stuckOf(world, it.spec.namespace) ?? [];
  return settling(`ClusterPolicy is ${state}${said}${stuck.length === 0 ? '' : `; ${shownStuck(stuck)}`}`);
}

/** It says ready, because it has found nothing to set up. */
function nobody({ spec }: Declared<ClusterPolicySpec>, world: World, reason: string): Verdict {
  const asked = spec.machines.filter((name) => world.hosts.includes(name));
  const counts = asked.map((name) => ({ name, cards: usableCards(world, name) ?? 0 }));
  const having = counts.filter(({ cards }) => cards > 0);
  if (having.length === 0)
    return { verdict: 'ok', because: 'no machine has an NVIDIA card: the operator waits for one' };
  const shown = having.map(({ name, cards }) => `${name} has ${cards}`).join(', ');
  const why = reason === '' ? 'without a condition Ready' : reason;
  return {
    verdict: 'settling',
    because: `ClusterPolicy says ready, but it serves no machine (${why}), and there are NVIDIA cards: ${shown}`,
    deadlineS: READY_S,
  };
}
