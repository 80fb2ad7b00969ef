import { parse, stringify } from 'yaml';
import type { KubeObject } from '../../state.ts';
import { passWebhook } from '../certificates.ts';
import { ApiError, NoMatchError, notFound } from '../errors.ts';
import { type Kind, shortName } from '../kinds.ts';
import { isJson, type Json, jsonPatch, mergePatch } from '../merge.ts';
import { type Manifest, notesOf } from '../store.ts';
import type { View } from '../view.ts';
import { passStoredWebhooks } from '../webhooks.ts';
import { isSet, last, UsageError } from './args.ts';
import type { Client } from './client.ts';
import { readManifests, type Source } from './manifests.ts';

/** `kubectl apply -f`, client and server side. What fails does not keep the rest from being applied. */
export async function apply(client: Client): Promise<number> {
  const sources = await readManifests(client, client.args.flags.filename ?? []);
  return each(client, sources, (view, { manifest }, kind) => {
    const serverSide = isSet(client.args, 'server-side');
    if (dryRun(client) !== 'none')
      return `${shortName(kind)}/${manifest.metadata.name} configured (${dryRun(client)} dry run)`;
    const { outcome } = view.store.apply(manifest, { serverSide });
    return `${shortName(kind)}/${manifest.metadata.name} ${serverSide ? 'serverside-applied' : outcome}`;
  });
}

/** `kubectl create -f`; the forms with a kind are in create.ts. */
export async function createFrom(client: Client): Promise<number> {
  const sources = await readManifests(client, client.args.flags.filename ?? []);
  return each(client, sources, (view, { manifest }, kind) => {
    view.store.create(manifest);
    return `${shortName(kind)}/${manifest.metadata.name} created`;
  });
}

async function each(
  client: Client,
  sources: Source[],
  act: (view: View, source: Source, kind: Kind) => string,
): Promise<number> {
  let code = 0;
  // kubectl looks up all types before it writes anything: a type that comes in the same stream is not known yet.
  const before = client.api();
  const known = sources.map((source) => kindOrError(before, source));
  for (const [i, source] of sources.entries()) {
    const kind = known[i] as Kind | NoMatchError;
    const { manifest, label } = source;
    if (kind instanceof NoMatchError) {
      code = 1;
      const { name, namespace = '' } = manifest.metadata;
      client.context.err(
        `error: resource mapping not found for name: "${name}" namespace: "${namespace}" from "${label}": ${kind.message}\nensure CRDs are installed first\n`,
      );
      continue;
    }
    const view = client.api();
    try {
      if (kind.namespaced) manifest.metadata.namespace ??= client.namespace;
      else delete manifest.metadata.namespace;
      passWebhook(view, manifest);
      passStoredWebhooks(view, kind, manifest);
      client.out(`${act(view, source, kind)}\n`);
      client.changed();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      code = 1;
      client.context.err(`Error from server (${error.reason}): error when creating "${label}": ${error.message}\n`);
    }
  }
  return code;
}

function kindOrError(view: View, { manifest }: Source): Kind | NoMatchError {
  try {
    return view.store.kindFor(manifest);
  } catch (error) {
    if (error instanceof NoMatchError) return error;
    throw error;
  }
}

/** The last `--dry-run`. Throws UsageError. */
export function dryRun(client: Client): 'none' | 'client' | 'server' {
  const value = last(client.args, 'dry-run') ?? 'none';
  if (value === 'none' || value === 'client' || value === 'server') return value;
  throw new UsageError(`error: Invalid dry-run value (${value}). Must be "none", "server", or "client".`);
}

/** Creates one object made from a command line, or prints it with `--dry-run`. */
export function createOne(client: Client, manifest: Manifest, name: string): number {
  const output = last(client.args, 'output');
  if (dryRun(client) === 'none') {
    client.api().store.create(manifest);
    client.changed();
  }
  if (output === 'yaml') client.out(stringify(manifest, { lineWidth: 0 }));
  else if (output === 'json') client.out(`${JSON.stringify(manifest, null, 4)}\n`);
  else client.out(`${name} created${dryRun(client) === 'none' ? '' : ` (${dryRun(client)} dry run)`}\n`);
  return 0;
}

