import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'yaml';

/** An object as the API has it. */
export interface Stored {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [key: string]: unknown;
}

/** group/version, kind, plural, is it namespaced. */
type Type = readonly [version: string, kind: string, plural: string, namespaced: boolean];

/** Types that it serves from the start. */
const TYPES: readonly Type[] = [
  ['v1', 'Namespace', 'namespaces', false],
  ['v1', 'Secret', 'secrets', true],
  ['v1', 'ConfigMap', 'configmaps', true],
  ['v1', 'Service', 'services', true],
  ['v1', 'Pod', 'pods', true],
  ['v1', 'Event', 'events', true],
  ['v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', true],
  ['v1', 'PersistentVolume', 'persistentvolumes', false],
  ['v1', 'Service', 'services', true],
  ['v1', 'ServiceAccount', 'serviceaccounts', true],
  ['apps/v1', 'Deployment', 'deployments', true],
  ['apps/v1', 'DaemonSet', 'daemonsets', true],
  ['apps/v1', 'StatefulSet', 'statefulsets', true],
  ['batch/v1', 'Job', 'jobs', true],
  ['batch/v1', 'CronJob', 'cronjobs', true],
  ['networking.k8s.io/v1', 'Ingress', 'ingresses', true],
  ['storage.k8s.io/v1', 'StorageClass', 'storageclasses', false],
  ['rbac.authorization.k8s.io/v1', 'Role', 'roles', true],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings', true],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', false],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', false],
  ['networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', true],
  ['scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', false],
  ['autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', true],
  ['policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', true],
  ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', false],
  ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'validatingwebhookconfigurations', false],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', false],
];

/**
 * As much of the Kubernetes API as the real helm and kubectl need to store and list objects: nothing runs, nothing is
 * checked. Applying merges maps, lists are replaced, null takes a key away. A CRD makes its type known, until it is deleted.
 */
export class ApiServer {
  readonly objects = new Map<string, Stored>();
  /** Method, path and query of every request that changes something. */
  readonly changes: string[] = [];
  /** Changes of workloads get no answer. */
  hangs = false;
  /** Of this type it lists nothing, and answers that it is too slow. */
  refusesToList = '';
  /** How every pod is, and what it has printed. */
  pods = { phase: 'Running', log: '' };
  /** What a webhook says to a change, by method and path; undefined: it takes it. */
  webhook: (change: string) => string | undefined = () => undefined;
  #server: Server | undefined;
  #count = 0;

