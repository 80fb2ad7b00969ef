import { notFound } from '../errors.ts';
import type { Kind } from '../kinds.ts';
import type { View } from '../view.ts';
import { isSet, last, UsageError } from './args.ts';
import type { Client } from './client.ts';
import { readManifests } from './manifests.ts';
import { print, type Row } from './print.ts';
import { proxied } from './proxy.ts';

const ALL = ['pods', 'services', 'daemonsets', 'deployments', 'statefulsets', 'jobs', 'cronjobs'];

/** `kubectl get`. */
export async function get(client: Client): Promise<number> {
  const raw = last(client.args, 'raw');
  if (raw !== undefined) return getRaw(client, raw);
  const view = client.api();
  const words = client.args.words.map((w) => (w === 'all' ? ALL.join(',') : w));
  const file = last(client.args, 'filename');
  const targets = file === undefined ? client.targets(view, words) : await fromFile(client, view, file);
  const missing = targets.filter((t) => t.object === undefined);
  const rows: Row[] = targets.flatMap(({ kind, object }) => (object ? [{ kind, object }] : []));
  if (rows.length > 0 || wantsDocument(client)) client.out(show(client, rows, words));
  else if (missing.length === 0) sayNothing(client, view, words);
  if (isSet(client.args, 'ignore-not-found')) return 0;
  for (const { kind, name } of missing)
    client.context.err(`Error from server (NotFound): ${notFound(kind, name).message}\n`);
  return missing.length > 0 ? 1 : 0;
}

function wantsDocument(client: Client): boolean {
  const format = last(client.args, 'output')?.split('=')[0] ?? '';
  return ['json', 'yaml', 'jsonpath'].includes(format) && !named(client.args.words);
}

const named = (words: readonly string[]): boolean => words.length > 1 || (words[0] ?? '').includes('/');

function show(client: Client, rows: Row[], words: readonly string[]): string {
  const { args } = client;
  return print(rows, {
    output: last(args, 'output') ?? '',
    single:
      rows.length === 1 &&
      (words.length === 2 || (words.length === 1 && named(words))) &&
      !(words[0] ?? '').includes(','),
    headers: !isSet(args, 'no-headers'),
    namespaces: client.allNamespaces,
    labels: isSet(args, 'show-labels'),
    prefixed:
      isSet(args, 'show-kind') ||
      (words[0] ?? '').includes(',') ||
      (words.length > 1 && named(words) && words.every((w) => w.includes('/'))),
    now: client.context.now(),
  });
}

function sayNothing(client: Client, view: View, words: readonly string[]): void {
  if (isSet(client.args, 'ignore-not-found')) return;
  const namespaced = (words[0] ?? '').split(',').every((word) => view.store.kind(word).namespaced);
  client.context.err(
    namespaced && !client.allNamespaces
      ? `No resources found in ${client.namespace} namespace.\n`
      : 'No resources found\n',
  );
}

async function fromFile(
  client: Client,
  view: View,
  file: string,
): Promise<{ kind: Kind; name: string; object: Row['object'] | undefined }[]> {
  const manifests = await readManifests(client, [file]);
  return manifests.map(({ manifest }) => {
    const kind = view.store.kindFor(manifest);
    const namespace = kind.namespaced ? (manifest.metadata.namespace ?? client.namespace) : '';
    return { kind, name: manifest.metadata.name, object: view.find(kind, namespace, manifest.metadata.name) };
  });
}

function getRaw(client: Client, path: string): number {
  const [route = ''] = path.split('?');
  const answer = proxied(client.api(), path);
  if (answer !== undefined) client.out(answer);
  else if (['/readyz', '/livez', '/healthz'].includes(route)) client.out('ok');
  else if (route === '/version') client.out(`${JSON.stringify(serverVersion(client), null, 2)}\n`);
  else throw new UsageError('Error from server (NotFound): the server could not find the requested resource');
  return 0;
}

/** What `/version` answers. */
export function serverVersion(client: Client): Record<string, string> {
  const gitVersion = client.context.rig.snaps.microk8s?.version ?? 'v1.35.0';
  const [, major = '1', minor = '35'] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  return { major, minor, gitVersion, platform: `linux/${client.context.rig.hardware.arch}` };
}
