import type { Ask, Recorded, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import { type Claim, claimsAsk, claimsOf, inUse } from './claims.ts';
import { giveUp, heldAsks, isGivenUp, isOurs, thingsOf, titleOfClaim } from './held-data.ts';
import { kubectl } from './kube.ts';
import { CLAIM, type KubeManifest, type ManifestSpec, unseen } from './manifest.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { listOf, objectsAsk, objectsOf, titleOf } from './objects.ts';
import { gone, stays } from './stays.ts';
import { theirsAsk, theirsIn } from './theirs.ts';

/** Seconds until what is being removed must be gone: a namespace, or something that an operator cleans up after. */
const GONE_S = 300;

/** Who else uses the volumes and the namespaces among them. */
export function undoAsks({ spec }: Recorded<ManifestSpec>): Ask[] {
  return [claimsAsk, ...heldAsks(spec.data), ...namespacesOf(spec).map((it) => theirsAsk(it))];
}

function namespacesOf({ objects }: ManifestSpec): string[] {
  return objects.filter((o) => o.kind === 'Namespace').map((o) => o.metadata.name);
}

/**
 * Data stays unless it is given up: volume claims. So do namespaces with something in them that is not of mlk8s. A class
 * goes when nothing is in its volumes any more.
 */
export function undo(it: Recorded<ManifestSpec>, world: World): Verdict {
  if (clusterEnds(world)) return gone('it goes with the cluster');
  return judged(it, world, [objectsAsk(it.id, it.spec.objects), ...undoAsks(it)], (answer) => {
    const found = objectsOf(answer);
    const users = usersOf(it, world);
    if (!found || !users) return unseen(world);
    const there = new Set(found.map(titleOf));
    const left = it.spec.objects.filter((o) => there.has(titleOf(o)));
    if (it.origin === 'adopted') return adopted(left, users);
    const last = giveUp(it.id, it.spec.data, world);
    if ('verdict' in last) return last;
    const stay = left.filter((o) => users.keep(o) !== undefined);
    const ending = new Set(found.filter((o) => o.metadata.deletionTimestamp !== undefined).map(titleOf));
    const drop = left.filter((o) => !stay.includes(o) && !users.goesApart(o) && !ending.has(titleOf(o))).reverse();
    if (ending.size > 0 && drop.length + last.length === 0) {
      return { verdict: 'settling', because: `${[...ending].join(', ')}: being removed`, deadlineS: GONE_S };
    }
    if (left.length + last.length === 0) return gone('none of its objects is there');
    if (drop.length + last.length === 0) return remains(stay, users);
    const run = sh`printf %s ${listOf(drop)} | ${kubectl} delete --ignore-not-found --wait=false -f -`;
    const things = thingsOf(it.spec.data, world);
    const does = `delete ${drop.map(users.title).join(', ')}${things ? `, with all that is in its namespace: ${things}` : ''}`;
    const moves = [...(drop.length > 0 ? [{ does, on: it.on, run, deadlineS: 120 }] : []), ...last];
    const kept = stay.filter((o) => o.kind === 'Namespace').map((o) => `${titleOf(o)} stays, with ${users.keep(o)}`);
    const classes = left.filter((o) => o.kind === 'StorageClass').map((o) => o.metadata.name);
    const because = ['written by mlk8s', ...kept].join('; ');
    return inUse(it.id, classes, world) ?? { verdict: 'change', because, moves };
  });
}

/** Who or what keeps the objects of a manifest from being removed. */
interface Users {
  /** Why it stays; undefined: it may go. */
  keep(object: KubeManifest): string | undefined;
  /** A claim that goes with the data, by a move of its own. */
  goesApart(object: KubeManifest): boolean;
  /** With the size of a claim. */
  title(object: KubeManifest): string;
  /** Claims whose data is given up. */
  readonly given: readonly Claim[];
  /** Claims of ours in its namespaces whose data may be given up one day. */
  readonly held: readonly Claim[];
}

/** Undefined: the API does not list all of it. */
function usersOf({ spec }: Recorded<ManifestSpec>, world: World): Users | undefined {
  const claims = claimsOf(world);
  const theirs = new Map(namespacesOf(spec).map((name) => [name, theirsIn(name, world)]));
  if (!claims || [...theirs.values()].includes(undefined)) return undefined;
  const data = [spec.data, spec.holds].filter((it) => it !== undefined);
  const given = claims.filter((claim) => data.some((it) => isGivenUp(claim, it, world)));
  const held = claims.filter((claim) => !given.includes(claim) && data.some((it) => isOurs(claim, it)));
  const claimOf = ({ kind, metadata }: KubeManifest) =>
    claims.find((it) => kind === CLAIM && it.name === metadata.name && it.namespace === metadata.namespace);
  const title = (o: KubeManifest) => [titleOf(o), ...(claimOf(o) ? [`(${claimOf(o)?.size})`] : [])].join(' ');
  const isOfMlk8s = (claim: Claim) => claim.isOurs || held.includes(claim);
  const inside = (name: string) => [
    ...claims.filter((it) => it.namespace === name && !given.includes(it)).map((it) => titleOfClaim(it, isOfMlk8s(it))),
    ...(theirs.get(name) ?? []),
  ];
  return {
    given,
    held,
    title,
    goesApart: (o) => spec.data !== undefined && o.kind === CLAIM,
    keep: (o) => {
      if (o.kind === 'Namespace') return inside(o.metadata.name).join(', ') || undefined;
      const claim = claimOf(o);
      if (o.kind !== CLAIM || (claim && given.includes(claim))) return undefined;
      return spec.holds && claim && held.includes(claim)
        ? `it goes only with --delete-data ${spec.holds.name}`
        : 'data is never removed';
    },
  };
}

/** Somebody may need it for good, or it holds data that may go one day. */
function remains(stay: readonly KubeManifest[], { keep, title, held }: Users): Verdict {
  const because = stay.map((o) => (o.kind === 'Namespace' ? `${title(o)}: there is ` : `${title(o)}: `) + keep(o));
  const isOver = held.length === 0 && stay.every((o) => o.kind === 'Namespace');
  return { verdict: 'ok', because: because.join('; '), stays: true, ...(isOver ? { forGood: true } : {}) };
}

/** Of what was there before mlk8s nothing goes here; a claim of ours in it goes with the data. */
function adopted(left: readonly KubeManifest[], { given, title }: Users): Verdict {
  if (given.length === 0) return stays('it was there before mlk8s');
  const theirs = left.filter((o) => o.kind !== CLAIM).map(title);
  const goes = given.length === 1 ? 'goes' : 'go';
  const named = given.map((it) => titleOfClaim(it, true)).join(', ');
  return stays(`${theirs.join(', ')} was there before mlk8s; ${named} ${goes} with the data`);
}
