import { UserError } from '../errors.ts';
import { secrets } from '../redact.ts';
import { kubectl } from '../resources/kube.ts';
import { sh } from '../shell/script.ts';
import type { Ask, Login, Service, World } from './types.ts';
import { silent, type VisitOptions, visit } from './visit.ts';

/** What one logs in with. */
export interface Credential {
  readonly name: string;
  readonly user: string;
  /** Undefined: the Secret is not there, or has no such key. */
  readonly password: string | undefined;
  readonly secret: string;
}

/** All logins of a service. */
export function loginsOf({ login, users = [] }: Service): readonly Login[] {
  return login ? [login, ...users] : users;
}

/** Reads the logins of services out of the cluster. They are masked in whatever is said from then on. */
export async function credentials(options: VisitOptions, services: readonly Service[]): Promise<Credential[]> {
  const asked = services.flatMap((it) => loginsOf(it).map((login) => ({ it, login })));
  if (asked.length === 0) return [];
  const { world } = await visit(
    options,
    asked.map(({ it, login }) => passwordAsk(it, login)),
  );
  return asked.map(({ it, login }) => ({
    name: it.name,
    user: login.user,
    password: passwordOf(world, it, login),
    secret: `${login.namespace ?? it.namespace}/${login.secret}`,
  }));
}

function passwordAsk(it: Service, { secret, passwordKey, namespace = it.namespace }: Login): Ask {
  const format = `jsonpath={.data.${passwordKey.replaceAll('.', '\\.')}}`;
  return {
    key: `password ${namespace}/${secret} ${passwordKey}`,
    on: 'cluster',
    sh: sh`${kubectl} --namespace ${namespace} get secret ${secret} --ignore-not-found -o ${format}`,
    timeoutS: 20,
  };
}

function passwordOf(world: World, it: Service, login: Login): string | undefined {
  const answer = world.answer('cluster', passwordAsk(it, login).key);
  if (answer.kind !== 'bytes' || answer.status !== 0) throw new UserError(silent(world, it.name));
  if (answer.text === '') return undefined;
  const password = Buffer.from(answer.text, 'base64').toString('utf8');
  secrets.add(password);
  return password;
}
