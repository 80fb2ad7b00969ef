import { stringify } from 'yaml';
import type { Release } from '../../../kubeflow/releases.ts';
import { templateData } from '../../../templates.ts';
import type { Json } from './merge.ts';

/** One folder of templates/rehearsal/kubeflow.yaml: a kustomization.yaml, its objects, other files. */
interface Folder {
  readonly objects?: readonly (string | Json)[];
  /** A text, or objects. */
  readonly files?: Readonly<Record<string, string | readonly (string | Json)[]>>;
  readonly resources?: readonly string[];
  readonly [key: string]: unknown;
}

/**
 * The tree that stands in for the manifests of a release of Kubeflow: text of each file by its path. The real kustomize
 * reads it in tests, that of the model (kubectl/kustomize.ts) in rehearsals.
 */
export function standInTree({ version, localized }: Pick<Release, 'version' | 'localized'>): Map<string, string> {
  const folders = Object.entries(templateData('rehearsal/kubeflow.yaml') as Record<string, Folder>);
  return new Map([
    ['common/README.md', `stands in for the manifests of Kubeflow ${version}\n`],
    ...folders.flatMap(([path, folder]) => filesOf(path, folder, localized[`${path}/kustomization.yaml`] ?? {})),
  ]);
}

function filesOf(path: string, folder: Folder, remote: Readonly<Record<string, string>>): [string, string][] {
  const { objects = [], files = {}, resources = [], ...rest } = folder;
  const own = objects.length > 0 ? ['objects.yaml'] : [];
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    ...rest,
    resources: [...Object.keys(remote), ...resources, ...own],
  };
  return [
    [`${path}/kustomization.yaml`, stringify(kustomization, { lineWidth: 0 })],
    ...own.map((name): [string, string] => [`${path}/${name}`, written(objects)]),
    ...Object.entries(files).map(([name, content]): [string, string] => [
      `${path}/${name}`,
      typeof content === 'string' ? content : written(content),
    ]),
  ];
}

const written = (objects: readonly (string | Json)[]): string =>
  objects
    .map((it) => stringify(typeof it === 'string' ? objectOf(it) : it, { aliasDuplicateObjects: false }))
    .join('---\n');

/** An object of one line. Throws Error for what no line means. */
function objectOf(line: string): Json {
  const [type = '', given = '', ...words] = line.split(' ');
  const [namespace, name = ''] = given.includes('/') ? given.split('/') : [undefined, given];
  const metadata: Json = { name, ...(namespace === undefined ? {} : { namespace }) };
  switch (type) {
    case 'Namespace':
      return { apiVersion: 'v1', kind: type, metadata: { name, labels: pairs(words) } };
    case 'CustomResourceDefinition':
      return { apiVersion: 'apiextensions.k8s.io/v1', kind: type, metadata, spec: crd(name, words) };
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
      return { apiVersion: 'apps/v1', kind: type, metadata, spec: workload(type, name, words) };
    case 'PersistentVolumeClaim': {
      const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: words[0] } } };
      return { apiVersion: 'v1', kind: type, metadata, spec };
    }
    case 'Service': {
      const spec = { ports: [{ name: 'http', port: Number(words[0]) }], selector: { app: words[1] } };
      return { apiVersion: 'v1', kind: type, metadata, spec };
    }
    case 'Certificate': {
      const spec = { secretName: words[1], dnsNames: [name], issuerRef: { kind: 'Issuer', name: words[0] } };
      return { apiVersion: 'cert-manager.io/v1', kind: type, metadata, spec };
    }
    case 'MutatingWebhookConfiguration':
    case 'ValidatingWebhookConfiguration':
      return { apiVersion: 'admissionregistration.k8s.io/v1', kind: type, metadata, webhooks: [webhook(words)] };
    default:
      return { ...typeOf(type, line), metadata };
  }
}

/** `KIND.GROUP/VERSION` */
function typeOf(type: string, line: string): Json {
  const [, kind, group = '', version] = /^(\w+)\.([\w.-]*)\/(v\w+)$/.exec(type) ?? [];
  if (kind === undefined) throw new Error(`templates/rehearsal/kubeflow.yaml: "${line}" is no object`);
  const selfSigned = kind === 'Issuer' ? { spec: { selfSigned: {} } } : {};
  return { apiVersion: group === '' ? version : `${group}/${version}`, kind, ...selfSigned };
}

const pairs = (words: readonly string[]): Json => Object.fromEntries(words.map((word) => word.split('=')));

function crd(name: string, [kind = '', versions = '', scope]: readonly string[]): Json {
  const at = name.indexOf('.');
  const plural = name.slice(0, at);
  return {
    group: name.slice(at + 1),
    scope,
    names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
    versions: versions.split(',').map((version, i) => ({
      name: version,
      served: true,
      storage: i === 0,
      schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    })),
  };
}

function workload(kind: string, name: string, [image, claim]: readonly string[]): Json {
  const labels = { app: name };
  const volumes =
    claim === undefined ? {} : { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }] };
  return {
    ...(kind === 'DaemonSet' ? {} : { replicas: 1 }),
    ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name, image }], ...volumes } },
  };
}

/** Without rules for nothing; `pods.` are those of the core group in the namespaces of users. */
function webhook([name, at = '', ...types]: readonly string[]): Json {
  const [namespace, service] = at.split('/');
  const rules = types.map((type) => ({
    apiGroups: [type.slice(type.indexOf('.') + 1)],
    apiVersions: ['*'],
    operations: ['CREATE', 'UPDATE'],
    resources: [type.slice(0, type.indexOf('.'))],
  }));
  const ofUsers = types.includes('pods.')
    ? { namespaceSelector: { matchLabels: { 'app.kubernetes.io/part-of': 'kubeflow-profile' } } }
    : {};
  const clientConfig = { service: { namespace, name: service, path: '/validate' } };
  return { name, clientConfig, rules, ...ofUsers, sideEffects: 'None', admissionReviewVersions: ['v1'] };
}
