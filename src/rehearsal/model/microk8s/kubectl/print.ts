import { stringify } from 'yaml';
import type { KubeObject } from '../../state.ts';
import { type Kind, shortName } from '../kinds.ts';
import { isReady } from '../nodes.ts';
import { UsageError } from './args.ts';
import { evaluate, jsonpath } from './jsonpath.ts';

/** An object to print. */
export interface Row {
  kind: Kind;
  object: KubeObject;
}

/** How `kubectl get` was asked to print. */
export interface PrintOptions {
  output: string;
  /** A single object was asked for by name, so there is no list around it. */
  single: boolean;
  headers: boolean;
  namespaces: boolean;
  /** A last column with all labels. */
  labels: boolean;
  /** Several kinds were asked for: names carry theirs. */
  prefixed: boolean;
  now: number;
}

/** Objects as `kubectl get -o …` prints them. */
export function print(rows: Row[], options: PrintOptions): string {
  const { output } = options;
  const [format = '', ...rest] = output.split('=');
  const template = rest.join('=');
  switch (format) {
    case 'name':
      return rows.map(({ kind, object }) => `${shortName(kind)}/${object.metadata.name}\n`).join('');
    case 'json':
      return `${JSON.stringify(document(rows, options), null, 4)}\n`;
    case 'yaml':
      return stringify(document(rows, options), { lineWidth: 0, aliasDuplicateObjects: false });
    case 'jsonpath':
      return jsonpath(template, document(rows, options));
    case 'custom-columns':
      return custom(rows, template, options.headers);
    case '':
    case 'wide':
      return tables(rows, options);
    default:
      throw new UsageError(
        `error: unable to match a printer suitable for the output format "${output}", allowed formats are: custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml`,
      );
  }
}

function document(rows: Row[], { single }: PrintOptions): unknown {
  if (single) return rows[0]?.object;
  return { apiVersion: 'v1', items: rows.map((r) => r.object), kind: 'List', metadata: { resourceVersion: '' } };
}

function custom(rows: Row[], template: string, headers: boolean): string {
  const columns = template
    .split(/,(?=[^,]*:)/)
    .map((c) => [c.slice(0, c.indexOf(':')), c.slice(c.indexOf(':') + 1)] as const);
  const body = rows.map(({ object }) =>
    columns.map(([, path]) => {
      const found = evaluate(path.replace(/^\{|\}$/g, ''), [object]).filter((v) => v !== undefined);
      return found.length === 0
        ? '<none>'
        : found.map((v) => (typeof v === 'object' ? JSON.stringify(v) : String(v))).join(',');
    }),
  );
  return align([...(headers ? [columns.map(([name]) => name)] : []), ...body]);
}

function tables(rows: Row[], options: PrintOptions): string {
  const kinds = [...new Set(rows.map((r) => r.kind))];
  return kinds
    .map((kind) =>
      table(
        kind,
        rows.filter((r) => r.kind === kind).map((r) => r.object),
        options,
      ),
    )
    .join(options.headers ? '\n' : '');
}

function table(kind: Kind, objects: KubeObject[], options: PrintOptions): string {
  const more = options.output === 'wide' ? (WIDE[kind.kind] ?? []) : [];
  const columns = [...(COLUMNS[kind.kind] ?? [AGE]), ...more, ...(options.labels ? [LABELS] : [])];
  const name = (o: KubeObject) =>
    `${options.prefixed ? `${shortName(kind)}/` : ''}${o.metadata.name}${isDefault(o) ? ' (default)' : ''}`;
  const head = [...(options.namespaces && kind.namespaced ? ['NAMESPACE'] : []), 'NAME', ...columns.map((c) => c[0])];
  const body = objects.map((o) => [
    ...(options.namespaces && kind.namespaced ? [o.metadata.namespace ?? ''] : []),
    name(o),
    ...columns.map(([title, cell]) => (title === 'AGE' ? age(o, options.now) : cell(o))),
  ]);
  return align([...(options.headers ? [head] : []), ...body]);
}

type Column = readonly [string, (o: KubeObject) => string];
const field =
  (path: string, none = '<none>') =>
  (o: KubeObject): string => {
    const found = evaluate(path, [o]).filter((v) => v !== undefined && v !== '');
    return found.length === 0
      ? none
      : found.map((v) => (typeof v === 'object' ? JSON.stringify(v) : String(v))).join(',');
  };
const AGE: Column = ['AGE', () => ''];
const LABELS: Column = ['LABELS', labelsOf];
const isDefault = (o: KubeObject) => o.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true';
const ready = (have: string, want: string) => (o: KubeObject) => `${field(have, '0')(o)}/${field(want, '0')(o)}`;
const count = (path: string) => (o: KubeObject) => String(evaluate(path, [o]).length);