  /** Starts it; gives its address. */
  async start(): Promise<string> {
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        // A schema without a type: the programs take what they do not find in it for right.
        if (request.url?.startsWith('/openapi/v2')) return response.end();
        if (this.hangs && request.method === 'PATCH') return;
        if (request.url?.includes('/log?')) return response.end(this.pods.log);
        const [code, answer] = this.#answer(request, request.method === 'DELETE' ? '' : bodyOf(Buffer.concat(pieces)));
        response.writeHead(code, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer));
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  /** Those of the start, and those of its CRDs. */
  #types(): Type[] {
    const crds = [...this.objects.values()].filter(({ kind }) => kind === 'CustomResourceDefinition');
    return [...TYPES, ...crds.flatMap((crd) => typesOf(crd as unknown as Definition))];
  }

  #answer(request: IncomingMessage, body: string): [number, unknown] {
    const url = new URL(request.url ?? '/', 'http://api');
    const types = this.#types();
    const found = discovery(url.pathname, types);
    if (found) return [200, found];
    const target = targetOf(url.pathname.replace(/\/scale$/, ''), types);
    if (!target) return failure(404, 'NotFound', `no ${url.pathname}`);
    const { method = 'GET' } = request;
    if (method !== 'GET') this.changes.push(`${method} ${url.pathname}${url.search}`);
    const said = method === 'GET' ? undefined : this.webhook(`${method} ${url.pathname}`);
    if (said !== undefined) return failure(500, 'InternalError', said);
    const { type, namespace, name } = target;
    const key = (n: string) => `${type[2]} ${namespace}/${n}`;
    const live = this.objects.get(key(name));
    if (method === 'GET' && name === '' && type[2] === this.refusesToList) {
      return failure(504, 'Timeout', 'request did not complete within requested timeout');
    }
    if (method === 'GET' && name === '') return this.#list(target, url, request.headers.accept ?? '');
    if (method === 'POST') {
      const object = parse(body) as Stored;
      if (this.objects.has(key(object.metadata.name))) return failure(409, 'AlreadyExists', 'already exists');
      return [201, this.#put(key(object.metadata.name), object, target)];
    }
    const isApply = request.headers['content-type']?.includes('apply-patch');
    if (!live && !isApply) return failure(404, 'NotFound', `${type[2]} "${name}" not found`);
    if (method === 'GET') return [200, live];
    if (method === 'DELETE') {
      this.objects.delete(key(name));
      return [200, { apiVersion: 'v1', kind: 'Status', status: 'Success' }];
    }
    const given = parse(body) as Stored;
    if (live && url.pathname.endsWith('/scale')) {
      live.spec = merge(live.spec, given.spec);
      return [200, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: live.metadata, spec: live.spec }];
    }
    return [200, this.#put(key(name), method === 'PATCH' ? (merge(live ?? {}, given) as Stored) : given, target)];
  }

  #put(key: string, object: Stored, { type, namespace }: Target): Stored {
    const uid = `${++this.#count}`;
    const { namespace: _, ...given } = object.metadata;
    const metadata = { ...given, uid, resourceVersion: uid, ...(type[3] && namespace !== '' ? { namespace } : {}) };
    // Helm waits a minute for a CRD that it makes.
    const isCrd = object.kind === 'CustomResourceDefinition';
    const status = { conditions: [{ type: 'Established', status: 'True' }] };
    const phase = { status: { phase: this.pods.phase } };
    const stored = { ...object, metadata, ...(isCrd ? { status } : {}), ...(object.kind === 'Pod' ? phase : {}) };
    this.objects.set(key, stored);
    return stored;
  }

  #list({ type, namespace }: Target, url: URL, accept: string): [number, unknown] {
    const wanted = (url.searchParams.get('labelSelector') ?? '').split(',').filter((it) => it !== '');
    const items = [...this.objects.values()].filter(
      (o) =>
        o.kind === type[1] &&
        (namespace === '' || o.metadata.namespace === namespace) &&
        wanted.every((it) => has(o, it)),
    );
    if (!accept.includes('as=Table'))
      return [200, { apiVersion: type[0], kind: `${type[1]}List`, metadata: {}, items }];
    const columnDefinitions = ['Name', 'Type', 'Age'].map((name) => ({
      name,
      type: 'string',
      // Before these kubectl puts the type, when it is told to.
      format: name === 'Name' ? 'name' : '',
      description: '',
    }));
    const rows = items.map(({ metadata, type: kind }) => ({
      cells: [metadata.name, kind ?? '', '5m'],
      object: { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata },
    }));
    return [200, { apiVersion: 'meta.k8s.io/v1', kind: 'Table', metadata: {}, columnDefinitions, rows }];
  }
}

interface Target {
  readonly type: Type;
  readonly namespace: string;
  readonly name: string;
}

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly { readonly name: string }[];
  };
}

function typesOf({ spec: { group, scope, names, versions } }: Definition): Type[] {
  return versions.map(({ name }) => [`${group}/${name}`, names.kind, names.plural, scope === 'Namespaced'] as const);
}

