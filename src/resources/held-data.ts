import type { Ask, Id, Move, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { refused, unanswered } from './answers.ts';
import { type Claim, claimsAsk, claimsOf, isMeant } from './claims.ts';
import { kubectl } from './kube.ts';
import { someOf } from './some.ts';
import { allTheirsAsk, theirsIn } from './theirs.ts';

/** Data that what carries it must not be removed with, unless the user gives it up by its name. */
export type HeldData = {
  /** What the user calls it: `--delete-data NAME`. */
  readonly name: string;
  readonly namespace: string;
  /** The claims that it is in: the name of one, or a label that they have, as `key=value`; left out: all of the namespace. */
  readonly claims?: string;
  /** What people made in that namespace counts, too, without any claim. */
  readonly things?: true;
  /** Where the cluster file asks for it, when it is no database of the section databases. */
  readonly asked?: { readonly what: string; readonly name: string; readonly where: string };
};

const askedFor = ({ name, asked }: Pick<HeldData, 'name' | 'asked'>) =>
  asked ?? { what: 'database', name, where: 'the section databases' };

/** Most things of people that are named. */
const NAMED = 8;

/** Seconds until claims are gone: their pods get time to write down what they hold. */
const GONE_S = 600;

/** What else is asked before data is given up, beside `claimsAsk`. */
export function heldAsks(data: HeldData | undefined): Ask[] {
  return data?.things ? [allTheirsAsk(data.namespace)] : [];
}

/** What people made where the data is, the first few by name; empty: nothing counts. Undefined: the API does not list it. */
export function thingsOf(data: HeldData | undefined, world: World): string | undefined {
  if (!data?.things) return '';
  const found = theirsIn(data.namespace, world, allTheirsAsk(data.namespace));
  if (found === undefined) return undefined;
  return someOf(found, NAMED);
}

/**
 * What removes the data, after what carries it was removed: nothing when there is none. Or why nothing may be removed.
 * Wants the answers to `claimsAsk` and `heldAsks`. Things go with what carries them.
 */
export function giveUp(id: Id, data: HeldData | undefined, world: World): readonly Move[] | Verdict {
  if (data === undefined) return [];
  const answer = world.answer('cluster', claimsAsk.key);
  if (answer.kind !== 'bytes') return { verdict: 'refused', problem: unanswered(id, claimsAsk, answer) };
  const claims = claimsOf(world)?.filter((claim) => isOurs(claim, data));
  const things = thingsOf(data, world);
  if (things === undefined) {
    return { verdict: 'settling', because: `${world.lead} does not list what is in ${data.namespace}`, deadlineS: 300 };
  }
  if (!claims) return { verdict: 'settling', because: `${world.lead} does not list its volumes`, deadlineS: 300 };
  if (claims.length === 0 && things === '') return [];
  if (!world.mayDelete(data.name)) return held(id, data, claims, things);
  return claims.length === 0 ? [] : [deletion(data, claims)];
}

/**
 * A claim with that data which mlk8s made, an operator for it, or anybody in a namespace that is ours as a whole: one of
 * somebody else may have the same name.
 */
export function isOurs(claim: Claim, data: HeldData): boolean {
  const isName = data.claims !== undefined && !data.claims.includes('=');
  return isMeant(claim, data) && (claim.isOurs || !isName);
}

/** It goes in this run, with all that it holds. */
export function isGivenUp(claim: Claim, data: HeldData, world: World): boolean {
  return isOurs(claim, data) && world.mayDelete(data.name);
}

/** `claim redis/redis-data (5Gi)`, and whose it is if not ours. */
export function titleOfClaim({ namespace, name, size }: Claim, isOurs: boolean): string {
  return `claim ${namespace}/${name} (${size})${isOurs ? '' : ', which mlk8s did not make'}`;
}

/** All that is to be known before it is given up: which, and how much. */
function shown(claims: readonly Claim[]): string {
  return claims.map((it) => `${it.namespace}/${it.name} (${it.size})`).join(', ');
}

function held(id: Id, data: HeldData, claims: readonly Claim[], things: string): Verdict {
  const { name } = data;
  const asked = askedFor(data);
  const where = `${claims.length === 1 ? 'the claim' : 'the claims'} ${shown(claims)}`;
  const inClaims = claims.length === 0 ? [] : [`data, in ${where}`];
  return refused(
    id,
    `${name} holds ${[...inClaims, ...(things === '' ? [] : [things])].join(', and ')}`,
    `it left the cluster file, and ${things === '' ? 'its data' : 'that'} would be gone for good`,
    `to keep it, put ${asked.name} back into ${asked.where}`,
    `to give it up, with all data: mlk8s up --prune --delete-data ${name}`,
  );
}

/** What to type to have a database begin anew, when its data is of no use any more. */
export function anew(name: string): string {
  return `to begin anew without the data: take ${name} out, mlk8s up --prune --delete-data ${name}, then put it back`;
}

/** What somebody else made under that name is left alone: its data may be where our settings do not look. `seen`: what it is. */
export function notOurs(id: Id, data: Pick<HeldData, 'name' | 'asked'>, seen: string): Verdict {
  const { what, name, where } = askedFor(data);
  return refused(
    id,
    `${seen} was there before mlk8s`,
    `with other settings it may lose its data, so mlk8s takes over no ${what}`,
    `to keep it, take ${name} out of ${where}`,
    'to have a new one in its place, copy its data elsewhere and remove it by hand',
  );
}

/** A claim goes when the last pod that uses it is gone. */
function deletion({ name, namespace, claims }: HeldData, found: readonly Claim[]): Move & { on: 'cluster' } {
  const which = claims === undefined ? ['--all'] : claims.includes('=') ? ['-l', claims] : [claims];
  const listed = claims === undefined ? [] : which;
  const run = sh`
    ${kubectl} -n ${namespace} delete persistentvolumeclaims ${which} --ignore-not-found --wait=false
    until=$(($(date +%s) + ${GONE_S}))
    while left=$(${kubectl} -n ${namespace} get persistentvolumeclaims ${listed} -o name --ignore-not-found) || left='(the API does not answer)'; [ -n "$left" ]; do
      if [ "$(date +%s)" -ge "$until" ]; then echo 'still there:' $left >&2; exit 1; fi
      sleep 2
    done
  `;
  return { does: `delete the data of ${name}: ${shown(found)}`, on: 'cluster', run, deadlineS: GONE_S + 60 };
}
