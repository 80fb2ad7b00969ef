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
    checkKnown(
      'database',
      [name],
      databases.map((it) => it.name),
    );
    const database = databases.find((it) => it.name === name) as Database;
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
