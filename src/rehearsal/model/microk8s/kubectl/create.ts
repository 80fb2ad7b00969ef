import type { Manifest } from '../store.ts';
import { last, UsageError } from './args.ts';
import type { Client } from './client.ts';
import { createFrom, createOne } from './write.ts';

/** `kubectl create` for namespaces, config maps, secrets and service accounts, and from files. */
export async function create(client: Client): Promise<number> {
  const [type = '', ...names] = client.args.words;
  if (client.args.flags.filename) return createFrom(client);
  const metadata = (name: string | undefined) => {
    if (name === undefined) throw new UsageError('error: exactly one NAME is required, got 0');
    return last(client.args, 'namespace') === undefined ? { name } : { name, namespace: client.namespace };
  };
  switch (type) {
    case 'ns':
    case 'namespace':
      return createOne(
        client,
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: metadata(names[0]).name } },
        `namespace/${names[0]}`,
      );
    case 'sa':
    case 'serviceaccount':
      return createOne(
        client,
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(names[0]) },
        `serviceaccount/${names[0]}`,
      );
    case 'cm':
    case 'configmap':
      return createOne(
        client,
        { apiVersion: 'v1', data: await literals(client), kind: 'ConfigMap', metadata: metadata(names[0]) },
        `configmap/${names[0]}`,
      );
    case 'secret':
      return createOne(client, await secret(client, names[0], metadata(names[1])), `secret/${names[1]}`);
    default:
      throw new UsageError(`error: unknown command "${type}"\nSee 'kubectl create -h' for help and examples`);
  }
}

async function secret(client: Client, type: string | undefined, metadata: Manifest['metadata']): Promise<Manifest> {
  const values = type === 'docker-registry' ? { '.dockerconfigjson': docker(client) } : await literals(client);
  const data = Object.fromEntries(Object.entries(values).map(([k, v]) => [k, Buffer.from(v).toString('base64')]));
  const kind = {
    'docker-registry': 'kubernetes.io/dockerconfigjson',
    generic: last(client.args, 'type') ?? 'Opaque',
    tls: 'kubernetes.io/tls',
  }[type ?? ''];
  if (kind === undefined) throw new UsageError('error: must specify a secret type: docker-registry, generic or tls');
  return { apiVersion: 'v1', data, kind: 'Secret', metadata, type: kind };
}

function docker(client: Client): string {
  const [server = '', username = '', password = ''] = ['server', 'username', 'password'].map((n) =>
    last(client.args, `docker-${n}`),
  );
  return JSON.stringify({
    auths: { [server]: { username, password, auth: Buffer.from(`${username}:${password}`).toString('base64') } },
  });
}

/** `--from-literal k=v` and `--from-file [k=]path`, where `/dev/stdin` is standard input. */
async function literals(client: Client): Promise<Record<string, string>> {
  const data: Record<string, string> = {};
  for (const pair of client.args.flags['from-literal'] ?? []) {
    const at = pair.indexOf('=');
    if (at < 0) throw new UsageError(`error: invalid literal source ${pair}, expected key=value`);
    data[pair.slice(0, at)] = pair.slice(at + 1);
  }
  for (const given of client.args.flags['from-file'] ?? []) {
    const at = given.indexOf('=');
    const path = given.slice(at + 1);
    const key = at < 0 ? (path.split('/').at(-1) ?? path) : given.slice(0, at);
    const full = path.startsWith('/') ? path : `${client.context.cwd}/${path}`;
    const text = path === '/dev/stdin' ? (await client.context.stdin()).toString() : client.context.files.read(full);
    if (text === undefined) throw new UsageError(`error: error reading ${path}: no such file or directory`);
    data[key] = text;
  }
  return data;
}
