import type { Duplex } from 'node:stream';
import type { Cluster } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { kubectl } from '../resources/kube.ts';
import { sh } from '../shell/script.ts';
import type { Host, Hosts } from '../transport/host.ts';
import { Observer } from './observer.ts';
import type { Ask, Service, World } from './types.ts';

/** What a look into a running cluster needs. */
export interface VisitOptions {
  readonly file: Cluster;
  readonly hosts: Hosts;
}

/** The cluster, as one of its members answered. */
export interface Visited {
  readonly world: World;
  /** The member that was asked. */
  readonly lead: Host;
}

/** Control planes that are asked at the same time. */
const PARALLEL = 10;

/** Asks a running cluster, and changes nothing. Throws UserError when there is none, or nobody knows. */
export async function visit({ file, hosts }: VisitOptions, asks: readonly Ask[]): Promise<Visited> {
  const observer = new Observer(file, hosts, PARALLEL, {});
  const planes = file.nodes.filter((node) => node.role === 'control-plane').map((node) => node.name);
  await observer.observe(asks, planes);
  const { lead } = observer;
  const [away] = observer.dropped.values();
  if (!lead || lead.kind === 'refused') throw new UserError(away ?? (lead?.problem as NonNullable<typeof away>));
  if (lead.kind === 'founder') throw new UserError(noCluster(file.name));
  return { world: observer.world(planes), lead: hosts.node(lead.host) };
}

function noCluster(name: string) {
  return {
    where: `cluster ${name}`,
    seen: 'there is no cluster yet',
    why: 'none of its machines is a member of one',
    next: ['mlk8s up'],
  };
}

/** A way to a service, over the SSH connection of the lead. Throws UserError. */
export async function wayTo(options: VisitOptions, service: Service): Promise<() => Promise<Duplex>> {
  const { world, lead } = await visit(options, [addressAsk(service)]);
  const address = addressOf(world, service);
  return () => lead.connect(address, service.port);
}

/** Where a service answers inside of the cluster. */
export function addressAsk({ namespace, service }: Service): Ask {
  const format = 'jsonpath={.spec.clusterIP}';
  return {
    key: `address of ${namespace}/${service}`,
    on: 'cluster',
    sh: sh`${kubectl} --namespace ${namespace} get service ${service} --ignore-not-found -o ${format}`,
    timeoutS: 20,
  };
}

/** The answer to `addressAsk`. Throws UserError when there is no such service. */
export function addressOf(world: World, it: Service): string {
  const answer = world.answer('cluster', addressAsk(it).key);
  if (answer.kind !== 'bytes' || answer.status !== 0) throw new UserError(silent(world, it.name));
  if (/^[0-9a-f.:]+$/.test(answer.text)) return answer.text;
  throw new UserError({
    where: it.name,
    seen: `there is no Service ${it.namespace}/${it.service} in the cluster`,
    why: 'it is not installed yet, or was removed',
    next: ['mlk8s plan says what is missing', 'mlk8s up brings it'],
  });
}

/** The API did not answer a question about a service. */
export function silent({ lead }: World, where: string) {
  return {
    where,
    seen: `the API on ${lead} does not answer`,
    why: 'the control plane is starting, or overloaded',
    next: ['run the same command again', 'mlk8s doctor'],
  };
}
