import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { templatePath } from '../../../../templates.ts';
import type { CommandContext } from '../../command.ts';
import { resolveByDns } from '../../ubuntu/names-data.ts';
import { isJson, type Json, mergePatch } from '../merge.ts';
import { crd } from '../objects.ts';
import type { Manifest } from '../store.ts';
import { type HelmArgs, HelmError, last } from './args.ts';

/** One thing that a release brings: a workload, or a whole object. */
interface Part {
  readonly deployment?: string;
  readonly daemonset?: string;
  readonly statefulset?: string;
  readonly image?: string;
  readonly replicas?: number;
  readonly readyS?: number;
  readonly on?: Record<string, string>;
  readonly tolerates?: string;
  /** Its pods live in the network of their machine, and take this port there. */
  readonly machinePort?: number;
  /** RuntimeClass of its pods. */
  readonly runtime?: string;
  readonly when?: string;
  readonly object?: Json;
  /** A type that is an object of the chart like any other: `group Kind plural version scope`. */
  readonly crd?: string;
  /** Path of the values that are its annotations. */
  readonly annotations?: string;
}

interface Source {
  readonly release?: string;
  readonly repo?: string;
  readonly oci?: string;
  readonly versions: readonly string[];
  readonly takesS: number;
  readonly values: Json;
  readonly crds: readonly string[];
  readonly brings: readonly Part[];
}

/** A version of a chart that a rehearsal knows. */
export interface Chart {
  readonly name: string;
  readonly version: string;
  /** Seconds that helm works on it. */
  readonly takesS: number;
  readonly crds: readonly Manifest[];
  /** Its objects with the seconds until their pods are ready. */
  render(namespace: string, values: Json): { readonly manifest: Manifest; readonly readyS?: number }[];
}

let known: Record<string, Source> | undefined;

function sources(): Record<string, Source> {
  known ??= parse(readFileSync(templatePath('rehearsal', 'releases.yaml'), 'utf8')) as Record<string, Source>;
  return known;
}

/** Names of the releases that mlk8s makes of these charts. */
export function releaseNames(): readonly string[] {
  return Object.entries(sources()).map(([chart, { release = chart }]) => release);
}

/** A chart that a rehearsal knows, as an addon fetches it. */
export function chartNamed(name: string, version: string): Chart {
  return chartOf(name, sources()[name] as Source, version);
}

/** First words of a file that stands for a packed chart, written by `helm pull`. */
const PACKED = 'simulated chart';

export const packed = (chart: Chart): string => `${PACKED} ${chart.name} ${chart.version}\n`;

/** The chart that a command line means: from a repository, a registry, or a file. Throws HelmError. */
export function findChart(context: CommandContext, ref: string, args: HelmArgs): Chart {
  const version = last(args, 'version');
  const repo = last(args, 'repo');
  if (repo !== undefined) return fromRepository(context, ref, repo, version);
  if (ref.startsWith('oci://')) return fromRegistry(context, ref, version);
  const path = ref.startsWith('/') ? ref : `${context.cwd}/${ref}`;
  const text = context.files.read(path);
  if (text === undefined) {
    // A path that does not exist is taken for the name of a chart in a repository that was added before: there is none.
    if (/^[./]/.test(ref)) throw new HelmError(`path "${ref}" not found`);
    throw new HelmError(`repo ${ref.split('/')[0]} not found`);
  }
  const [, name, packedVersion] = new RegExp(`^${PACKED} (\\S+) (\\S+)\n$`).exec(text) ?? [];
  const source = sources()[name ?? ''];
  if (!source || name === undefined || packedVersion === undefined) {
    throw new HelmError(`file '${ref}' does not appear to be a gzipped archive; got 'application/octet-stream'`);
  }
  return chartOf(name, source, packedVersion);
}

function fromRepository(context: CommandContext, name: string, repo: string, version: string | undefined): Chart {
  const url = repo.replace(/\/$/, '');
  const why = unreachable(context, new URL(url).hostname);
  const all = Object.entries(sources()).filter(([, it]) => it.repo === url);
  if (why !== undefined || all.length === 0) {
    const seen =
      why === undefined ? `failed to fetch ${url}/index.yaml : 404 Not Found` : `Get "${url}/index.yaml": ${why}`;
    throw new HelmError(`looks like "${repo}" is not a valid chart repository or cannot be reached: ${seen}`);
  }
  const source = all.find(([key]) => key === name)?.[1];
  const chosen = version ?? source?.versions[0];
  if (!source || chosen === undefined || !source.versions.includes(chosen)) {
    const wanted = version === undefined ? `chart "${name}"` : `chart "${name}" version "${version}"`;
    throw new HelmError(`${wanted} not found in ${repo} repository`);
  }
  return chartOf(name, source, chosen);
}

