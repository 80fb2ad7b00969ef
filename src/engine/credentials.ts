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
    asked.map(({ it, login }) => loginAsk(it, login)),
  );
  return asked.map(({ it, login }) => ({
    name: it.name,
    ...found(world, it, login),
    secret: `${login.namespace ?? it.namespace}/${login.secret}`,
  }));
}

function loginAsk(it: Service, { secret, passwordKey, userKey, namespace = it.namespace }: Login): Ask {
  const [password = '', user = ''] = [passwordKey, ...(userKey === undefined ? [] : [userKey])].map(
    (key) => `{.data.${key.replaceAll('.', '\\.')}}`,
  );
  const format = `jsonpath=${password}{" "}${user}`;
  return {
    key: `login ${namespace}/${secret} ${passwordKey}`,
    on: 'cluster',
    sh: sh`${kubectl} --namespace ${namespace} get secret ${secret} --ignore-not-found -o ${format}`,
    timeoutS: 20,
  };
}

function found(world: World, it: Service, login: Login): Pick<Credential, 'user' | 'password'> {
  const answer = world.answer('cluster', loginAsk(it, login).key);
  if (answer.kind !== 'bytes' || answer.status !== 0) throw new UserError(silent(world, it.name));
  const [password = '', user = ''] = answer.text.split(' ').map((one) => Buffer.from(one, 'base64').toString('utf8'));
  if (password !== '') secrets.add(password);
  return { user: user === '' ? login.user : user, password: password === '' ? undefined : password };
}
