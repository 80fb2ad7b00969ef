import { type Data, digestOf } from '../charts/values.ts';
import type { Ask, Declared, Id, Kind, Move, Verdict, Where, World } from '../engine/types.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import { claimsAsk, claimsOf, isMeant } from './claims.ts';
import type { Placed } from './declare.ts';
import { type HeldData, notOurs } from './held-data.ts';
import { helmAsk } from './helm-sight.ts';
import { keeps } from './kept-claim.ts';
import { kubectl } from './kube.ts';
import { undo, undoAsks } from './manifest-undo.ts';
import { DIGEST, type Live, listOf, type ObjectRef, objectsAsk, objectsOf, titleOf, unready } from './objects.ts';

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
  /** What a controller knows a namespace of its own by: written there before the objects are, when they change. */
  readonly marks?: { readonly namespace: string; readonly key: string; readonly value: string };
  /** Data that goes with them, when the user gives that up. */
  readonly data?: HeldData;
  /**
   * Data of a database in the namespace among them, that goes with something else. A claim for it among them is not taken
   * from somebody else, and goes with it.
   */
  readonly holds?: HeldData;
};

export function manifest({ id, on, needs, ...spec }: Placed & ManifestSpec): Declared<ManifestSpec> {
  return { kind: 'manifest', id, on, needs, spec };
}

export const manifestKind: Kind<ManifestSpec> = {
  kind: 'manifest',
  asks,
  judge,
  undo,
  undoAsks,
  givesBack: true,
  lives: 'cluster',
};

/** Kind of a volume claim. */
export const CLAIM = 'PersistentVolumeClaim';

function asks({ id, spec }: Declared<ManifestSpec>): Ask[] {
  const isAmongClaims = spec.data?.claims?.includes('=') === true;
  return [
    objectsAsk(id, spec.objects),
    ...(spec.readyS === undefined ? [] : [helmAsk]),
    ...(isAmongClaims ? [claimsAsk] : []),
  ];
}

function judge(it: Declared<ManifestSpec>, world: World): Verdict {
  const { objects, readyS, data, holds, madeBy } = it.spec;
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
    if (holds !== undefined && strange.length > 0) {
      return notOurs(it.id, holds, strange.map(titleOf).join(', '));
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
      ...missing.map((o) => `${titleOf(o)} ${isLost(it, o, world) ? LOST : 'does not exist'}`),
      ...(missing.length > 0 && isEmptied(it, world) ? [`no claim of ${data?.name} is there ${LOST_DATA}`] : []),
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

const LOST_DATA = 'any more and its data is gone: an empty one takes its place';
/** Of a claim with the data of a database that was there. */
export const LOST = `does not exist ${LOST_DATA}`;

/** A claim with the data of a database was there, and what it held went with it. */
function isLost({ id, spec }: Declared<ManifestSpec>, { kind }: KubeManifest, world: World): boolean {
  return kind === CLAIM && spec.holds !== undefined && world.record(id)?.state === 'done';
}

/** Claims that others make for these objects are gone with them. */
function isEmptied({ id, spec: { data } }: Declared<ManifestSpec>, world: World): boolean {
  if (!data?.claims?.includes('=') || world.record(id)?.state !== 'done') return false;
  return claimsOf(world)?.some((claim) => isMeant(claim, data)) === false;
}

/** The API did not say what there is. `said`: what it did say. */
export const unseen = (world: World, said = ''): Verdict => ({
  verdict: 'settling',
  because: `the API on ${world.lead} does not answer${said === '' ? '' : `: ${said}`}`,
  deadlineS: 300,
});

/** `there`: objects that exist already. */
function change(
  { on, spec: { admittedS = 0, marks } }: Declared<ManifestSpec>,
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
  const first = marks && objects.some((o) => there.includes(o)) ? [marking(marks, on)] : [];
  const moves = [...first, { does, on, run, deadlineS: 120 + admittedS }];
  return { verdict: 'change', because, moves, ...settled } as const;
}

function marking({ namespace, key, value }: NonNullable<ManifestSpec['marks']>, on: Where): Move {
  const run = sh`
    found=$(${kubectl} get namespace ${namespace} --ignore-not-found -o name)
    if [ -n "$found" ]; then ${kubectl} annotate --overwrite namespace ${namespace} ${key}=${value}; fi
  `;
  return { does: `write into the namespace ${namespace}: ${key} ${value}`, on, run, deadlineS: 60 };
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