function fromRegistry(context: CommandContext, ref: string, version: string | undefined): Chart {
  const why = unreachable(context, new URL(ref).hostname);
  const at = ref.lastIndexOf('/');
  const name = ref.slice(at + 1);
  const source = sources()[name];
  const chosen = version ?? source?.versions[0] ?? '';
  const reference = `${ref.slice('oci://'.length)}:${chosen}`;
  if (why !== undefined) throw new HelmError(`failed to do request: Head "https://${reference}": ${why}`);
  if (source?.oci !== ref.slice(0, at) || !source.versions.includes(chosen)) {
    throw new HelmError(`${reference}: not found`);
  }
  return chartOf(name, source, chosen);
}

function unreachable(context: CommandContext, host: string): string | undefined {
  return resolveByDns(context, host) === undefined ? `dial tcp: lookup ${host}: no such host` : undefined;
}

function chartOf(name: string, source: Source, version: string): Chart {
  const crds = source.crds.map(crdOf);
  const render: Chart['render'] = (namespace, given) => {
    const values = mergePatch(source.values, given) as Json;
    return source.brings
      .filter(({ when }) => when === undefined || Boolean(at(values, when)))
      .map((part) => {
        const manifest = part.object
          ? (fill(part.object, { ...values, Release: { Namespace: namespace } }) as unknown as Manifest)
          : part.crd
            ? annotated(crdOf(part.crd), at(values, part.annotations ?? ''))
            : workload(part, namespace);
        return { manifest, ...(part.readyS === undefined ? {} : { readyS: part.readyS }) };
      });
  };
  return { name, version, takesS: source.takesS, crds, render };
}

function crdOf(line: string): Manifest {
  const [group = '', kind = '', plural = '', served = '', scope] = line.split(' ');
  return crd(group, kind, plural, served, scope === 'Cluster' ? 'Cluster' : 'Namespaced');
}

function annotated(manifest: Manifest, annotations: unknown): Manifest {
  const given = annotations as Record<string, string> | undefined;
  return { ...manifest, metadata: { ...manifest.metadata, ...(given ? { annotations: given } : {}) } };
}

function workload(part: Part, namespace: string): Manifest {
  const { deployment, daemonset, statefulset, image, replicas = 1, on, tolerates, runtime, machinePort } = part;
  const name = deployment ?? daemonset ?? statefulset ?? '';
  const kind = deployment ? 'Deployment' : daemonset ? 'DaemonSet' : 'StatefulSet';
  const labels = { 'app.kubernetes.io/name': name };
  const toleration = tolerates === 'all' ? { operator: 'Exists' } : { key: tolerates, operator: 'Exists' };
  const pod = {
    containers: [{ name, image, ...(machinePort ? { ports: [{ containerPort: machinePort }] } : {}) }],
    ...(machinePort ? { hostNetwork: true } : {}),
    ...(on ? { nodeSelector: on } : {}),
    ...(runtime === undefined ? {} : { runtimeClassName: runtime }),
    ...(tolerates === undefined ? {} : { tolerations: [toleration] }),
  };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace, labels },
    spec: {
      ...(kind === 'DaemonSet' ? {} : { replicas }),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: pod },
    },
  };
}

const at = (values: Json, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (isJson(value) ? value[key] : undefined), values);

/**
 * Puts values in. A text that is only `{{=path}}` becomes the value itself; one that is only `{{?path}}` goes away, its key
 * too, unless the value is true.
 */
function fill(part: unknown, values: Json): unknown {
  if (Array.isArray(part)) return part.map((item) => fill(item, values));
  if (isJson(part)) {
    const filled = Object.entries(part).map(([key, value]) => [key, fill(value, values)] as const);
    return Object.fromEntries(filled.filter(([, value]) => value !== undefined));
  }
  if (typeof part !== 'string') return part;
  const [, whole] = /^\{\{=([^}]+)\}\}$/.exec(part) ?? [];
  if (whole !== undefined) return at(values, whole);
  const [, only] = /^\{\{\?([^}]+)\}\}$/.exec(part) ?? [];
  if (only !== undefined) return at(values, only) === true ? 'true' : undefined;
  return part.replaceAll(/\{\{([^}]+)\}\}/g, (_, path: string) => String(at(values, path) ?? ''));
}
