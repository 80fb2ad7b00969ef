import { createHash } from 'node:crypto';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged, refused } from './answers.ts';
import { type Claim, claimsAsk, claimsOf, isMeant } from './claims.ts';
import type { Placed } from './declare.ts';
import { isGivenUp } from './held-data.ts';
import { kubectl } from './kube.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { nameOf, type SecretKey } from './secret-derived.ts';
import { type Lacking, restartMove, startMove, writeMove } from './secret-move.ts';
import { type Sight, secretAsk, sightOf } from './secret-sight.ts';
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
  /** Keys with a value of another Secret. */
  readonly copied?: Readonly<Record<string, SecretKey>>;
  /** Keys with the bcrypt hash of a value of another Secret. Made anew when that value is another one. */
  readonly hashed?: Readonly<Record<string, SecretKey>>;
  /** The Deployment whose pods read it, and only when they start: they are made anew after it changed. */
  readonly readBy?: { readonly namespace: string; readonly name: string };
  /**
   * Claim in the same namespace whose data knows the generated values: while it is there, new ones would lock out. Its
   * name, or a label that such claims have, as `key=value`.
   */
  readonly knownTo?: string;
  /** Name of the database whose data that is, when the user may give it up. */
  readonly database?: string;
  /**
   * Deployments in that namespace that read the generated values when they start: restarted before a lost one is made
   * anew. For values that change at other times, too, `readBy`.
   */
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

function asks(it: Declared<SecretSpec>): Ask[] {
  return [secretAsk(it), ...(it.spec.knownTo === undefined ? [] : [claimsAsk])];
}

const unseen = (world: World): Verdict => ({
  verdict: 'settling',
  because: `the API on ${world.lead} does not answer`,
  deadlineS: 300,
});

function judge(it: Declared<SecretSpec>, world: World): Verdict {
  const { namespace, name } = it.spec;
  if (world.identity === undefined) return change(it, world, undefined, 'there is no cluster yet');
  return judged(it, world, asks(it), (answer) => {
    if (answer.status !== 0) return unseen(world);
    const sight = sightOf(answer);
    const lacking = lackingOf(it, world, sight);
    const title = `Secret ${namespace}/${name}`;
    const unset = Object.values(it.spec.given ?? {}).filter((ref) => world.given(ref) === undefined);
    const warning = unset.length === 0 ? {} : { warning: `cannot be compared: ${unset.join(', ')} is not at hand` };
    const wrong = [...keysOf(lacking), ...lacking.stale];
    if (wrong.length === 0 && isOld(sight)) return restart(it, sight);
    if (wrong.length === 0) return { verdict: 'ok', because: `${title} has ${keysOf(it.spec).join(', ')}`, ...warning };
    // Without a record that it was there, a run was stopped between the claim and the Secret.
    const isLost = lacking.generated.length > 0 && world.record(it.id)?.state === 'done';
    const knowing = isLost ? knownTo(it, world) : [];
    if (!knowing) return unseen(world);
    if (knowing.length > 0) return lostPassword(it, lacking.generated, knowing);
    const whose = isTheirs(it, world, sight) ? ', and is not of mlk8s' : '';
    const because = sight.isThere
      ? wrong.map((key) => said(it, sight, key)).join(', ') + whose
      : `${title} does not exist`;
    // Whatever the record says of its end: the run that was to restart them may have been cut off.
    const wasThere = lacking.generated.length > 0 && world.record(it.id) !== undefined;
    return change(it, world, sight, because, wasThere ? it.spec.readAtStart : undefined);
  });
}

/** Somebody else made it. */
function isTheirs({ id }: Declared<SecretSpec>, world: World, sight: Sight | undefined): boolean {
  return sight?.isThere === true && sight.managedBy !== 'mlk8s' && !world.record(id);
}

function said({ spec }: Declared<SecretSpec>, { keys }: Sight, key: string): string {
  const title = `Secret ${spec.namespace}/${spec.name}`;
  if (!keysOf(spec).includes(key)) return `${title} still has ${key}`;
  if ((keys.get(key)?.bytes ?? 0) === 0) return `${title} has no ${key}`;
  const from = spec.copied?.[key] ?? spec.hashed?.[key];
  const ref = from ? nameOf(from) : spec.given?.[key];
  return ref === undefined ? `${title} has another ${key}` : `${title} has another ${key} than ${ref}`;
}

