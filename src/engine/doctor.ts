import { ExitCode, type Problem } from '../errors.ts';
import { doctorAsks } from '../health/asks.ts';
import { catalogue } from '../health/catalogue.ts';
import { workloadsOf } from '../health/cluster.ts';
import { diagnose, type Finding } from '../health/diagnose.ts';
import { machineSeen, nodesSeen, objectsSeen } from '../health/machines.ts';
import { placeName, unanswered } from '../resources/answers.ts';
import { kinds } from '../resources/index.ts';
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
  const silent = silences(world, asks);
  for (const found of [...sight.findings, ...silent]) options.listener({ event: 'finding', ...found });
  const refused = prepared.refusal();
  if (refused) options.listener({ event: 'problem', problem: refused });
  const items = refused ? [] : prepared.plan();
  const findings = sight.findings.length + silent.length;
  const isBad = findings > 0 || refused !== undefined || items.some((it) => it.verdict === 'refused');
  const partial = prepared.observer.dropped.size > 0 ? ExitCode.partial : undefined;
  const notes = [...sight.notes, ...(refused ? [] : planNote(items))];
  return finish(prepared, started, partial ?? (isBad ? ExitCode.pending : ExitCode.done), items, undefined, {
    findings,
    notes,
  });
}

/** What the answers say, and what they are about. */
function look(world: World, hosts: readonly string[]): { findings: readonly Finding[]; notes: readonly string[] } {
  const { pods, claims, evidence } = workloadsOf(world);
  const nodes = nodesSeen(world);
  const seen = hosts.filter((host) => world.hosts.includes(host));
  const machines = seen.flatMap((host) => machineSeen(world, host, nodes.names?.includes(host) ?? false));
  const all = [...nodes.evidence, ...evidence, ...objectsSeen(world, pods ?? []), ...machines];
  const { findings, harmless } = diagnose(all, catalogue());
  const starting = (pods ?? []).filter((pod) => !pod.fine && !pod.evidence.some((it) => it.open)).length;
  const counts = [
    ...(nodes.names ? [`nodes (${nodes.names.length})`] : []),
    ...(pods ? [`pods and their events (${pods.length})`] : []),
    ...(claims ? [`volume claims (${claims.length})`] : []),
  ];
  const cluster =
    world.lead === undefined
      ? ['There is no cluster to look at yet.']
      : counts.length === 0
        ? []
        : [`Looked at ${counts.join(', ')}.`];
  const machinesNote = `Looked at the journal of MicroK8s, messages of the kernel, failed units, disks and drivers of ${seen.join(', ')}.`;
  return {
    findings,
    notes: [
      ...cluster,
      ...(seen.length === 0 ? [] : [machinesNote]),
      ...(starting === 0 ? [] : [`Pods that are not ready yet, but started a short while ago: ${starting}.`]),
      ...harmless.map((it) => `No trouble: ${it}`),
    ],
  };
}

/**
 * Questions without an answer: nothing is concluded from silence, and "all is well" least of all. A machine that dropped
 * out has its own line, and without a cluster there is nobody to ask.
 */
function silences(world: World, asks: readonly Ask[]): Finding[] {
  const heard = asks.map((ask) => ({ ask, answer: world.answer(ask.on, ask.key) }));
  const apiSilent = heard.filter(
    ({ ask, answer }) => ask.on === 'cluster' && answer.kind === 'bytes' && answer.status !== 0,
  );
  const api = {
    where: `the cluster, asked on ${world.lead ?? 'no machine'}`,
    seen: `the API gave no answer about ${apiSilent.map(({ ask }) => aboutOf(ask)).join(', ')}`,
    why: 'MicroK8s on the control planes is stopped, or is starting',
    next: ['mlk8s status   says how MicroK8s stands on each machine', 'mlk8s doctor   looks again'],
  };
  return [
    ...(apiSilent.length === 0
      ? []
      : [
          notSeen(
            api,
            apiSilent.map(({ ask }) => ask),
          ),
        ]),
    ...heard.flatMap(({ ask, answer }) => {
      const where = `${placeName(ask.on)}: ${aboutOf(ask)}`;
      if (answer.kind === 'timeout') return [notSeen(unanswered(where, ask, answer), [ask])];
      if (answer.kind !== 'bytes' || !answer.cut) return [];
      const seen = 'the answer is too long to be read';
      return [notSeen({ where, seen, why: 'there is much more than usual', next: ['mlk8s status'] }, [ask])];
    }),
  ];
}

const aboutOf = ({ key }: Ask): string => key.replace(/^doctor /, '');

function notSeen(problem: Problem, asks: readonly Ask[]): Finding {
  const machines = asks.flatMap((ask) => (typeof ask.on === 'string' ? [] : [ask.on.host]));
  return { entry: 'not-seen', component: 'doctor', count: 1, objects: asks.map(aboutOf), machines, problem };
}

/** What `up` itself makes of it, in one line. */
function planNote(items: readonly PlanItem[]): string[] {
  const changes = items.filter(isOpen).length;
  const refused = items.filter((it) => it.verdict === 'refused').length;
  if (changes + refused === 0) return ['For mlk8s up there is nothing to do.'];
  const parts = [...(changes > 0 ? [`has ${changes} to do`] : []), ...(refused > 0 ? [`refuses ${refused}`] : [])];
  return [`Of the things that the cluster file asks for, mlk8s up ${parts.join(' and ')}: mlk8s plan`];
}
