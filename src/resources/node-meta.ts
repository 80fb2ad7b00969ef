import * as z from 'zod';
import type { ClusterNode } from '../config/schema.ts';
import type { Declared, Diff, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import type { Placed } from './declare.ts';
import { kubectl, nodesAsk, nodesOf } from './kube.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { gone } from './stays.ts';

/** Labels and taints of one node, as the file wants them. What others set is left alone. */
export type NodeMetaSpec = {
  readonly node: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value: string; readonly effect: string }[];
};

export function nodeMeta({ id, on, needs, node }: Placed & { node: ClusterNode }): Declared<NodeMetaSpec> {
  return { kind: 'node-meta', id, on, needs, spec: { node: node.name, labels: node.labels, taints: node.taints } };
}

const text = z.string();
/** What an earlier run wrote into the cluster, where others may write too. */
const earlier = z.object({
  labels: z.record(text, text),
  taints: z.array(z.object({ key: text, value: text, effect: text })),
});

export const nodeMetaKind: Kind<NodeMetaSpec> = {
  kind: 'node-meta',
  asks: () => [nodesAsk],
  judge,
  undo,
  lives: 'cluster',
};

/** A value that somebody else has given since is left alone. */
function undo(it: Recorded<NodeMetaSpec>, world: World): Verdict {
  const { node: name, labels, taints } = it.spec;
  if (clusterEnds(world) || world.leaving.includes(name)) return gone(`it goes with the node ${name}`);
  const nodes = nodesOf(world);
  if (!nodes) return { verdict: 'settling', because: `${world.lead} does not list its nodes`, deadlineS: 300 };
  const node = nodes.find((n) => n.name === name);
  const unset = Object.entries(labels).filter(([key, value]) => node?.labels[key] === value);
  const has = new Set(node?.taints.map(taintWord));
  const words = unset.map(([key]) => `${key}-`);
  const taintWords = taints.map(taintWord).filter((taint) => has.has(taint));
  const drop = taintWords.map((taint) => `${taint}-`);
  if (words.length + drop.length === 0) return gone('no label or taint of mlk8s is on the node');
  return {
    verdict: 'change',
    because: `set by mlk8s on ${name}`,
    moves: [{ does: `set ${[...words, ...drop].join(', ')}`, on: it.on, run: apply(name, words, drop), deadlineS: 60 }],
  };
}

function judge(it: Declared<NodeMetaSpec>, world: World): Verdict {
  const { node: name, labels, taints } = it.spec;
  const nodes = nodesOf(world);
  if (world.identity !== undefined && nodes === undefined) {
    return { verdict: 'settling', because: `${world.lead} does not list its nodes`, deadlineS: 300 };
  }
  const node = nodes?.find((n) => n.name === name);
  // What an earlier version of the file asked for and this one does not is taken away again.
  const before = earlier.safeParse(world.record(it.id)?.spec).data;
  const has = new Set(node?.taints.map(taintWord));
  const set = Object.entries(labels).filter(([key, value]) => node?.labels[key] !== value);
  const unset = Object.keys(before?.labels ?? {}).filter((key) => !(key in labels) && node?.labels[key] !== undefined);
  const add = taints.map(taintWord).filter((taint) => !has.has(taint));
  const wanted = new Set(taints.map(taintWord));
  const drop = (before?.taints ?? []).map(taintWord).filter((taint) => !wanted.has(taint) && has.has(taint));
  if (set.length + unset.length + add.length + drop.length === 0) {
    return {
      verdict: 'ok',
      because: wantsNothing(it.spec) ? 'no labels or taints asked for' : 'labels and taints are as in the file',
    };
  }
  const words = [...set.map(([key, value]) => `${key}=${value}`), ...unset.map((key) => `${key}-`)];
  const taintWords = [...add, ...drop.map((taint) => `${taint}-`)];
  return {
    verdict: 'change',
    because: node
      ? `different on the node: ${[...words, ...taintWords].join(', ')}`
      : `${name} is not in the cluster yet`,
    diff: node ? labelDiff(set, node.labels) : [],
    moves: [
      {
        does: `set ${[...words, ...taintWords].join(', ')}`,
        on: it.on,
        run: apply(name, words, taintWords),
        deadlineS: 60,
      },
    ],
  };
}

function wantsNothing(spec: NodeMetaSpec): boolean {
  return Object.keys(spec.labels).length + spec.taints.length === 0;
}

function taintWord({ key, value, effect }: NodeMetaSpec['taints'][number]): string {
  return `${key}${value === '' ? '' : `=${value}`}:${effect}`;
}

function labelDiff(set: readonly (readonly [string, string])[], labels: Readonly<Record<string, string>>): Diff[] {
  return set.map(([key, value]) => ({ what: `label ${key}`, before: labels[key] ?? '', after: value }));
}

function apply(node: string, labels: readonly string[], taints: readonly string[]): Script {
  return lines(
    ...(labels.length > 0 ? [sh`${kubectl} label node ${node} --overwrite ${labels}`] : []),
    ...(taints.length > 0 ? [sh`${kubectl} taint node ${node} --overwrite ${taints}`] : []),
  );
}
