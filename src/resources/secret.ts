import { createHash } from 'node:crypto';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { type Given, judged, refused } from './answers.ts';
import { type Claim, claimsAsk, claimsOf, isMeant } from './claims.ts';
import type { Placed } from './declare.ts';
import { isGivenUp } from './held-data.ts';
import { kubectl } from './kube.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { GIVEN, type Lacking, MANAGED_BY, restartMove, writeMove } from './secret-move.ts';
import { gone, stays } from './stays.ts';

/**
 * A Secret has these keys. What somebody else keeps in it stays. facts: storage-and-databases sheet, 3.7.
 * No secret is in the declaration.
 */
export type SecretSpec = {
  readonly namespace: string;
  readonly name: string;
  /** Values that are no secret, such as the name of a user, by key. */
  readonly fixed: Readonly<Record<string, string>>;
  /** Keys whose values are made once, on the lead, and never again: 32 characters of A-Z, a-z and 0-9. */
  readonly generated: readonly string[];
  /** Where the user keeps the values of further keys: `env:NAME` or `file:PATH`. */
  readonly given?: Readonly<Record<string, string>>;
  /**
   * Claim in the same namespace whose data knows the generated values: while it is there, new ones would lock out. Its
   * name, or a label that such claims have, as `key=value`.
   */
  readonly knownTo?: string;
  /** Name of the database whose data that is, when the user may give it up. */
  readonly database?: string;
  /** Deployments in that namespace that read the generated values when they start: restarted when a lost one is made anew. */
  readonly readAtStart?: readonly string[];
  /** What to type to take a lost value out of what still runs with it. */
  readonly stillIn?: string;
  /** What to type to go on without that data, where deleting the claims is not it. */
  readonly anew?: string;
  /** `Opaque` when it is left out. */
  readonly type?: 'Opaque' | 'kubernetes.io/basic-auth';
  readonly labels?: Readonly<Record<string, string>>;
};

/** The Secret and the namespace that it is in are made when they are not there. */
export function secret({ id, on, needs, ...spec }: Placed & SecretSpec): Declared<SecretSpec> {
  return { kind: 'secret', id, on, needs, spec };
}

export const secretKind: Kind<SecretSpec> = {
  kind: 'secret',
  asks,
  judge,
  undo,
  undoAsks: () => [claimsAsk],
  lives: 'cluster',
};

const FORMAT = `jsonpath=${[`{.metadata.labels.${path(MANAGED_BY)}}`, `{.metadata.annotations.${path(GIVEN)}}`, '{.data}'].join('{"\\n"}')}{"\\n"}`;

function path(key: string): string {
  return key.replaceAll('.', '\\.');
}

/** Values stay on the lead: of those that are secret it tells how many bytes they have. */
const LENGTHS = `
NR == 1 { print "managed\\t" $0 }
NR == 2 { print "given\\t" $0 }
NR == 3 {
  for (i = 2; i < NF; i += 4) {
    value = $(i + 2)
    bytes = length(value) / 4 * 3 - gsub(/[=]/, "=", value)
    print "key\\t" $i "\\t" bytes "\\t" (index(public, " " $i " ") ? value : "")
  }
}`;

function asks(it: Declared<SecretSpec>): Ask[] {
  return [secretAsk(it), ...(it.spec.knownTo === undefined ? [] : [claimsAsk])];
}

function secretAsk({ id, spec: { namespace, name, fixed } }: Declared<SecretSpec>): Ask {
  const shown = `public= ${Object.keys(fixed).join(' ')} `;
  const script = sh`
    set -o pipefail
    ${kubectl} --namespace ${namespace} get secret ${name} --ignore-not-found -o ${FORMAT} | awk -F '"' -v ${shown} ${LENGTHS}
  `;
  return { key: `secret ${id}`, on: 'cluster', sh: script, timeoutS: 20 };
}

/** What is known of a Secret. */
interface Sight {
  readonly managedBy: string;
  /** Digest of what the user gave, by key, as it was last written. */
  readonly given: ReadonlyMap<string, string>;
  /** Bytes of each key; values of those that are no secret. */
  readonly keys: ReadonlyMap<string, { readonly bytes: number; readonly value: string }>;
}

