import type { Service } from '../engine/types.ts';
import { ExitCode, UserError } from '../errors.ts';
import { jsonLine } from '../render/json.ts';
import { clientLines } from '../render/tunnel.ts';
import type { ConnectFlags } from './connect.ts';
import type { Context } from './context.ts';
import { checkKnown } from './known.ts';
import { tunnelled } from './tunnelled.ts';
import { onVisit, type Visit } from './visit.ts';

type Database = Service & { readonly client: NonNullable<Service['client']> };

/** Carries a port of this machine to a database until Ctrl-C, and says how to use it. */
export function connect(context: Context, name: string, flags: ConnectFlags): Promise<{ readonly exitCode: ExitCode }> {
  return onVisit(context, flags, async (visit) => {
    const databases = visit.services.filter((it): it is Database => it.client !== undefined);
    if (databases.length === 0) throw noDatabases();
    const database = named(name, databases);
    const { password, user } = await loginOf(visit, database);
    await tunnelled(context, visit, database, flags.port, (port) => {
      const client = database.client(port, password, user);
      const told = { name, ...client, port, rehearsal: visit.options.hosts.rehearsal !== undefined };
      const text = flags.json ? jsonLine(told) : clientLines(client).join('\n');
      context.io.stdout.write(`${text}\n`);
    });
    return { exitCode: ExitCode.done };
  });
}

/** Databases that mlk8s knows, whatever the file asks for. */
const ALL = ['postgres', 'redis', 'milvus', 'dynamodb'];
/** What people call one besides. */
const CALLED: Readonly<Record<string, string>> = { valkey: 'redis', cnpg: 'postgres', psql: 'postgres' };

function named(name: string, databases: readonly Database[]): Database {
  const found = databases.find((it) => it.name === name);
  if (found) return found;
  const known = databases.map((it) => it.name);
  const meant = CALLED[name.toLowerCase()] ?? name;
  if (meant === name && !ALL.includes(name)) checkKnown('database', [name], known);
  if (known.includes(meant)) {
    const why = `${name} runs under the name ${meant}`;
    throw new UserError({
      where: 'mlk8s connect',
      seen: `no database is called ${name}`,
      why,
      next: [`mlk8s connect ${meant}`],
    });
  }
  throw new UserError({
    where: 'mlk8s connect',
    seen: `${meant} is not in the cluster file`,
    why: `its section databases names: ${known.join(', ')}`,
    next: [`add "${meant}: {}" to that section, then: mlk8s up`],
  });
}

/** Empty for a database that asks for none. */
async function loginOf({ engine, options }: Visit, database: Database): Promise<{ password: string; user: string }> {
  if (!database.login) return { password: '', user: '' };
  const [found] = await engine.credentials(options, [database]);
  if (found?.password !== undefined) return { password: found.password, user: found.user };
  throw new UserError({
    where: database.name,
    seen: `the Secret ${found?.secret} with its password is not there`,
    why: 'it is not installed yet, or somebody deleted it',
    next: ['mlk8s plan says what can be done'],
  });
}

function noDatabases(): UserError {
  return new UserError({
    where: 'mlk8s connect',
    seen: 'the cluster file asks for no database',
    why: 'they come with the section databases',
    next: ['add for example "databases: { postgres: {} }" to the cluster file, then: mlk8s up'],
  });
}
