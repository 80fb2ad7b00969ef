import { posix } from 'node:path';
import { parse, stringify } from 'yaml';
import type { RigFiles } from '../../command.ts';
import { isBuiltinClusterScoped } from '../kinds.ts';
import { isJson, type Json, jsonPatch } from '../merge.ts';
import { UsageError } from './args.ts';
import type { Client } from './client.ts';
import {
  fileOf,
  type Generator,
  generated,
  type Kustomization,
  kustomizationIn,
  objectsIn,
  type Patch,
} from './kustomize-files.ts';
import { strategicMerge } from './strategic.ts';

/** An object under way, and the namespaces that it had before. */
interface Resource {
  object: Json;
  readonly before: string[];
}

interface Metadata {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
}

/** `kubectl kustomize DIR`, as far as Kubeflow's manifests and what mlk8s lays over them need it. */
export function kustomize(client: Client): number {
  const [given = '.'] = client.args.words;
  const folder = posix.resolve(client.context.cwd, given);
  client.out(rendered(client.context.files, folder));
  return 0;
}

/** What kustomize makes of a folder: a stream of documents. Throws UsageError in its words. */
export function rendered(files: RigFiles, folder: string): string {
  const objects = built(files, folder).map(({ object }) => object);
  const options = { sortMapEntries: true, lineWidth: 0, indentSeq: false, aliasDuplicateObjects: false };
  return objects
    .toSorted(inOrder)
    .map((object) => stringify(object, options))
    .join('---\n');
}

function built(files: RigFiles, folder: string): Resource[] {
  const it = kustomizationIn(files, folder);
  const all: Resource[] = [];
  for (const name of it.resources ?? []) for (const found of resource(files, folder, name)) add(all, found, name);
  for (const kind of ['ConfigMap', 'Secret'] as const)
    for (const generator of (kind === 'Secret' ? it.secretGenerator : it.configMapGenerator) ?? [])
      generate(all, kind, generator, generated(files, folder, generator), it);
  for (const patch of it.patches ?? []) apply(all, patch, patch.patch ?? fileOf(files, folder, patch.path ?? ''));
  for (const one of all) transform(one, it);
  return all;
}

function resource(files: RigFiles, folder: string, name: string): Resource[] {
  if (name.startsWith('https://')) throw remote(name);
  const path = posix.resolve(folder, name);
  const isFolder = files.read(path) === undefined && files.exists(path);
  if (isFolder) return built(files, path);
  return objectsIn(fileOf(files, folder, name), name).map((object) => ({ object, before: [] }));
}

/** A simulated machine has no git server to ask (failure 12 of the sheet ml-platform). */
function remote(url: string): UsageError {
  const repository = url.split('/').slice(0, 5).join('/');
  const fetch = `failed to run '/usr/bin/git fetch --depth=1 ${repository}': exit status 128`;
  return new UsageError(
    `error: accumulating resources: accumulation err='accumulating resources from '${url}': URL is a git repository': ${fetch}`,
  );
}

function add(all: Resource[], one: Resource, name: string): void {
  if (all.some((other) => idOf(other) === idOf(one))) {
    throw new UsageError(
      `error: accumulating resources: accumulation err='merging resources from '${name}': may not add resource with an already registered id: ${idOf(one)}'`,
    );
  }
  all.push(one);
}

const metadataOf = (object: Json): Metadata => object.metadata as unknown as Metadata;
const namespaceOf = (object: Json): string => metadataOf(object).namespace ?? '';

/** `Deployment.v1.apps/name.namespace` */
function idOf({ object }: { readonly object: Json }): string {
  const { name, namespace = '[noNs]' } = metadataOf(object);
  return `${typeId(object)}/${name}.${namespace}`;
}

function typeId({ apiVersion, kind }: Json): string {
  const [group = '', version] = String(apiVersion).includes('/') ? String(apiVersion).split('/') : ['', apiVersion];
  return `${kind}.${version}.${group === '' ? '[noGrp]' : group}`;
}

function generate(
  all: Resource[],
  kind: string,
  generator: Generator,
  values: Record<string, string>,
  of: Kustomization,
) {
  const { name, namespace = of.namespace, behavior = 'create', type } = generator;
  const encoded = (text: string) => (kind === 'Secret' ? Buffer.from(text).toString('base64') : text);
  const data = Object.fromEntries(Object.entries(values).map(([key, text]) => [key, encoded(text)]));
  const found = all.find(
    ({ object }) =>
      object.kind === kind && metadataOf(object).name === name && (namespaceOf(object) || undefined) === namespace,
  );
  if (behavior === 'merge' && found) {
    found.object.data = { ...(found.object.data as Json), ...data };
    return;
  }
  if (of.generatorOptions?.disableNameSuffixHash !== true)
    throw new UsageError(`error: simulated: names with a hash are not made, ${name} wants disableNameSuffixHash`);
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  const ofType = kind === 'Secret' ? { type: type ?? 'Opaque' } : {};
  add(all, { object: { apiVersion: 'v1', kind, metadata, data, ...ofType }, before: [] }, name);
}