type Keys = Pick<SecretSpec, 'fixed' | 'generated' | 'copied' | 'hashed'> & { readonly given?: object };

function keysOf({ fixed, generated, given = {}, copied = {}, hashed = {} }: Keys): string[] {
  return [Object.keys(fixed), generated, ...[given, copied, hashed].map((it) => Object.keys(it))].flat();
}

/** What is to be written. A given value is taken for changed when its digest is another one, never read back. */
function lackingOf({ spec, id }: Declared<SecretSpec>, world: World, sight: Sight | undefined): Lacking {
  const has = (key: string) => (sight?.keys.get(key)?.bytes ?? 0) > 0;
  const fixed = Object.entries(spec.fixed).filter(([key, value]) => sight?.keys.get(key)?.value !== value);
  const generated = spec.generated.filter((key) => !has(key));
  const given = Object.entries(spec.given ?? {}).flatMap(([key, ref]) => {
    const value = world.given(ref);
    const digest = value === undefined ? undefined : saltedDigest(world.identity ?? '', `${id} ${key}`, value);
    const isSame = has(key) && (digest === undefined || digest === sight?.given.get(key));
    return isSame ? [] : [[key, { value, digest: digest ?? '' }] as const];
  });
  const other = (from: SecretSpec['copied'] = {}) =>
    Object.fromEntries(Object.entries(from).filter(([key]) => sight?.from.get(key) !== 'same'));
  return {
    fixed: Object.fromEntries(fixed),
    generated,
    given: Object.fromEntries(given),
    copied: other(spec.copied),
    hashed: other(spec.hashed),
    // Of somebody who is no user any more.
    stale: [...(sight?.hashed.keys() ?? [])].filter((key) => !keysOf(spec).includes(key)),
  };
}

/** It stands beside the value itself, for whoever may read that. The salt is the cluster's own. */
function saltedDigest(salt: string, what: string, value: string): string {
  return createHash('sha256').update([salt, what, value].join('\0')).digest('hex').slice(0, 40);
}

/** `readers`: Deployments that have the old value. */
function change(
  it: Declared<SecretSpec>,
  world: World,
  sight: Sight | undefined,
  because: string,
  readers: readonly string[] = [],
): Verdict {
  const lacking = lackingOf(it, world, sight);
  const { given = {}, hashed = {} } = it.spec;
  const kept = {
    given: [...(sight?.given ?? [])].filter(([key]) => given[key] !== undefined),
    hashed: [...(sight?.hashed ?? [])].filter(([key]) => hashed[key] && !lacking.hashed[key]),
  };
  const adopts = isTheirs(it, world, sight);
  const write = writeMove(it, lacking, kept, sight?.readBy !== undefined);
  return {
    verdict: 'change',
    because,
    moves: [...(readers.length > 0 ? [restartMove(it, readers)] : []), write],
    ...(readers.length > 0 ? { disrupts: `${readers.join(', ')} restart, and want a new password` } : {}),
    ...(adopts ? { adopts } : {}),
  };
}

/** Its pods started with values that are no longer the ones of the Secret: a run was stopped in between, for example. */
const isOld = ({ readBy, revision }: Sight): boolean => readBy !== undefined && readBy !== revision;

function restart(it: Declared<SecretSpec>, { revision }: Sight): Verdict {
  const { namespace, name } = it.spec.readBy ?? it.spec;
  const because = `the pods of Deployment ${namespace}/${name} started before Secret ${nameOf(it.spec)} was changed`;
  return { verdict: 'change', because, moves: [startMove(it, revision)] };
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
    if (!sightOf(answer).isThere) return gone(`${title} does not exist`);
    if (knowing.length > 0) return stays(`${title}: claim ${knowing.join(', ')}, which its password opens, is there`);
    const run = sh`${kubectl} --namespace ${namespace} delete secret ${name} --ignore-not-found`;
    const moves = [{ does: `delete ${title}`, on: it.on, run, deadlineS: 60 }];
    return { verdict: 'change', because: 'made by mlk8s', moves };
  });
}
