import * as z from 'zod';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import type { Placed } from './declare.ts';
import { jsonOf, kubectl } from './kube.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { gone } from './stays.ts';

/** Names are resolved inside the cluster: CoreDNS of the addon `dns` is there and available. */
export type DnsSpec = Record<string, never>;

export function dns(at: Placed): Declared<DnsSpec> {
  return { kind: 'dns', ...at, spec: {} };
}

export const dnsKind: Kind<DnsSpec> = { kind: 'dns', asks, judge, undo, lives: 'cluster' };

/** Seconds for an image pull over the line of a home. */
const AVAILABLE_S = 900;

const deployment = z.object({ status: z.object({ availableReplicas: z.number().optional() }).optional() });

function asks(): Ask[] {
  const script = sh`${kubectl} -n kube-system get deployment coredns -o json --ignore-not-found`;
  // A fresh snap enables dns by itself, some time after `snap install` returned (microk8s sheet, 3: launch configuration).
  const launcher = sh`ls /var/snap/microk8s/common/etc/launcher`;
  return [
    { key: 'coredns', on: 'cluster', sh: script, timeoutS: 20 },
    { key: 'launcher', on: 'cluster', sh: launcher, timeoutS: 10 },
  ];
}

function judge(it: Declared<DnsSpec>, world: World): Verdict {
  if (world.identity === undefined) return change(it, 'there is no cluster yet');
  const answer = world.answer('cluster', 'coredns');
  if (answer.kind !== 'bytes' || answer.status !== 0) {
    return { verdict: 'settling', because: `the API on ${world.lead} does not answer`, deadlineS: 300 };
  }
  if (answer.text.trim() === '') {
    const pending = /^install\.yaml$/m.test(world.text('cluster', 'launcher') ?? '');
    if (pending) return { verdict: 'settling', because: 'MicroK8s is still setting up its own dns', deadlineS: 300 };
    return change(it, 'there is no CoreDNS in the cluster');
  }
  const available = jsonOf(answer.text, deployment)?.status?.availableReplicas ?? 0;
  if (available > 0) return { verdict: 'ok', because: `CoreDNS is available (${available})` };
  return {
    verdict: 'settling',
    because: 'CoreDNS is there, but none of its pods is available',
    deadlineS: AVAILABLE_S,
  };
}

function change(it: Declared<DnsSpec>, because: string): Verdict {
  // Already enabled by its own list, but gone: `enable` alone would do nothing.
  const run = sh`
    if microk8s status --addon dns | grep -qx enabled; then microk8s disable dns; fi
    microk8s enable dns
  `;
  // It may restart kubelite on every machine: not while one joins.
  return { verdict: 'change', because, moves: [{ does: 'enable dns', on: it.on, run, deadlineS: 600 }], alone: true };
}

function undo(it: Recorded<DnsSpec>, world: World): Verdict {
  if (clusterEnds(world)) return gone('it goes with the cluster');
  const answer = world.answer('cluster', 'coredns');
  if (answer.kind !== 'bytes' || answer.status !== 0) {
    return { verdict: 'settling', because: `the API on ${world.lead} does not answer`, deadlineS: 300 };
  }
  if (answer.text.trim() === '') return gone('there is no CoreDNS in the cluster');
  const disrupts = 'names are no longer resolved inside the cluster';
  const moves = [{ does: 'disable dns', on: it.on, run: sh`microk8s disable dns`, deadlineS: 600 }];
  return { verdict: 'change', because: 'it was enabled by mlk8s', disrupts, moves, alone: true };
}