/** Null: there is no such Secret. */
function sightOf({ text }: Given): Sight | null {
  const rows = text.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')]));
  if (rows.length === 0) return null;
  const told = (what: string) => rows.find(([first]) => first === what)?.[1] ?? '';
  const digests = told('given')
    .split(',')
    .map((pair) => pair.split('=') as [string, string]);
  const keys = rows.flatMap(([what, key = '', bytes, value = '']) =>
    what === 'key'
      ? [[key, { bytes: Number(bytes), value: Buffer.from(value, 'base64').toString('utf8') }] as const]
      : [],
  );
  return { managedBy: told('managed'), given: new Map(digests), keys: new Map(keys) };
}

const unseen = (world: World): Verdict => ({
  verdict: 'settling',
  because: `the API on ${world.lead} does not answer`,
  deadlineS: 300,
});

function judge(it: Declared<SecretSpec>, world: World): Verdict {
  const { namespace, name } = it.spec;
  if (world.identity === undefined) return change(it, world, null, 'there is no cluster yet');
  return judged(it, world, asks(it), (answer) => {
    if (answer.status !== 0) return unseen(world);
    const sight = sightOf(answer);
    const lacking = lackingOf(it, world, sight);
    const title = `Secret ${namespace}/${name}`;
    const unset = Object.values(it.spec.given ?? {}).filter((ref) => world.given(ref) === undefined);
    const warning = unset.length === 0 ? {} : { warning: `cannot be compared: ${unset.join(', ')} is not at hand` };
    const wrong = [...lacking.generated, ...Object.keys(lacking.fixed), ...Object.keys(lacking.given)];
    if (wrong.length === 0) return { verdict: 'ok', because: `${title} has ${keysOf(it.spec).join(', ')}`, ...warning };
    // Without a record that it was there, a run was stopped between the claim and the Secret.
    const isLost = lacking.generated.length > 0 && world.record(it.id)?.state === 'done';
    const knowing = isLost ? knownTo(it, world) : [];
    if (!knowing) return unseen(world);
    if (knowing.length > 0) return lostPassword(it, lacking.generated, knowing);
    const whose = isTheirs(it, world, sight) ? ', and is not of mlk8s' : '';
    const because =
      sight === null ? `${title} does not exist` : wrong.map((key) => said(it, sight, key)).join(', ') + whose;
    // Whatever the record says of its end: the run that was to restart them may have been cut off.
    const isRead = lacking.generated.length > 0 && world.record(it.id) !== undefined;
    return change(it, world, sight, because, isRead ? it.spec.readAtStart : undefined);
  });
}

/** Somebody else made it. */
function isTheirs({ id }: Declared<SecretSpec>, world: World, sight: Sight | null): boolean {
  return sight !== null && sight.managedBy !== 'mlk8s' && !world.record(id);
}

function said({ spec }: Declared<SecretSpec>, { keys }: Sight, key: string): string {
  const title = `Secret ${spec.namespace}/${spec.name}`;
  if ((keys.get(key)?.bytes ?? 0) === 0) return `${title} has no ${key}`;
  const ref = spec.given?.[key];
  return ref === undefined ? `${title} has another ${key}` : `${title} has another ${key} than ${ref}`;
}

function keysOf({ fixed, generated, given = {} }: SecretSpec): string[] {
  return [...Object.keys(fixed), ...generated, ...Object.keys(given)];
}

/** What is to be written. A given value is taken for changed when its digest is another one, never read back. */
function lackingOf({ spec, id }: Declared<SecretSpec>, world: World, sight: Sight | null): Lacking {
  const has = (key: string) => (sight?.keys.get(key)?.bytes ?? 0) > 0;
  const fixed = Object.entries(spec.fixed).filter(([key, value]) => sight?.keys.get(key)?.value !== value);
  const generated = spec.generated.filter((key) => !has(key));
  const given = Object.entries(spec.given ?? {}).flatMap(([key, ref]) => {
    const value = world.given(ref);
    const digest = value === undefined ? undefined : saltedDigest(world.identity ?? '', `${id} ${key}`, value);
    const isSame = has(key) && (digest === undefined || digest === sight?.given.get(key));
    return isSame ? [] : [[key, { value, digest: digest ?? '' }] as const];
  });
  return { fixed: Object.fromEntries(fixed), generated, given: Object.fromEntries(given) };
}

