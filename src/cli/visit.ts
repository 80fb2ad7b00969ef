import type { Cluster } from '../config/schema.ts';
import type { Service, Step } from '../engine/types.ts';
import type { VisitOptions } from '../engine/visit.ts';
import { UserError } from '../errors.ts';
import { marked, programName, styleFor } from '../render/style.ts';
import { createAsker } from './ask.ts';
import type { Context, Engine, HostsWish } from './context.ts';
import { checkKnown } from './known.ts';
import type { VisitFlags } from './options.ts';
import { needCluster } from './session.ts';
import type { Typing } from './typed.ts';

/** A look into a running cluster. */
export interface Visit {
  readonly engine: Engine;
  readonly options: VisitOptions;
  readonly services: readonly Service[];
  /** How commands of mlk8s have to be typed here. */
  readonly typing: Typing;
  /** Says on standard error what people should know besides. */
  readonly warn: (text: string) => void;
}

/** Opens the machines of a cluster file, does `work`, and closes them. Keeps no journal: what is shown may be secret. */
export async function onVisit<T>(context: Context, flags: VisitFlags, work: (visit: Visit) => Promise<T>): Promise<T> {
  const { file } = await needCluster(context, flags);
  const services = servicesOf(await context.parts.steps(), file);
  const { stderr, env } = context.io;
  const style = styleFor(stderr, env);
  const typing = { rehearsal: flags.rehearse === true, program: programName(env), file: flags.file };
  const say = (text: string) => stderr.write(`${marked(style.symbols.warning, 'yellow', text, style).join('\n')}\n`);
  const wish: HostsWish = {
    file,
    rehearsal: flags.rehearse === true,
    acceptNewHostKeys: flags.acceptNewHostKeys === true,
    faults: flags.fault,
    asker: createAsker(context.io),
    warn: (where, text) => say(`${where}: ${text}`),
  };
  const hosts = await context.parts.openHosts(wish);
  try {
    if (hosts.rehearsal && !flags.json) say(hosts.rehearsal);
    return await work({ engine: await context.parts.engine(), options: { file, hosts }, services, typing, warn: say });
  } finally {
    await hosts.close();
  }
}

function servicesOf(steps: readonly Step[], file: Cluster): Service[] {
  return steps.flatMap((step) => step.services?.(file) ?? []);
}

/** The address that a browser knows a service by; undefined without names for them. */
export function addressOf({ network }: Cluster, { name, web }: Service): string | undefined {
  if (!network?.ingress || !web) return undefined;
  return `${network.tls ? 'https' : 'http'}://${name}.${network.domain}`;
}

const DATABASES = ['postgres', 'redis', 'milvus', 'dynamodb'];

/** Section that brings a service, by the name of the service. */
const SECTION_OF: Readonly<Record<string, string>> = {
  ...{ kubeflow: 'kubeflow', opencost: 'cost' },
  ...{ grafana: 'monitoring', prometheus: 'monitoring', alertmanager: 'monitoring' },
  ...Object.fromEntries(DATABASES.map((name) => [name, 'databases'])),
};

/**
 * Refuses a service that is not among these, and says what brings it when it is not among `all` of the file either.
 * `where`: the command; without a name any will do.
 */
export function checkService(
  where: string,
  name: string | undefined,
  services: readonly Service[],
  all: readonly Service[] = services,
): void {
  const known = services.map((it) => it.name);
  if (name !== undefined && known.includes(name)) return;
  const section = name === undefined || all.some((it) => it.name === name) ? undefined : SECTION_OF[name];
  if (section !== undefined) {
    const add = section === 'databases' ? `"${name}: {}" to the section databases of` : `"${section}: {}" to`;
    throw new UserError({
      where,
      seen: `the cluster file does not ask for ${name}`,
      why: `that comes with the section ${section}`,
      next: [`add ${add} the cluster file, then: mlk8s up`],
    });
  }
  if (known.length === 0) throw noServices(where);
  if (name !== undefined) checkKnown('service', [name], known);
}

function noServices(where: string): UserError {
  return new UserError({
    where,
    seen: 'the cluster file asks for nothing that one could open or log in to',
    why: 'that comes with sections such as monitoring, databases and kubeflow',
    next: ['add for example "monitoring: {}" to the cluster file, then: mlk8s up'],
  });
}