function apply(all: Resource[], { target }: Patch, text: string): void {
  const bodies: unknown = parse(text.replace(/^---\n/, ''));
  if (Array.isArray(bodies)) {
    for (const one of chosen(all, target))
      one.object = jsonPatch(one.object, bodies as Parameters<typeof jsonPatch>[1]);
    return;
  }
  for (const body of objectsIn(text, 'patch')) {
    const aims = target ? chosen(all, target) : all.filter((one) => isSame(one, body));
    if (!target && aims.length === 0) {
      const id = idOf({ object: body });
      throw new UsageError(
        `error: no resource matches strategic merge patch "${id}": no matches for Id ${id}; failed to find unique target for patch ${id}`,
      );
    }
    for (const one of aims) merge(all, one, body);
  }
}

/** The name and the namespace of a patch count only for finding what it is for. */
function merge(all: Resource[], one: Resource, body: Json): void {
  const { name, namespace } = metadataOf(one.object);
  const merged = strategicMerge(one.object, body);
  if (!isJson(merged)) all.splice(all.indexOf(one), 1);
  else {
    const { namespace: _given, ...rest } = metadataOf(merged);
    one.object = { ...merged, metadata: { ...rest, name, ...(namespace === undefined ? {} : { namespace }) } };
  }
}

function isSame({ object, before }: Resource, patch: Json): boolean {
  const wanted = namespaceOf(patch) || 'default';
  const places = [...before, namespaceOf(object)].map((it) => it || 'default');
  return (
    typeId(object) === typeId(patch) && metadataOf(object).name === metadataOf(patch).name && places.includes(wanted)
  );
}

function chosen(all: Resource[], target: Readonly<Record<string, string>> = {}): Resource[] {
  return all.filter(({ object }) => {
    const [kind, version, group] = splitType(object);
    const own: Record<string, string> = {
      kind,
      version,
      group,
      name: metadataOf(object).name,
      namespace: namespaceOf(object),
    };
    return Object.entries(target).every(
      ([key, wanted]) => wanted === '' || new RegExp(`^(?:${wanted})$`).test(own[key] ?? ''),
    );
  });
}

function splitType({ apiVersion, kind }: Json): [kind: string, version: string, group: string] {
  const words = String(apiVersion).split('/');
  return [String(kind), words.at(-1) ?? '', words.length > 1 ? (words[0] ?? '') : ''];
}

/** kustomize takes types that it does not know for namespaced, and gives a Namespace the name. */
function transform(one: Resource, { namespace, labels = [], images = [] }: Kustomization): void {
  const metadata = metadataOf(one.object);
  if (namespace !== undefined) {
    one.before.push(metadata.namespace ?? '');
    if (one.object.kind === 'Namespace') metadata.name = namespace;
    else if (!isBuiltinClusterScoped(String(one.object.apiVersion), String(one.object.kind)))
      metadata.namespace = namespace;
  }
  for (const { pairs, includeSelectors } of labels) {
    if (includeSelectors) throw new UsageError('error: simulated: labels are not put into selectors');
    metadata.labels = { ...metadata.labels, ...pairs };
  }
  if (images.length > 0) raise(one.object, images);
}

function raise(node: unknown, images: NonNullable<Kustomization['images']>): void {
  if (Array.isArray(node)) for (const item of node) raise(item, images);
  if (!isJson(node)) return;
  for (const [key, value] of Object.entries(node)) {
    if ((key === 'containers' || key === 'initContainers') && Array.isArray(value)) {
      for (const container of value.filter(isJson)) {
        const [, name = '', tail = ''] = /^(.*?)((?::[\w.-]+)?(?:@.*)?)$/.exec(String(container.image)) ?? [];
        const found = images.find((it) => it.name === name);
        if (found)
          container.image = `${found.newName ?? name}${found.newTag === undefined ? tail : `:${found.newTag}`}`;
      }
    } else raise(value, images);
  }
}

const FIRST =
  'Namespace ResourceQuota StorageClass CustomResourceDefinition ServiceAccount PodSecurityPolicy Role ClusterRole RoleBinding ClusterRoleBinding ConfigMap Secret Endpoints Service LimitRange PriorityClass PersistentVolume PersistentVolumeClaim Deployment StatefulSet CronJob PodDisruptionBudget'.split(
    ' ',
  );
const LAST = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];

/** What others need comes first, webhooks last. */
function inOrder(a: Json, b: Json): number {
  const rank = (o: Json) => {
    const [first, last] = [FIRST.indexOf(String(o.kind)), LAST.indexOf(String(o.kind))];
    return first >= 0 ? first : last >= 0 ? FIRST.length + 1 + last : FIRST.length;
  };
  const text = (o: Json) => [splitType(o)[2], splitType(o)[1], o.kind, namespaceOf(o), metadataOf(o).name].join('~');
  return rank(a) - rank(b) || (text(a) < text(b) ? -1 : 1);
}
