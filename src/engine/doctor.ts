import { ExitCode } from '../errors.ts';
import { claimsAsk, doctorAsks, podsAsk } from '../health/asks.ts';
import { catalogue } from '../health/catalogue.ts';
import { workloadsOf } from '../health/cluster.ts';
import { diagnose, type Finding } from '../health/diagnose.ts';
import { machineSeen, nodesSeen, objectsSeen } from '../health/machines.ts';
import { silences } from '../health/silence.ts';
import { kinds } from '../resources/index.ts';
import { nodesAsk } from '../resources/kube.ts';
import type { PlanItem, Summary } from './events.ts';
import { finish, isOpen, start } from './finish.ts';
import type { RunOptions } from './options.ts';
import { Prepared } from './prepare.ts';
import type { Ask, World } from './types.ts';

/**
 * Looks at the machines and the cluster for known failures, and says what it found. Exit code 2 when it found something
 * or `up` would refuse something, 4 when a machine could not be looked at.
 */
export async function doctor(options: RunOptions): Promise<Summary> {
  const started = start(options);
  const prepared = new Prepared(options, kinds);
  const hosts = prepared.names.filter((it) => options.limitHosts.length === 0 || options.limitHosts.includes(it));
  const asks = doctorAsks(hosts);
  await prepared.observe(asks);
  const { world } = prepared;
  const sight = look(world, hosts);
  const found = [...sight.findings, ...silences(world, asks, sight.unread)];
  for (const it of found) options.listener({ event: 'finding', ...it });
  const refused = prepared.refusal();
  if (refused) options.listener({ event: 'problem', problem: refused });
  const items = refused ? [] : prepared.plan();
  const isBad = found.length > 0 || refused !== undefined || items.some((it) => it.verdict === 'refused');
  const partial = prepared.observer.dropped.size > 0 ? ExitCode.partial : undefined;
  const notes = [...(refused ? [] : planNote(items)), ...sight.notes];
  return finish(prepared, started, partial ?? (isBad ? ExitCode.pending : ExitCode.done), items, undefined, {
    findings: found.length,
    notes,
  });
}

interface Sight {
  readonly findings: readonly Finding[];
  /** What was answered, but not in a way that can be read. */
  readonly unread: readonly Ask[];
  readonly notes: readonly string[];
}

/** What the answers say, and what they are about. */
function look(world: World, hosts: readonly string[]): Sight {
  const { pods, claims, evidence } = workloadsOf(world);
  const nodes = nodesSeen(world);
  const seen = hosts.filter((host) => world.hosts.includes(host));
  const machines = seen.flatMap((host) => machineSeen(world, host, nodes.names?.includes(host) ?? false));
  // Of the pods of a node that is not Ready nobody knows more than that.
  const ofPods = evidence.filter((it) => it.looks !== 'pod' || !nodes.away.includes(it.machine ?? ''));
  const all = [...nodes.evidence, ...ofPods, ...objectsSeen(world, pods ?? []), ...machines];
  const { findings, harmless } = diagnose(all, catalogue());
  const starting = (pods ?? []).filter(
    (pod) => !pod.fine && !pod.evidence.some((it) => it.open) && !nodes.away.includes(pod.machine ?? ''),
  ).length;
  const counted = [
    { ask: nodesAsk, what: 'nodes', found: nodes.names },
    { ask: podsAsk, what: 'pods and their events', found: pods },
    { ask: claimsAsk, what: 'volume claims', found: claims },
  ];
  const counts = counted.flatMap(({ what, found }) => (found ? [`${what} (${found.length})`] : []));
  const machinesNote = `Looked at the journal of MicroK8s, messages of the kernel, failed units, disks and drivers of ${seen.join(', ')}.`;
  return {
    findings,
    unread: counted.flatMap(({ ask, found }) => (found ? [] : [ask])),
    notes: [
      ...(counts.length > 0 ? [`Looked at ${counts.join(', ')}.`] : [noCluster(world)]),
      ...(seen.length === 0 ? [] : [machinesNote]),
      ...(starting === 0 ? [] : [`Pods that are not ready yet, but started a short while ago: ${starting}.`]),
      ...harmless.map((it) => `No trouble: ${it}`),
    ],
  };
}

function noCluster({ founder }: World): string {
  return founder === undefined ? 'The cluster was not looked at.' : 'There is no cluster to look at yet.';
}

/** Most changes that are named: `plan` has all of them. */
const NAMED = 3;

/** What `up` itself makes of it, in one line. */
function planNote(items: readonly PlanItem[]): string[] {
  const open = items.filter(isOpen).map(({ id }) => id);
  const refused = items.filter((it) => it.verdict === 'refused').length;
  if (open.length + refused === 0) return ['For mlk8s up there is nothing to do.'];
  const named = [...open.slice(0, NAMED), ...(open.length > NAMED ? ['…'] : [])].join(', ');
  const parts = [
    ...(open.length > 0 ? [`has ${open.length} to do (${named})`] : []),
    ...(refused > 0 ? [`refuses ${refused}`] : []),
  ];
  return [`Of the things that the cluster file asks for, mlk8s up ${parts.join(' and ')}: mlk8s plan`];
}
