import type { ClusterState, KubeObject } from '../state.ts';
import { ApiError, NoMatchError, notFound } from './errors.ts';
import { podTemplate, refuseImmutable } from './immutable.ts';
import { findKind, type Kind, kindOfManifest, kindsOf, resourceName } from './kinds.ts';
import { isJson, type Json, same, threeWay } from './merge.ts';
import { allocate, keepNodePorts } from './services.ts';
import { uid } from './site.ts';

/** What the model notes on a stored object and never shows. */
export interface Notes {
  /** Model time at which its pods were last replaced. */
  rolledAt: number;
  /** Seconds from then until its pods are ready, when not the usual. */
  readyAfterS?: number;
  /** Model time at which the last volume of its pods was bound. */
  volumesAt?: number;
  /** Why its pods never become ready, in the words of a container's waiting reason. */
  never?: string;
  /** What was last applied by the server side, for fields that a later apply drops. */
  applied?: Json;
}

export type Outcome = 'created' | 'configured' | 'unchanged';

/** What comes in through kubectl, Helm or an addon. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [key: string]: unknown;
}

const LAST = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The one object store of a simulated cluster, for kubectl, Helm and addons. It holds what was written; what changes by
 * itself (status, pods) is computed when read, see status.ts.
 */
export class KubeStore {
  readonly cluster: ClusterState;
  readonly #now: () => number;
  readonly #next: () => number;

  constructor(cluster: ClusterState, clock: { now(): number; next(): number }) {
    this.cluster = cluster;
    this.#now = () => clock.now();
    this.#next = () => clock.next();
  }

  /** The type that a word of a command line means. Throws NoMatchError. */
  kind(word: string): Kind {
    const kind = findKind(this.cluster, word);
    if (!kind) throw new NoMatchError(`the server doesn't have a resource type "${word.split('.')[0]}"`);
    return kind;
  }

  /** The type of a manifest. Throws NoMatchError. */
  kindFor(manifest: { apiVersion: string; kind: string }): Kind {
    const kind = kindOfManifest(this.cluster, manifest.apiVersion, manifest.kind);
    if (!kind) throw new NoMatchError(`no matches for kind "${manifest.kind}" in version "${manifest.apiVersion}"`);
    return kind;
  }

  find(kind: Kind, namespace: string, name: string): KubeObject | undefined {
    return this.cluster.objects[keyOf(kind, namespace, name)];
  }

  get(kind: Kind, namespace: string, name: string): KubeObject {
    const object = this.find(kind, namespace, name);
    if (!object) throw notFound(kind, name);
    return object;
  }

  list(kind: Kind, namespace?: string): KubeObject[] {
    const prefix = `${typeKey(kind)}/`;
    return Object.entries(this.cluster.objects)
      .filter(([key, o]) => key.startsWith(prefix) && (!namespace || o.metadata.namespace === namespace))
      .map(([, object]) => object)
      .sort((a, b) => byName(a).localeCompare(byName(b)));
  }

  /** Fails with AlreadyExists. */
  create(manifest: Manifest): KubeObject {
    const kind = this.kindFor(manifest);
    const namespace = this.#namespaceFor(kind, manifest);
    const { name } = manifest.metadata;
    if (this.find(kind, namespace, name)) {
      throw new ApiError('AlreadyExists', `${resourceName(kind)} "${name}" already exists`);
    }
    return this.#write(kind, namespace, manifest, undefined);
  }

  /** `kubectl apply`: three-way merge with what was applied before. */
  apply(manifest: Manifest, options: { serverSide?: boolean } = {}): { object: KubeObject; outcome: Outcome } {
    const kind = this.kindFor(manifest);
    const namespace = this.#namespaceFor(kind, manifest);
    const live = this.find(kind, namespace, manifest.metadata.name);
    const wanted = structuredClone(manifest);
    wanted.metadata = { ...wanted.metadata, ...(kind.namespaced ? { namespace } : {}) };
    if (!options.serverSide) {
      wanted.metadata.annotations = { ...wanted.metadata.annotations, [LAST]: `${JSON.stringify(manifest)}\n` };
    }
    if (live && kind.kind === 'Service') keepNodePorts(wanted, live);
    const last = live && lastApplied(live, options.serverSide === true);
    const object = this.#write(kind, namespace, threeWay(live && bare(live), last, wanted) as Manifest, live);
    if (options.serverSide) notesOf(object).applied = structuredClone(manifest);
    return { object, outcome: !live ? 'created' : object === live ? 'unchanged' : 'configured' };
  }

  /** Writes a changed object back. Returns the stored one, which is the old one when nothing changed. */
  replace(object: KubeObject): KubeObject {
    const kind = this.kindFor(object);
    const live = this.get(kind, object.metadata.namespace ?? '', object.metadata.name);
    return this.#write(kind, object.metadata.namespace ?? '', object, live);
  }

  /** Removes an object, and with a namespace what is in it, with a CRD its objects, with an owner what it owns. */
  remove(object: KubeObject): void {
    const kind = this.kindFor(object);
    this.#drop(keyOf(kind, object.metadata.namespace ?? '', object.metadata.name), object);
  }

