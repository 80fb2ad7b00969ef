import * as z from 'zod';
import { type Data, digestOf } from '../charts/values.ts';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { type Script, sh } from '../shell/script.ts';
import { type Given, judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { jsonOf, kubectl } from './kube.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { gone, stays } from './stays.ts';

/** An object of Kubernetes as plain data. One that lives in a namespace says in which. */
export type KubeManifest = Data & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Data & { readonly name: string; readonly namespace?: string };
};

/** These objects are there as they were last written. Those that others need come first. No secrets. */
export type ManifestSpec = { readonly objects: readonly KubeManifest[] };

export function manifest({ id, on, needs, objects }: Placed & ManifestSpec): Declared<ManifestSpec> {
  return { kind: 'manifest', id, on, needs, spec: { objects } };
}

export const manifestKind: Kind<ManifestSpec> = {
  kind: 'manifest',
  asks: (it) => [liveAsk(it)],
  judge,
  undo,
  undoAsks: () => [claimsAsk],
  lives: 'cluster',
};

/** Digest of the object that we wrote. Whatever else changes it, its controllers for example, does not count. */
const DIGEST = 'mlk8s.io/digest';

/** Errors come with the answer: only by their words a type that is not there differs from an API that is away. */
function liveAsk({ id, spec }: Declared<ManifestSpec>): Ask {
  const wanted = spec.objects.map(({ apiVersion, kind, metadata: { name, namespace } }) => ({
    ...{ apiVersion, kind },
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  }));
  const script = sh`printf %s ${listOf(wanted)} | ${kubectl} get --ignore-not-found -o json -f - 2>&1`;
  return { key: `objects of ${id}`, on: 'cluster', sh: script, timeoutS: 30 };
}

/** Namespaces that hold volume claims. */
const claimsAsk: Ask = {
  key: 'namespaces with volume claims',
  on: 'cluster',
  sh: sh`${kubectl} get persistentvolumeclaims -A -o ${'jsonpath={range .items[*]}{.metadata.namespace}{"\\n"}{end}'}`,
  timeoutS: 20,
};

const text = z.string();
const live = z.object({
  kind: text,
  apiVersion: text,
  metadata: z.object({ name: text, namespace: text.optional(), annotations: z.record(text, text).optional() }),
});
const answered = z.union([
  z.object({ kind: z.literal('List'), items: z.array(live) }),
  live.transform((it) => ({ items: [it] })),
]);

type Live = z.infer<typeof live>;

/** What is there of the objects; undefined: the API does not say. */
function liveOf({ text, status }: Given): readonly Live[] | undefined {
  const lines = text.split('\n');
  const [from, to] = [lines.indexOf('{'), lines.lastIndexOf('}')];
  const words = [...lines.slice(0, from < 0 ? undefined : from), ...lines.slice(to + 1)].filter((it) => it !== '');
  const known = words.every((it) => /no matches for kind|ensure CRDs are installed/.test(it));
  if (status !== 0 && (words.length === 0 || !known)) return undefined;
  return from < 0 ? [] : jsonOf(lines.slice(from, to + 1).join('\n'), answered)?.items;
}

/** The group, not the version: the API shows an object in the version that it likes best. */
function titleOf({ apiVersion, kind, metadata: { name, namespace } }: Live | KubeManifest): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
  return `${kind}${group} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

function judge(it: Declared<ManifestSpec>, world: World): Verdict {
  const { objects } = it.spec;
  if (world.identity === undefined) return change(it, objects, 'there is no cluster yet');
  return judged(it, world, [liveAsk(it)], (answer) => {
    const found = liveOf(answer);
    if (!found) return unseen(world);
    const digests = new Map(found.map((o) => [titleOf(o), o.metadata.annotations?.[DIGEST] ?? '']));
    const missing = objects.filter((o) => !digests.has(titleOf(o)));
    const foreign = objects.filter((o) => digests.get(titleOf(o)) === '');
    const other = objects.filter((o) => ![undefined, '', digestOf(o)].includes(digests.get(titleOf(o))));
    const wrong = objects.filter((o) => [...missing, ...foreign, ...other].includes(o));
    if (wrong.length === 0)
      return { verdict: 'ok', because: `${objects.map(titleOf).join(', ')}: as they were written` };
    const because = [
      ...missing.map((o) => `${titleOf(o)} does not exist`),
      ...foreign.map((o) => `${titleOf(o)} was not written by mlk8s`),
      ...other.map((o) => `${titleOf(o)} was written differently`),
    ];
    const adopts = foreign.length > 0 && !world.record(it.id);
    return { ...change(it, wrong, because.join(', ')), ...(adopts ? { adopts } : {}) };
  });
}

const unseen = (world: World): Verdict => ({
  verdict: 'settling',
  because: `the API on ${world.lead} does not answer`,
  deadlineS: 300,
});

function change({ on }: Declared<ManifestSpec>, objects: readonly KubeManifest[], because: string) {
  const marked = objects.map((o) => {
    const annotations = { ...(o.metadata.annotations as Data | undefined), [DIGEST]: digestOf(o) };
    return { ...o, metadata: { ...o.metadata, annotations } };
  });
  const run: Script = sh`
    printf %s ${listOf(marked)} | ${kubectl} apply --server-side --force-conflicts --field-manager=mlk8s -f -
  `;
  const does = `apply ${objects.map(titleOf).join(', ')}`;
  return { verdict: 'change', because, moves: [{ does, on, run, deadlineS: 120 }] } as const;
}

/** JSON for `-f -`; as a builtin of bash, printf makes no argument of a program of it. */
function listOf(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

/** Data stays: volume claims, and namespaces that hold some. */
function undo(it: Recorded<ManifestSpec>, world: World): Verdict {
  if (clusterEnds(world)) return gone('it goes with the cluster');
  return judged(it, world, [liveAsk(it), claimsAsk], (answer, claims) => {
    const found = liveOf(answer);
    if (!found || claims.status !== 0) return unseen(world);
    const there = new Set(found.map(titleOf));
    const used = new Set(claims.text.split('\n'));
    const isData = (o: KubeManifest) =>
      o.kind === 'PersistentVolumeClaim' || (o.kind === 'Namespace' && used.has(o.metadata.name));
    const left = it.spec.objects.filter((o) => there.has(titleOf(o)));
    const drop = left.filter((o) => !isData(o)).reverse();
    if (left.length === 0) return gone('none of its objects is there');
    if (drop.length === 0) return stays(`${left.map(titleOf).join(', ')}: data is never removed`);
    const run = sh`printf %s ${listOf(drop)} | ${kubectl} delete --ignore-not-found --wait=false -f -`;
    const does = `delete ${drop.map(titleOf).join(', ')}`;
    return { verdict: 'change', because: 'written by mlk8s', moves: [{ does, on: it.on, run, deadlineS: 120 }] };
  });
}
