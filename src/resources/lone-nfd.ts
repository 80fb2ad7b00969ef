import * as z from 'zod';
import type { Ask, Declared, Id, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { kubectl } from './kube.ts';

/**
 * Nothing else serves the cards: neither the other way of mlk8s, before which nothing of this one may come, nor a second
 * node-feature-discovery. Two of those overwrite each other's labels, and GPUs come and go. facts: gpu-and-nodes sheet, 8 (20); platform sheet, 5 (17).
 */
export type LoneNfdSpec = {
  /** The release that brings ours. */
  readonly release: string;
  readonly namespace: string;
  /** The release brings one at all. */
  readonly brings: boolean;
  /** What to write below `values:` so that it brings none. */
  readonly off: string;
  /** The release of the other way, that mlk8s installed for an earlier version of the file. */
  readonly former: Id;
};

export function loneNfd({ id, on, needs, ...spec }: Placed & LoneNfdSpec): Declared<LoneNfdSpec> {
  return { kind: 'lone-nfd', id, on, needs, spec };
}

export const loneNfdKind: Kind<LoneNfdSpec> = { kind: 'lone-nfd', transient: true, asks: () => [workersAsk], judge };

const FIELDS = [
  '{.metadata.namespace}',
  '{.metadata.name}',
  '{.metadata.annotations.meta\\.helm\\.sh/release-name}',
  '{.spec.template.spec.containers[*].image}',
];
const ROWS = `jsonpath={range .items[*]}${FIELDS.join('{"\\t"}')}{"\\n"}{end}`;

/** Its workers are a DaemonSet, whoever installed it and whatever he called it. */
const workersAsk: Ask = {
  key: 'daemonsets by image',
  on: 'cluster',
  sh: sh`${kubectl} get daemonsets -A -o ${ROWS}`,
  timeoutS: 20,
};

/** Seconds until a release that the same run prunes is gone. */
const PRUNED_S = 120;

/** What an earlier run wrote into the cluster, where others may write too. */
const former = z.object({ release: z.string(), namespace: z.string() });

function judge(it: Declared<LoneNfdSpec>, world: World): Verdict {
  const { release, namespace, brings, off } = it.spec;
  if (world.identity === undefined) return { verdict: 'ok', because: 'there is no cluster yet' };
  const ours = former.safeParse(world.record(it.spec.former)?.spec).data;
  if (ours && !world.prunes) return leftBehind(it, ours);
  const answer = world.answer('cluster', workersAsk.key);
  if (answer.kind !== 'bytes' || answer.status !== 0) {
    return { verdict: 'settling', because: `the API on ${world.lead} does not answer`, deadlineS: 300 };
  }
  const rows = answer.text.split('\n').filter((line) => line !== '');
  const found = rows.map((row) => row.split('\t')).filter(([, , , image = '']) => /node-feature-discovery/.test(image));
  const others = found.filter(([ns, , name]) => !(ns === namespace && name === release));
  if (!brings) return { verdict: 'ok', because: `${release} brings no node-feature-discovery` };
  if (others.length === 0) return { verdict: 'ok', because: 'no other node-feature-discovery labels the machines' };
  if (ours && others.every(([ns, , by]) => ns === ours.namespace && by === ours.release)) {
    const because = `the node-feature-discovery of an earlier version of the file is still there: release ${ours.release} is being removed`;
    return { verdict: 'settling', because, deadlineS: PRUNED_S };
  }
  const names = others.map(([ns, name, by]) => `${ns}/${name}${by ? ` of release ${by}` : ''}`);
  return refused(
    it.id,
    `another node-feature-discovery runs: DaemonSet ${names.join(', ')}`,
    `${release} brings one too; two of them overwrite each other's labels, and GPUs come and go`,
    `to keep it, write into the cluster file: values: { ${off} }`,
    `else remove it: ${others.map(([ns, name, by]) => (by ? `helm uninstall ${by} -n ${ns}` : `kubectl -n ${ns} delete daemonset ${name}`)).join('; ')}`,
  );
}

function leftBehind(it: Declared<LoneNfdSpec>, { release, namespace }: z.infer<typeof former>): Verdict {
  return refused(
    it.id,
    `release ${release} of an earlier version of the file is still in the namespace ${namespace}`,
    `${it.spec.release} comes in its place: two of them would offer the same cards and label the same machines`,
    'mlk8s up --prune   removes the old one first',
    'or put gpu.mode back in the cluster file',
  );
}
