import * as z from 'zod';
import type { Ask, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import type { Given } from './answers.ts';
import { sightOf } from './helm-sight.ts';
import { jsonOf, kubectl, withoutNoise } from './kube.ts';

/** Annotation with the digest of the object that we wrote. Whatever else changes it, its controllers for example, does not count. */
export const DIGEST = 'mlk8s.io/digest';

/** What names an object of Kubernetes. One that lives in a namespace says in which. */
export type ObjectRef = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
};

/** Errors come with the answer: only by their words a type that is not there differs from an API that is away. */
export function objectsAsk(id: string, objects: readonly ObjectRef[]): Ask {
  const wanted = objects.map(({ apiVersion, kind, metadata: { name, namespace } }) => ({
    ...{ apiVersion, kind },
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  }));
  const script = sh`printf %s ${listOf(wanted)} | ${kubectl} get --ignore-not-found -o json -f - 2>&1`;
  return { key: `objects of ${id}`, on: 'cluster', sh: script, timeoutS: 30 };
}

/** JSON for `-f -`; as a builtin of bash, printf makes no argument of a program of it. */
export function listOf(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

const text = z.string();
const count = z.number().optional();
const live = z.object({
  kind: text,
  apiVersion: text,
  metadata: z.object({
    name: text,
    namespace: text.optional(),
    annotations: z.record(text, text).optional(),
    deletionTimestamp: text.optional(),
    generation: count,
  }),
  // What else it says is read by whoever knows its kind.
  spec: z.object({ replicas: count }).loose().optional(),
  status: z
    .object({
      ...{ observedGeneration: count, readyReplicas: count, updatedReplicas: count },
      ...{ desiredNumberScheduled: count, numberReady: count },
    })
    .optional(),
});
const answered = z.union([
  z.object({ kind: z.literal('List'), items: z.array(live) }),
  live.transform((it) => ({ items: [it] })),
]);

export type Live = z.infer<typeof live>;

/** What is there of the objects that `objectsAsk` asked for; undefined: the API does not say. */
export function objectsOf({ text, status }: Given): readonly Live[] | undefined {
  const lines = withoutNoise(text).split('\n');
  const [from, to] = [lines.indexOf('{'), lines.lastIndexOf('}')];
  const words = [...lines.slice(0, from < 0 ? undefined : from), ...lines.slice(to + 1)].filter((it) => it !== '');
  const known = words.every((it) => /no matches for kind|ensure CRDs are installed/.test(it));
  if (status !== 0 && (words.length === 0 || !known)) return undefined;
  return from < 0 ? [] : jsonOf(lines.slice(from, to + 1).join('\n'), answered)?.items;
}

/** The group, not the version: the API shows an object in the version that it likes best. */
export function titleOf({ apiVersion, kind, metadata: { name, namespace } }: ObjectRef | Live): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
  return `${kind}${group} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** Deployments and DaemonSets among them whose pods are not ready, a sentence each. Why not is taken from `helmAsk`. */
export function unready(found: readonly Live[], world: World): string[] {
  return found.flatMap((it) => {
    const [wanted, ready, isNew] = rolledOut(it);
    if (isNew && ready >= wanted) return [];
    const { name, namespace = '' } = it.metadata;
    const pods = sightOf(world)?.troubles({ namespace, name }) ?? [];
    const why = [...new Set(pods.map((pod) => pod.trouble))].join('; ');
    return `${it.kind} ${namespace}/${name} has ${ready} of ${wanted} ready${why === '' ? '' : ` (${why})`}`;
  });
}

/** How many pods there should be and are ready, and whether those are of the newest kind. */
function rolledOut({ kind, metadata: { generation = 0 }, spec, status = {} }: Live): [number, number, boolean] {
  const isSeen = (status.observedGeneration ?? 0) >= generation;
  if (kind === 'DaemonSet') return [status.desiredNumberScheduled ?? 0, status.numberReady ?? 0, isSeen];
  if (kind !== 'Deployment') return [0, 0, true];
  const wanted = spec?.replicas ?? 1;
  return [wanted, status.readyReplicas ?? 0, isSeen && (status.updatedReplicas ?? 0) >= wanted];
}