  #drop(own: string, object: KubeObject): void {
    const { objects } = this.cluster;
    for (const [key, other] of Object.entries(objects)) {
      const inside = object.kind === 'Namespace' && other.metadata.namespace === object.metadata.name;
      const ofCrd = object.kind === 'CustomResourceDefinition' && key.startsWith(`${crdKey(object)}/`);
      if ((inside || ofCrd || ownedBy(other, object)) && objects[key] && other !== object) this.#drop(key, other);
    }
    delete objects[own];
  }

  /** All kinds that have objects. */
  kinds(): Kind[] {
    return kindsOf(this.cluster);
  }

  #namespaceFor(kind: Kind, manifest: Manifest): string {
    if (!kind.namespaced) return '';
    const namespace = manifest.metadata.namespace ?? 'default';
    if (!this.cluster.objects[`Namespace//${namespace}`]) {
      throw new ApiError('NotFound', `namespaces "${namespace}" not found`);
    }
    return namespace;
  }

  #write(kind: Kind, namespace: string, content: Manifest | KubeObject, live: KubeObject | undefined): KubeObject {
    const now = this.#now();
    if (live && same(bare(live), bare(content as KubeObject))) return live;
    if (live) refuseImmutable(kind, live, content);
    const rolled = !live || !same(podTemplate(live), podTemplate(content));
    const object = normalised(structuredClone(content));
    if (object.kind === 'Service') allocate(this.list(kind), object as unknown as Json, this.#next);
    const { namespace: _given, ...given } = object.metadata as KubeObject['metadata'];
    const metadata: KubeObject['metadata'] = {
      ...given,
      ...(kind.namespaced ? { namespace } : {}),
      uid: live?.metadata.uid ?? uid(this.#next),
      creationTimestamp: live?.metadata.creationTimestamp ?? stamp(now),
      resourceVersion: String(this.#next()),
      generation:
        ((live?.metadata.generation as number | undefined) ?? 0) + (live && same(live.spec, object.spec) ? 0 : 1),
    };
    const notes: Notes = {
      ...(live ? notesOf(live) : {}),
      rolledAt: rolled ? now : notesOf(live as KubeObject).rolledAt,
    };
    const stored = { ...object, metadata, rehearsal: notes } as KubeObject;
    this.cluster.objects[keyOf(kind, namespace, object.metadata.name)] = stored;
    if (!live && kind.kind === 'Namespace') this.#furnish(object.metadata.name);
    return stored;
  }

  /** Every namespace gets these from the controller manager. */
  #furnish(namespace: string): void {
    const sa = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } };
    const ca = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt', namespace }, data: {} };
    for (const manifest of [sa, ca]) this.create(manifest);
  }
}

/** The notes of a stored object; they may be changed in place. */
export function notesOf(object: KubeObject): Notes {
  const notes = object.rehearsal;
  if (isJson(notes)) return notes as unknown as Notes;
  const fresh: Notes = { rolledAt: Date.parse(object.metadata.creationTimestamp) };
  object.rehearsal = fresh;
  return fresh;
}

export const stamp = (now: number): string => new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');

const typeKey = (kind: Kind): string => (kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`);
const keyOf = (kind: Kind, namespace: string, name: string): string =>
  `${typeKey(kind)}/${kind.namespaced ? namespace : ''}/${name}`;
const byName = (o: KubeObject): string => `${o.metadata.namespace ?? ''}/${o.metadata.name}`;

function crdKey(crd: KubeObject): string {
  const spec = crd.spec as { group?: string; names?: { kind?: string } } | undefined;
  return `${spec?.names?.kind}.${spec?.group}`;
}

function ownedBy(object: KubeObject, owner: KubeObject): boolean {
  const owners = object.metadata.ownerReferences;
  return Array.isArray(owners) && owners.some((o) => isJson(o) && o.uid === owner.metadata.uid);
}

/** An object without what the server adds, to compare and to merge. */
function bare(object: KubeObject | Manifest): Json {
  const { rehearsal: _notes, status: _status, metadata, ...rest } = object;
  const {
    uid: _uid,
    creationTimestamp: _created,
    resourceVersion: _version,
    generation: _generation,
    ...kept
  } = metadata as Json;
  return { ...rest, ...('status' in object ? { status: _status } : {}), metadata: kept };
}

function lastApplied(live: KubeObject, serverSide: boolean): Json | undefined {
  const text = live.metadata.annotations?.[LAST];
  const applied = serverSide ? notesOf(live).applied : undefined;
  return applied ?? (text === undefined ? undefined : (JSON.parse(text) as Json));
}

/** stringData is write only: the server stores it as data. */
function normalised<T extends Manifest | KubeObject>(object: T): T {
  if (object.kind !== 'Secret' || !isJson(object.stringData)) return object;
  const { stringData, ...rest } = object;
  const encoded = Object.entries(stringData as Json).map(([k, v]) => [k, Buffer.from(String(v)).toString('base64')]);
  return {
    ...rest,
    data: { ...(isJson(rest.data) ? rest.data : {}), ...Object.fromEntries(encoded) },
  } as unknown as T;
}
