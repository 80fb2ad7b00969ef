import * as z from 'zod';
import { digestOf, flatLines, isData } from '../charts/values.ts';
import type { Ask, Declared, Json, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { cardsAsk } from '../gpu/cards.ts';
import { recordName } from '../shell/originals.ts';
import { sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { GPU_RESOURCE, usableCards } from './gpu-operands.ts';
import { jsonOf, kubectl, NAMESPACE, nodesOf, nodesAsk as nodesQuestion } from './kube.ts';
import type { KubeManifest } from './manifest.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { placeOf } from './places.ts';
import { forgetMove, leftoversAsk, PROOF_NAMESPACE, proveMove, RESULTS } from './proof-moves.ts';
import { gone } from './stays.ts';

/** Something was tried with a pod and worked: a volume that is written and read, a card that computes. */
export type ProofSpec = {
  /** What is proved, as a sentence: `a claim of class X is bound, written and read on rig4`. */
  readonly what: string;
  /** The node that it is about. */
  readonly node: string;
  /** Whatever must be proved anew when it changes. No secrets. */
  readonly inputs: Json;
  /** Created for the proof and removed after it. All live in the namespace of proofs. */
  readonly objects: readonly KubeManifest[];
  /** Name of the pod among them that tries it. It must end by itself and not be restarted. */
  readonly pod: string;
  /** Text that the log of that pod must hold. */
  readonly expect: string;
  /** Seconds until the pod must have ended, slow image pulls included. */
  readonly timeoutS: number;
  /** It computes on an NVIDIA card: on a machine that has none there is nothing to prove. */
  readonly needsCard?: true;
  /** What is written outlives a restart: these pods are deleted in between, and others must come in their place. */
  readonly restart?: Restart;
  /** Secrets that its pods use, which see none of another namespace: copied, and removed with all else. */
  readonly secrets?: readonly { readonly namespace: string; readonly name: string }[];
};

/** What dies between writing and reading. */
export type Restart = {
  /** Name of the pod that writes. It must end well first; the pod of the proof is created when all is ready again. */
  readonly after: string;
  readonly namespace: string;
  /** Labels of what is restarted, as kubectl takes them: `key=value,key=value`. */
  readonly pods: string;
};

/** A proof that names a node in its pod, or whose pod is restarted, is a bug in its step and throws. */
export function proof({ id, on, needs, objects, ...rest }: Placed & ProofSpec): Declared<ProofSpec> {
  for (const name of [rest.pod, ...(rest.restart ? [rest.restart.after] : [])]) {
    const pod = objects.find(({ kind, metadata }) => kind === 'Pod' && metadata.name === name);
    const spec = pod && isData(pod.spec ?? null) ? (pod.spec as { nodeName?: Json; restartPolicy?: Json }) : {};
    if (spec.restartPolicy !== 'Never') throw new Error(`${id}: its pod must have the restart policy Never`);
    // A pod that names its node goes past the scheduler, and proves nothing of taints, volumes and cards.
    if (spec.nodeName !== undefined) throw new Error(`${id}: its pod must be scheduled, not name a node`);
  }
  const placed = objects.map((it) => ({ ...it, metadata: { ...it.metadata, namespace: PROOF_NAMESPACE } }));
  return { kind: 'proof', id, on, needs, spec: { ...rest, objects: placed } };
}

export const proofKind: Kind<ProofSpec> = {
  kind: 'proof',
  aside: true,
  asks: (it) => [resultsAsk, ...(it.spec.needsCard ? [nodesQuestion, cardsAsk(it.spec.node)] : [])],
  judge: (it, world) => judgeProof(it, world),
  undo,
  undoAsks: (it) => [leftoversAsk(it)],
  lives: 'cluster',
};

/** What all proofs found: one ConfigMap with a key for each. */
const resultsAsk: Ask = {
  key: 'proofs',
  on: 'cluster',
  sh: sh`${kubectl} -n ${NAMESPACE} get configmap ${RESULTS} -o json --ignore-not-found`,
  timeoutS: 20,
};

const map = z.object({ data: z.record(z.string(), z.string()).optional() });
const time = z.iso.datetime();
const result = z.intersection(
  z.object({ node: z.string(), digest: z.string() }),
  z.union([
    z.object({ at: time }).transform(({ at }) => ({ end: 'proved' as const, at })),
    z.object({ failedAt: time }).transform(({ failedAt }) => ({ end: 'failed' as const, at: failedAt })),
    z.object({ begunAt: time }).transform(({ begunAt }) => ({ end: 'open' as const, at: begunAt })),
  ]),
);

/** How a proof ended, and when. */
type Result = z.infer<typeof result>;

/**
 * What is kept of a proof: its result, `none`, or undefined when the API does not say. A result that cannot be read is
 * none.
 */
export function resultOf(it: Pick<Declared, 'id'>, world: World): Result | 'none' | undefined {
  const answer = world.answer('cluster', resultsAsk.key);
  if (answer.kind !== 'bytes' || answer.status !== 0) return undefined;
  const kept = jsonOf(answer.text.trim() || '{}', map)?.data?.[recordName(it.id)];
  return (kept === undefined ? undefined : jsonOf(kept, result)) ?? 'none';
}

/** What is restarted at its first proof was installed just before it, and nobody uses it yet. */
function toProve(it: Declared<ProofSpec>, world: World, because: string): Verdict {
  const { restart } = it.spec;
  const away =
    restart && world.record(it.id) ? { disrupts: `${restart.namespace} is restarted, and away meanwhile` } : {};
  return { verdict: 'change', because, ...away, settled: true, moves: [proveMove(it, digest(it))] };
}

/** Nobody's database is restarted because it is tried in another way: there only what is proved counts. */
function digest({ spec: { inputs, objects, expect, restart } }: Declared<ProofSpec>): string {
  return digestOf(restart ? { inputs } : { inputs, objects, expect });
}

/**
 * `before`: a result of that time does not count any more. What is proved is `shown`; where there is nothing to prove
 * the verdict is ok without that.
 */
export function judgeProof(it: Declared<ProofSpec>, world: World, before?: string): Verdict {
  const missing = it.spec.needsCard ? cardless(it, world) : undefined;
  if (missing) return missing;
  if (world.identity === undefined) return toProve(it, world, 'not proved yet');
  const found = resultOf(it, world);
  if (found === undefined) return unseen(world);
  if (found === 'none') return toProve(it, world, 'not proved yet');
  const isOther = found.digest !== digest(it);
  if (found.end === 'failed')
    return toProve(it, world, `failed ${age(found, world)}${isOther ? ', for other inputs' : ''}`);
  if (found.end === 'open') return toProve(it, world, `begun ${age(found, world)}, and has not ended`);
  if (isOther) return toProve(it, world, `proved for other inputs${difference(it, world)}`);
  const where = found.node === placeOf(it.id) ? '' : ` on ${found.node}`;
  const because = `proved ${age(found, world)}${where}`;
  return found.at === before
    ? toProve(it, world, `asked for again: ${because}`)
    : { verdict: 'ok', because, shown: true };
}

const unseen = (world: World): Verdict => ({
  verdict: 'settling',
  because: `the API on ${world.lead} does not answer`,
  deadlineS: 300,
});

/** Why there is nothing to prove, or nothing yet, on a node that offers pods no card. */
function cardless(it: Declared<ProofSpec>, world: World): Verdict | undefined {
  const { node } = it.spec;
  const after = `microk8s/member@${node}` as const;
  if (world.identity === undefined) return { verdict: 'later', because: 'there is no cluster yet', after };
  const nodes = nodesOf(world);
  if (!nodes) return unseen(world);
  const offers = nodes.find(({ name }) => name === node)?.allocatable;
  if (!offers) return { verdict: 'later', because: `${node} is no node of the cluster yet`, after };
  if (Number(offers[GPU_RESOURCE] ?? 0) > 0) return undefined;
  const cards = usableCards(world, node);
  if (cards === 0) return { verdict: 'ok', because: `nothing to prove: ${node} has no NVIDIA card` };
  // What is out of the run is told of as a whole.
  if (!world.hosts.includes(node)) return { verdict: 'ok', because: `nothing to prove: ${node} is out of this run` };
  const has = cards === undefined ? 'does not say which cards it has' : 'has an NVIDIA card';
  return {
    verdict: 'later',
    because: `not proved: ${node} ${has}, and offers no ${GPU_RESOURCE}`,
    after: it.needs[0] ?? after,
  };
}

/** Most lines of a difference that are shown, and the longest name and value in them. */
const SHOWN = 3;
const SHOWN_VALUE = 60;

/** Which of the inputs differ from those that the last run knew, as far as it is known. */
function difference(it: Declared<ProofSpec>, world: World): string {
  const before = (world.record(it.id)?.spec as { inputs?: Json } | undefined)?.inputs;
  if (before === undefined) return '';
  const known = new Set(linesOf(before));
  const other = linesOf(it.spec.inputs).filter((line) => !known.has(line));
  const rest = other.length > SHOWN ? ', …' : '';
  return other.length === 0 ? '' : `: ${other.slice(0, SHOWN).map(brief).join(', ')}${rest}`;
}

/** Inputs without names have none that could be shown. */
function linesOf(inputs: Json): string[] {
  const data = unfolded(inputs);
  return isData(data) ? flatLines(data) : [];
}

/** Lists as objects, so that of a long one only what differs is shown. */
function unfolded(value: Json): Json {
  if (Array.isArray(value)) return unfolded({ ...value });
  if (!isData(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unfolded(inner)]));
}

/** A digest says nothing to people: its name is enough. */
function brief(line: string): string {
  const [path = '', ...rest] = line.split(': ');
  const name = path.length > SHOWN_VALUE ? `…${path.slice(1 - SHOWN_VALUE)}` : path;
  const value = rest.join(': ');
  if (/^"[0-9a-f]{40,}"$/.test(value)) return name;
  return `${name}: ${value.length > SHOWN_VALUE ? `${value.slice(0, SHOWN_VALUE - 1)}…` : value}`;
}

/** By the clock of who asked; the clock of the machine that wrote it down may be a little ahead. */
function age({ at }: Result, world: World): string {
  const answer = world.answer('cluster', resultsAsk.key);
  const now = answer.kind === 'bytes' ? answer.askedAtS : undefined;
  if (now === undefined) return `at ${at}`;
  const seconds = now - Date.parse(at) / 1000;
  const [unit, length] = UNITS.find(([, s]) => seconds >= s) ?? ['', 0];
  const count = Math.floor(seconds / length);
  return length === 0 ? 'just now' : `${count} ${unit}${count === 1 ? '' : 's'} ago`;
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

function undo(it: Recorded<ProofSpec>, world: World): Verdict {
  if (clusterEnds(world)) return gone('it goes with the cluster');
  return judged(it, world, [resultsAsk, leftoversAsk(it)], (_results, left) => {
    const found = resultOf(it, world);
    if (found === undefined || left.status !== 0) return unseen(world);
    if (found === 'none' && left.text.trim() === '') return gone('nothing is kept of it');
    return { verdict: 'change', because: 'its result is kept', moves: [forgetMove(it)] };
  });
}