/** `kubectl patch`; a strategic merge is treated as a merge. */
export async function patch(client: Client): Promise<number> {
  const view = client.api();
  const file = last(client.args, 'patch-file');
  const piped = file === '/dev/stdin' ? (await client.context.stdin()).toString() : undefined;
  const text = file === undefined ? last(client.args, 'patch') : (piped ?? client.context.files.read(file));
  if (text === undefined)
    throw new UsageError('error: must specify --patch or --patch-file containing the contents of the patch');
  const body: unknown = parse(text);
  for (const { kind, name } of client.targets(view, client.args.words)) {
    const object = view.store.get(kind, kind.namespaced ? client.namespace : '', name);
    const stored = view.store.replace(patched(object, body, last(client.args, 'type')));
    client.changed();
    client.out(`${shortName(kind)}/${name} patched${stored === object ? ' (no change)' : ''}\n`);
  }
  return 0;
}

function patched(object: KubeObject, body: unknown, type: string | undefined): KubeObject {
  if (type !== 'json') {
    if (!isJson(body)) throw new UsageError('error: unable to parse patch: it is no object');
    return mergePatch(object, body) as KubeObject;
  }
  try {
    return jsonPatch(object as Json, body as { op: string; path: string; value?: unknown }[]) as KubeObject;
  } catch (error) {
    throw new ApiError('Invalid', error instanceof Error ? error.message : String(error));
  }
}

/** `kubectl delete`. */
export async function remove(client: Client): Promise<number> {
  const files = client.args.flags.filename;
  const view = client.api();
  const targets = files ? await deletions(client, view, files) : selected(client, view);
  let code = 0;
  for (const { kind, name, object } of targets) {
    if (!object) {
      if (isSet(client.args, 'ignore-not-found')) continue;
      client.context.err(`Error from server (NotFound): ${notFound(kind, name).message}\n`);
      code = 1;
      continue;
    }
    const api = client.api().store;
    const stored = api.find(kind, object.metadata.namespace ?? '', name);
    if (stored) api.remove(stored);
    else restarted(view, object);
    if (kind.kind === 'Node') delete api.cluster.nodes[name];
    client.changed();
    const where = kind.namespaced ? ` from ${object.metadata.namespace} namespace` : '';
    client.out(
      last(client.args, 'output') === 'name'
        ? `${shortName(kind)}/${name}\n`
        : `${shortName(kind)} "${name}" deleted${where}\n`,
    );
    if (last(client.args, 'wait') !== 'false') await client.context.sleep(kind.kind === 'Namespace' ? 6 : 1);
  }
  if (targets.length === 0) client.out('No resources found\n');
  return code;
}

/** A controller makes new pods in the place of those that it lost; all of them, here. */
function restarted({ store, now }: View, { metadata }: KubeObject): void {
  const [owner] = (metadata.ownerReferences ?? []) as { uid?: string }[];
  const found = Object.values(store.cluster.objects).find((it) => it.metadata.uid === owner?.uid);
  if (found) notesOf(found).rolledAt = now;
}

function selected(client: Client, view: View) {
  const { words } = client.args;
  const bare = words.length === 1 && !(words[0] ?? '').includes('/');
  if (bare && !isSet(client.args, 'all') && last(client.args, 'selector') === undefined) {
    throw new UsageError('error: resource(s) were provided, but no name was specified');
  }
  return client.targets(view, words);
}

async function deletions(client: Client, view: View, files: readonly string[]) {
  const sources = await readManifests(client, files);
  return sources.map(({ manifest }) => {
    const kind = view.store.kindFor(manifest);
    const namespace = kind.namespaced ? (manifest.metadata.namespace ?? client.namespace) : '';
    return { kind, name: manifest.metadata.name, object: view.find(kind, namespace, manifest.metadata.name) };
  });
}
