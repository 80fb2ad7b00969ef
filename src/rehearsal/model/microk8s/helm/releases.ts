import { gunzipSync, gzipSync } from 'node:zlib';
import type { KubeObject } from '../../state.ts';
import type { Json } from '../merge.ts';
import { type KubeStore, type Manifest, notesOf } from '../store.ts';
import type { Chart } from './charts.ts';

/** One revision of a release, as Helm 3 keeps it in a Secret of type helm.sh/release.v1. */
export interface Release {
  readonly name: string;
  readonly namespace: string;
  readonly version: number;
  readonly status: string;
  readonly chart: { readonly name: string; readonly version: string };
  readonly config: Json;
  readonly objects: readonly Manifest[];
  readonly labels: Readonly<Record<string, string>>;
  /** Model milliseconds. */
  readonly updated: number;
}

const TYPE = 'helm.sh/release.v1';
const SYSTEM = ['name', 'owner', 'status', 'version', 'createdAt', 'modifiedAt'];

/** All revisions, the oldest first. */
export function releases(store: KubeStore, namespace?: string): Release[] {
  return store
    .list(store.kind('secrets'), namespace)
    .filter((secret) => secret.type === TYPE)
    .map(unpack)
    .sort((a, b) => a.version - b.version);
}

/** The revisions of one release, the oldest first. */
export function history(store: KubeStore, namespace: string, name: string): Release[] {
  return releases(store, namespace).filter((release) => release.name === name);
}

const secretName = (release: Release): string => `sh.helm.release.v1.${release.name}.v${release.version}`;

/** Writes a revision down as Helm does: a Secret with the whole release in it. */
export function save(store: KubeStore, release: Release): void {
  const { name, version, status, labels, updated } = release;
  const seconds = String(Math.floor(updated / 1000));
  const live = store.find(store.kind('secrets'), release.namespace, secretName(release));
  const time = live ? { modifiedAt: seconds } : { createdAt: seconds };
  const text = gzipSync(JSON.stringify(release)).toString('base64');
  const manifest: Manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: secretName(release),
      namespace: release.namespace,
      labels: { ...labels, ...time, name, owner: 'helm', status, version: String(version) },
    },
    type: TYPE,
    data: { release: Buffer.from(text).toString('base64') },
  };
  if (live) store.replace({ ...live, ...manifest, metadata: { ...live.metadata, ...manifest.metadata } });
  else store.create(manifest);
}

/** Takes the Secret of a revision away. */
export function forget(store: KubeStore, release: Release): void {
  const secret = store.find(store.kind('secrets'), release.namespace, secretName(release));
  if (secret) store.remove(secret);
}

function unpack(secret: KubeObject): Release {
  const text = Buffer.from((secret.data as { release: string }).release, 'base64').toString();
  const release = JSON.parse(gunzipSync(Buffer.from(text, 'base64')).toString()) as Release;
  const labels = Object.entries(secret.metadata.labels ?? {}).filter(([key]) => !SYSTEM.includes(key));
  return { ...release, labels: Object.fromEntries(labels) };
}

/** What somebody else's object of that name is refused with; undefined when all may be written. */
export function notOurs(store: KubeStore, objects: readonly Manifest[], release: Release): string | undefined {
  for (const object of objects) {
    const live = find(store, object);
    const notes = live?.metadata.annotations ?? {};
    const isOurs =
      notes['meta.helm.sh/release-name'] === release.name &&
      notes['meta.helm.sh/release-namespace'] === release.namespace;
    if (!live || isOurs) continue;
    const { name, namespace = '' } = object.metadata;
    return `Unable to continue with install: ${object.kind} "${name}" in namespace "${namespace}" exists and cannot be imported into the current release: invalid ownership metadata; label validation error: missing key "app.kubernetes.io/managed-by": must be set to "Helm"; annotation validation error: missing key "meta.helm.sh/release-name": must be set to "${release.name}"; annotation validation error: missing key "meta.helm.sh/release-namespace": must be set to "${release.namespace}"`;
  }
  return undefined;
}

/** Objects of a chart with what Helm adds to each. */
export function rendered(chart: Chart, release: { name: string; namespace: string; config: Json }) {
  return chart.render(release.namespace, release.config).map(({ manifest, readyS }) => {
    const labels = {
      ...manifest.metadata.labels,
      'app.kubernetes.io/managed-by': 'Helm',
      'helm.sh/chart': `${chart.name}-${chart.version}`,
    };
    const mine = { 'meta.helm.sh/release-name': release.name, 'meta.helm.sh/release-namespace': release.namespace };
    const metadata = { ...manifest.metadata, labels, annotations: { ...manifest.metadata.annotations, ...mine } };
    return { manifest: { ...manifest, metadata }, readyS };
  });
}

/** Installs a chart in no time, as an addon does. `updated`: now. */
export function deploy(
  store: KubeStore,
  chart: Chart,
  release: Pick<Release, 'name' | 'namespace' | 'config'>,
  updated: number,
): void {
  const objects = rendered(chart, release);
  write(store, objects, []);
  const known = { version: 1, status: 'deployed', chart: { name: chart.name, version: chart.version }, labels: {} };
  save(store, { ...release, ...known, objects: objects.map(({ manifest }) => manifest), updated });
}

/** Writes objects; what an earlier revision had and this one has not goes away. */
export function write(
  store: KubeStore,
  objects: readonly { readonly manifest: Manifest; readonly readyS?: number | undefined }[],
  before: readonly Manifest[],
): void {
  for (const { manifest, readyS } of objects) {
    const { object } = store.apply(manifest, { serverSide: true });
    if (readyS !== undefined) notesOf(object).readyAfterS = readyS;
  }
  const kept = new Set(objects.map(({ manifest }) => titleOf(manifest)));
  remove(
    store,
    before.filter((object) => !kept.has(titleOf(object))),
  );
}

/** Deletes objects, as far as they are there. */
export function remove(store: KubeStore, objects: readonly Manifest[]): void {
  for (const object of objects) {
    const live = find(store, object);
    if (live) store.remove(live);
  }
}

const titleOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

function find(store: KubeStore, { apiVersion, kind, metadata }: Manifest): KubeObject | undefined {
  return store.find(store.kindFor({ apiVersion, kind }), metadata.namespace ?? '', metadata.name);
}
