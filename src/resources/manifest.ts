import { type Data, digestOf } from '../charts/values.ts';
import type { Ask, Declared, Id, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import { claimsAsk, claimsOf, inUse, isMeant } from './claims.ts';
import type { Placed } from './declare.ts';
import { giveUp, type HeldData, notOurs } from './held-data.ts';
import { helmAsk } from './helm-sight.ts';
import { keeps } from './kept-claim.ts';
import { kubectl } from './kube.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { type Live, listOf, type ObjectRef, objectsAsk, objectsOf, titleOf, unready } from './objects.ts';
import { gone, stays } from './stays.ts';

/** An object of Kubernetes as plain data. */
export type KubeManifest = Data & ObjectRef & { readonly metadata: Data };

/** These objects are there as they were last written. Those that others need come first. No secrets. */
export type ManifestSpec = {
  readonly objects: readonly KubeManifest[];
  /** Seconds until the pods of its Deployments and DaemonSets must be ready, slow image pulls included. */
  readonly readyS?: number;
  /**
   * Seconds until a webhook must take them, which it does some time after its pods are ready. They are applied when all
   * that they need is seen to be ready.
   */
  readonly admittedS?: number;
  /** What may make them first, with other content: when mlk8s made that, they are of mlk8s too. */
  readonly madeBy?: Id;
  /** Data that goes with them, when the user gives that up. */
  readonly data?: HeldData;
  /** Name of the database whose claims are among them: one that somebody else made is not taken for it. */
  readonly database?: string;
};

export function manifest({ id, on, needs, ...spec }: Placed & ManifestSpec): Declared<ManifestSpec> {
  return { kind: 'manifest', id, on, needs, spec };
}

export const manifestKind: Kind<ManifestSpec> = {
  kind: 'manifest',
  asks,
  judge,
  undo,
  undoAsks: () => [claimsAsk],
  lives: 'cluster',
};

/** Digest of the object that we wrote. Whatever else changes it, its controllers for example, does not count. */
const DIGEST = 'mlk8s.io/digest';

const CLAIM = 'PersistentVolumeClaim';

/** Seconds until what is being removed must be gone: a namespace, or something that an operator cleans up after. */
const GONE_S = 300;

function asks({ id, spec }: Declared<ManifestSpec>): Ask[] {
  return [objectsAsk(id, spec.objects), ...(spec.readyS === undefined ? [] : [helmAsk])];
}

function judge(it: Declared<ManifestSpec>, world: World): Verdict {
  const { objects, readyS, data, database, madeBy } = it.spec;
  if (world.identity === undefined) return change(it, objects, 'there is no cluster yet');
  return judged(it, world, asks(it), (answer) => {
    const found = objectsOf(answer);
    if (!found) return unseen(world);
    const there = new Map(found.map((o) => [titleOf(o), o]));
    const digest = (o: KubeManifest) => there.get(titleOf(o))?.metadata.annotations?.[DIGEST] ?? '';
    const missing = objects.filter((o) => !there.has(titleOf(o)));
    const known = objects.filter((o) => there.has(titleOf(o)));
    const isKnown = world.record(it.id) !== undefined;
    // A claim cannot be changed, and what is in its volume is worth more than what it says.
    const kept = known.filter((o) => o.kind === CLAIM && digest(o) !== digestOf(o));
    const strange = isKnown ? [] : kept.filter((o) => digest(o) === '');
    if (database !== undefined && strange.length > 0) {
      return notOurs(it.id, { name: database }, strange.map(titleOf).join(', '));
    }
    const used = strange.map((o) => `${titleOf(o)} was not made by mlk8s, and is used as it is`);
    const ours = known.filter((o) => o.kind !== CLAIM);
    const foreign = ours.filter((o) => digest(o) === '');
    const other = ours.filter((o) => !['', digestOf(o)].includes(digest(o)));
    const scaled = ours.filter((o) => digest(o) === digestOf(o) && isScaled(o, there.get(titleOf(o))));
    const wrong = objects.filter((o) => [...missing, ...foreign, ...other, ...scaled].includes(o));
    if (wrong.length === 0) {
      const late = readyS === undefined ? [] : unready(found, world);
      if (late.length > 0) return { verdict: 'settling', because: late.join(', '), deadlineS: readyS ?? 0 };
      const because = `${objects.map(titleOf).join(', ')}: as they were written`;
      const stay = kept.filter((o) => !strange.includes(o)).map((o) => keeps(o, there.get(titleOf(o))));
      const warnings = [...used, ...stay];
      return { verdict: 'ok', because, ...(warnings.length > 0 ? { warning: warnings.join('; ') } : {}) };
    }
    const because = [
      ...missing.map((o) => `${titleOf(o)} does not exist`),
      ...foreign.map((o) => `${titleOf(o)} was not written by mlk8s`),
      ...other.map((o) => `${titleOf(o)} was written differently`),
      ...scaled.map((o) => `${titleOf(o)} was scaled to ${there.get(titleOf(o))?.spec?.replicas}`),
      ...used,
    ];
    const isMade = madeBy !== undefined && world.record(madeBy)?.origin === 'created';
    const adopts = foreign.length > 0 && !isKnown && !isMade;
    const theirs = foreign.filter(({ kind }) => kind !== 'Namespace');
    if (data && adopts && theirs.length > 0) return notOurs(it.id, data, theirs.map(titleOf).join(', '));
    return { ...change(it, wrong, because.join(', '), known), ...(adopts ? { adopts } : {}) };
  });
}

/** The number of pods is not in the digest, and somebody who stops them for an hour forgets to start them again. */
function isScaled(object: KubeManifest, live: Live | undefined): boolean {
  const wanted = (object.spec as Data | undefined)?.replicas;
  return wanted !== undefined && wanted !== live?.spec?.replicas;
}

const unseen = (world: World): Verdict => ({
  verdict: 'settling',
  because: `the API on ${world.lead} does not answer`,
  deadlineS: 300,
});

/** `there`: objects that exist already. */
function change(
  { on, spec: { admittedS = 0 } }: Declared<ManifestSpec>,
  objects: readonly KubeManifest[],
  because: string,
  there: readonly KubeManifest[] = [],
) {
  const marked = objects.map((o) => {
    const annotations = { ...(o.metadata.annotations as Data | undefined), [DIGEST]: digestOf(o) };
    return { ...o, metadata: { ...o.metadata, annotations } };
  });
  // What a class says cannot be changed. Volumes know their class by its name only, so it can be made anew.
  const classes = objects.filter((o) => o.kind === 'StorageClass' && there.includes(o)).map((o) => o.metadata.name);
  const drop = sh`${kubectl} delete storageclass ${classes} --ignore-not-found`;
  const apply: Script = sh`
    printf %s ${listOf(marked)} | ${kubectl} apply --server-side --force-conflicts --field-manager=mlk8s -f -
  `;
  const write = admittedS === 0 ? apply : untilAdmitted(apply, admittedS);
  const run = classes.length > 0 ? lines(drop, write) : write;
  const does = `apply ${objects.map(titleOf).join(', ')}`;
  const settled = admittedS === 0 ? {} : { settled: true as const };
  return { verdict: 'change', because, moves: [{ does, on, run, deadlineS: 120 + admittedS }], ...settled } as const;
}

/** Tried again and again: what was written already is the same afterwards. But not what a webhook or the API refuses. */
function untilAdmitted(apply: Script, seconds: number): Script {
  return sh`
    last=$(($(date +%s) + ${seconds}))
    until said=$(${apply} 2>&1); do
      printf '%s\n' "$said" >&2
      case $said in *' denied the request: '* | *' is invalid: '*) exit 1 ;; esac
      if [ "$(date +%s)" -ge "$last" ]; then echo ${`they were not taken within ${seconds} s`} >&2; exit 1; fi
      sleep 5
    done
    printf '%s\n' "$said"
  `;
}

/** Data stays: volume claims, and namespaces that hold some. A class goes when nothing is in its volumes any more. */
function undo(it: Recorded<ManifestSpec>, world: World): Verdict {
  if (clusterEnds(world)) return gone('it goes with the cluster');
  return judged(it, world, [objectsAsk(it.id, it.spec.objects), claimsAsk], (answer) => {
    const found = objectsOf(answer);
    const claims = claimsOf(world);
    if (!found || !claims) return unseen(world);
    const there = new Set(found.map(titleOf));
    const left = it.spec.objects.filter((o) => there.has(titleOf(o)));
    const classes = left.filter((o) => o.kind === 'StorageClass').map((o) => o.metadata.name);
    const { data } = it.spec;
    const last = giveUp(it.id, data, world);
    if ('verdict' in last) return last;
    const kept = claims.filter((claim) => !data || !isMeant(claim, data));
    const used = new Set(kept.map((claim) => claim.namespace));
    const isData = (o: KubeManifest) => o.kind === CLAIM || (o.kind === 'Namespace' && used.has(o.metadata.name));
    const ending = new Set(found.filter((o) => o.metadata.deletionTimestamp !== undefined).map(titleOf));
    const drop = left.filter((o) => !isData(o) && !ending.has(titleOf(o))).reverse();
    if (ending.size > 0 && drop.length + last.length === 0) {
      return { verdict: 'settling', because: `${[...ending].join(', ')}: being removed`, deadlineS: GONE_S };
    }
    if (left.length + last.length === 0) return gone('none of its objects is there');
    if (drop.length + last.length === 0) return stays(`${left.map(titleOf).join(', ')}: data is never removed`);
    const run = sh`printf %s ${listOf(drop)} | ${kubectl} delete --ignore-not-found --wait=false -f -`;
    const does = `delete ${drop.map(titleOf).join(', ')}`;
    const moves = [...(drop.length > 0 ? [{ does, on: it.on, run, deadlineS: 120 }] : []), ...last];
    return inUse(it.id, classes, world) ?? { verdict: 'change', because: 'written by mlk8s', moves };
  });
}