/** It stands beside the value itself, for whoever may read that. The salt is the cluster's own. */
function saltedDigest(salt: string, what: string, value: string): string {
  return createHash('sha256').update([salt, what, value].join('\0')).digest('hex').slice(0, 40);
}

/** `readers`: Deployments that have the old value. */
function change(
  it: Declared<SecretSpec>,
  world: World,
  sight: Sight | null,
  because: string,
  readers: readonly string[] = [],
): Verdict {
  const lacking = lackingOf(it, world, sight);
  const kept = [...(sight?.given ?? [])].filter(([key]) => it.spec.given?.[key] !== undefined);
  const adopts = isTheirs(it, world, sight);
  return {
    verdict: 'change',
    because,
    moves: [...(readers.length > 0 ? [restartMove(it, readers)] : []), writeMove(it, lacking, new Map(kept))],
    ...(readers.length > 0 ? { disrupts: `${readers.join(', ')} restart, and want a new password` } : {}),
    ...(adopts ? { adopts } : {}),
  };
}

/**
 * Names of the claims whose data knows the generated values; with `stays` only of those that this run does not delete.
 * Undefined: the API did not list them, so there may be some.
 */
function knownTo({ spec }: Declared<SecretSpec>, world: World, stays = false): string[] | undefined {
  const { namespace, knownTo: claims, database: name } = spec;
  if (claims === undefined) return [];
  const isGoing = (claim: Claim) => stays && name !== undefined && isGivenUp(claim, { name, namespace, claims }, world);
  const meant = claimsOf(world)?.filter((claim) => isMeant(claim, { namespace, claims }) && !isGoing(claim));
  return meant?.map((claim) => claim.name);
}

function lostPassword(
  { id, spec: { namespace, name, stillIn, anew } }: Declared<SecretSpec>,
  keys: readonly string[],
  claims: readonly string[],
): Verdict {
  const drop = `microk8s kubectl --namespace ${namespace} delete persistentvolumeclaim ${claims.join(' ')}`;
  const [named, know] = claims.length === 1 ? ['claim', 'knows'] : ['claims', 'know'];
  return refused(
    id,
    `Secret ${namespace}/${name} has no ${keys.join(', ')} any more, and the data in ${named} ${claims.map((claim) => `${namespace}/${claim}`).join(', ')} ${know} the old one`,
    'somebody deleted it; a new password would not open that data, or would keep out whoever has the old one',
    ...(stillIn ? [stillIn] : []),
    `put the Secret back from a copy: microk8s kubectl apply -f FILE`,
    anew ?? `or, when nothing of that data is needed: ${drop}`,
  );
}

/** The Secret goes, unless data that it opens is kept. */
function undo(it: Recorded<SecretSpec>, world: World): Verdict {
  const { namespace, name } = it.spec;
  if (clusterEnds(world)) return gone('it goes with the cluster');
  return judged(it, world, [secretAsk(it), claimsAsk], (answer) => {
    const knowing = knownTo(it, world, true);
    if (answer.status !== 0 || !knowing) return unseen(world);
    const title = `Secret ${namespace}/${name}`;
    if (sightOf(answer) === null) return gone(`${title} does not exist`);
    if (knowing.length > 0) return stays(`${title}: claim ${knowing.join(', ')}, which its password opens, is there`);
    const run = sh`${kubectl} --namespace ${namespace} delete secret ${name} --ignore-not-found`;
    const moves = [{ does: `delete ${title}`, on: it.on, run, deadlineS: 60 }];
    return { verdict: 'change', because: 'made by mlk8s', moves };
  });
}