/** Columns after the name, as the API server prints them; a kind without an entry has its age only. */
const COLUMNS: Record<string, readonly Column[]> = {
  Node: [['STATUS', nodeStatus], ['ROLES', () => '<none>'], AGE, ['VERSION', field('.status.nodeInfo.kubeletVersion')]],
  Namespace: [['STATUS', field('.status.phase')], AGE],
  Pod: [['READY', podReady], ['STATUS', podState], ['RESTARTS', () => '0'], AGE],
  Deployment: [
    ['READY', ready('.status.readyReplicas', '.spec.replicas')],
    ['UP-TO-DATE', field('.status.updatedReplicas', '0')],
    ['AVAILABLE', field('.status.availableReplicas', '0')],
    AGE,
  ],
  StatefulSet: [['READY', ready('.status.readyReplicas', '.spec.replicas')], AGE],
  DaemonSet: [
    ['DESIRED', field('.status.desiredNumberScheduled', '0')],
    ['CURRENT', field('.status.currentNumberScheduled', '0')],
    ['READY', field('.status.numberReady', '0')],
    ['UP-TO-DATE', field('.status.updatedNumberScheduled', '0')],
    ['AVAILABLE', field('.status.numberAvailable', '0')],
    ['NODE SELECTOR', () => '<none>'],
    AGE,
  ],
  Service: [
    ['TYPE', field('.spec.type')],
    ['CLUSTER-IP', field('.spec.clusterIP')],
    ['EXTERNAL-IP', field('.status.loadBalancer.ingress[*].ip')],
    ['PORT(S)', field('.spec.ports[*].port')],
    AGE,
  ],
  StorageClass: [
    ['PROVISIONER', field('.provisioner')],
    ['RECLAIMPOLICY', field('.reclaimPolicy', 'Delete')],
    ['VOLUMEBINDINGMODE', field('.volumeBindingMode', 'Immediate')],
    ['ALLOWVOLUMEEXPANSION', field('.allowVolumeExpansion', 'false')],
    AGE,
  ],
  Secret: [['TYPE', field('.type', 'Opaque')], ['DATA', count('.data[*]')], AGE],
  ConfigMap: [['DATA', count('.data[*]')], AGE],
  PersistentVolumeClaim: [
    ['STATUS', field('.status.phase')],
    ['STORAGECLASS', field('.spec.storageClassName', '')],
    AGE,
  ],
};

/** What `-o wide` adds. */
const WIDE: Record<string, readonly Column[]> = {
  Node: [
    ['INTERNAL-IP', field('.status.addresses[?(@.type=="InternalIP")].address')],
    ['EXTERNAL-IP', () => '<none>'],
    ['OS-IMAGE', field('.status.nodeInfo.osImage')],
    ['KERNEL-VERSION', field('.status.nodeInfo.kernelVersion')],
    ['CONTAINER-RUNTIME', field('.status.nodeInfo.containerRuntimeVersion')],
  ],
  Pod: [['NODE', field('.spec.nodeName')]],
};

function labelsOf({ metadata: { labels = {} } }: KubeObject): string {
  const pairs = Object.keys(labels).sort();
  return pairs.length === 0 ? '<none>' : pairs.map((key) => `${key}=${labels[key]}`).join(',');
}

function nodeStatus(node: KubeObject): string {
  const cordoned = evaluate('.spec.unschedulable', [node])[0] === true;
  return `${isReady(node) ? 'Ready' : 'NotReady'}${cordoned ? ',SchedulingDisabled' : ''}`;
}

function podReady(pod: KubeObject): string {
  const containers = evaluate('.spec.containers[*]', [pod]).length;
  return `${evaluate('.status.containerStatuses[?(@.ready==true)]', [pod]).length}/${containers}`;
}

function podState(pod: KubeObject): string {
  const waiting = field('.status.containerStatuses[0].state.waiting.reason', '')(pod);
  const ended = field('.status.containerStatuses[0].state.terminated.reason', '')(pod);
  return waiting || ended || field('.status.phase', 'Pending')(pod);
}

function age(object: KubeObject, now: number): string {
  const s = Math.max(0, Math.floor((now - Date.parse(object.metadata.creationTimestamp)) / 1000));
  if (s < 120) return `${s}s`;
  if (s < 600) return `${Math.floor(s / 60)}m${s % 60 === 0 ? '' : `${s % 60}s`}`;
  if (s < 7200) return `${Math.floor(s / 60)}m`;
  return s < 172_800 ? `${Math.floor(s / 3600)}h` : `${Math.floor(s / 86_400)}d`;
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length))) ?? [];
  return rows
    .map(
      (row) => `${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd((widths[i] ?? 0) + 3))).join('')}\n`,
    )
    .join('');
}