function targetOf(path: string, types: readonly Type[]): Target | undefined {
  const match = /^\/(?:api|apis)\/(v1|[^/]+\/v\w+)\/(?:namespaces\/([^/]+)\/([^/]+)|([^/]+))(?:\/([^/]+))?$/.exec(path);
  const [, version, namespace = '', inside, outside, name = ''] = match ?? [];
  // `/api/v1/namespaces/x` is a namespace, not what is in one.
  const type = types.find((it) => it[0] === version && it[2] === (inside ?? outside));
  return type && { type, namespace, name };
}

function discovery(path: string, types: readonly Type[]): unknown {
  const versions = [...new Set(types.map(([version]) => version))];
  if (path === '/version') return { major: '1', minor: '35', gitVersion: 'v1.35.0' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis') {
    const named = versions.filter((it) => it.includes('/')).map((it) => it.split('/') as [string, string]);
    const list = [...new Set(named.map(([group]) => group))].map((name) => {
      const all = named
        .filter(([group]) => group === name)
        .map(([, version]) => ({ groupVersion: `${name}/${version}`, version }));
      return { name, versions: all, preferredVersion: all[0] };
    });
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: list };
  }
  const group = versions.find((it) => path === `/${pathOf(it)}`);
  const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update'];
  const resources = types
    .filter(([version]) => version === group)
    .map(([, kind, name, namespaced]) => ({ name, singularName: kind.toLowerCase(), kind, namespaced, verbs }));
  return group && { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: group, resources };
}

const pathOf = (version: string): string => `${version.includes('/') ? 'apis' : 'api'}/${version}`;

/** Helm sends its secrets in the other form of the API: protobuf, with the fields numbered as Kubernetes has them. */
function bodyOf(body: Buffer): string {
  if (body.subarray(0, 4).toString('latin1') !== 'k8s\0') return body.toString();
  const secret = fieldsOf(fieldsOf(body.subarray(4)).get(2)?.[0] as Buffer);
  const metadata = fieldsOf(secret.get(1)?.[0] as Buffer);
  const pairs = (entries: readonly Buffer[] = []) =>
    entries.map((entry) => [1, 2].map((n) => fieldsOf(entry).get(n)?.[0] ?? Buffer.alloc(0)) as [Buffer, Buffer]);
  const labels = Object.fromEntries(pairs(metadata.get(11)).map(([key, value]) => [`${key}`, `${value}`]));
  const data = Object.fromEntries(pairs(secret.get(2)).map(([key, value]) => [`${key}`, value.toString('base64')]));
  const name = `${metadata.get(1)?.[0]}`;
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, labels },
    data,
    type: `${secret.get(3)?.[0]}`,
  });
}

/** The fields of a protobuf message that have a length, by number. */
function fieldsOf(message: Buffer): Map<number, Buffer[]> {
  const fields = new Map<number, Buffer[]>();
  let at = 0;
  const varint = () => {
    for (let value = 0, shift = 1; ; shift *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const size = varint();
    if ((tag & 7) !== 2) continue;
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), message.subarray(at, at + size)]);
    at += size;
  }
  return fields;
}

/** `a=b`, `a!=b`, `a`. */
function has({ metadata: { labels = {} } }: Stored, wanted: string): boolean {
  if (!wanted.includes('=')) return wanted in labels;
  const [, key = '', not, value] = /^([^!=]+)(!?)=+(.*)$/.exec(wanted) ?? [];
  return (labels[key] === value) === (not === '');
}

function merge(below: unknown, above: unknown): unknown {
  const isMap = (it: unknown): it is Record<string, unknown> =>
    typeof it === 'object' && it !== null && !Array.isArray(it);
  if (!isMap(above)) return above;
  const under = isMap(below) ? below : {};
  const merged = { ...under, ...Object.fromEntries(Object.entries(above).map(([k, it]) => [k, merge(under[k], it)])) };
  return Object.fromEntries(Object.entries(merged).filter(([, it]) => it !== null));
}

function failure(code: number, reason: string, message: string): [number, unknown] {
  return [code, { apiVersion: 'v1', kind: 'Status', status: 'Failure', reason, message, code }];
}
