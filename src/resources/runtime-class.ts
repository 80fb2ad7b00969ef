import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { type Script, sh } from '../shell/script.ts';
import type { Placed } from './declare.ts';
import { kubectl } from './kube.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { gone, stays } from './stays.ts';

/**
 * The RuntimeClass that pods with a GPU name. Its handler cannot be changed: one with another handler is deleted first.
 * `by` operator: mlk8s only makes room for the one that the operator writes. facts: gpu-and-nodes sheet, 2.
 */
export type RuntimeClassSpec = {
  readonly name: string;
  /** Name of a runtime in containerd's configuration. */
  readonly handler: string;
  readonly by: 'mlk8s' | 'operator';
};

export function runtimeClass({ id, on, needs, ...spec }: Placed & RuntimeClassSpec): Declared<RuntimeClassSpec> {
  return { kind: 'runtime-class', id, on, needs, spec };
}

export const runtimeClassKind: Kind<RuntimeClassSpec> = {
  kind: 'runtime-class',
  asks: () => [classesAsk],
  judge,
  undo,
  lives: 'cluster',
};

const classesAsk: Ask = {
  key: 'runtime classes',
  on: 'cluster',
  sh: sh`${kubectl} get runtimeclasses -o ${'jsonpath={range .items[*]}{.metadata.name}{"\\t"}{.handler}{"\\n"}{end}'}`,
  timeoutS: 20,
};

/** Handler by name; undefined: the API does not say. */
function classesOf(world: World): ReadonlyMap<string, string> | undefined {
  const answer = world.answer('cluster', classesAsk.key);
  if (answer.kind !== 'bytes' || answer.status !== 0) return undefined;
  const rows = answer.text.split('\n').filter((line) => line !== '');
  return new Map(rows.map((row) => row.split('\t') as [string, string]));
}

const unseen = (world: World): Verdict => ({
  verdict: 'settling',
  because: `the API on ${world.lead} does not answer`,
  deadlineS: 300,
});

function judge(it: Declared<RuntimeClassSpec>, world: World): Verdict {
  const { name, handler, by } = it.spec;
  const isOurs = by === 'mlk8s';
  if (world.identity === undefined) {
    const because = 'there is no cluster yet';
    return isOurs ? { verdict: 'change', because, moves: [write(it)] } : { verdict: 'ok', because };
  }
  const live = classesOf(world);
  if (!live) return unseen(world);
  const now = live.get(name);
  if (now === handler) return { verdict: 'ok', because: `RuntimeClass ${name} has handler ${handler}` };
  if (now === undefined) {
    const because = `RuntimeClass ${name} does not exist`;
    return isOurs ? { verdict: 'change', because, moves: [write(it)] } : { verdict: 'ok', because };
  }
  const adopts = world.record(it.id) ? {} : { adopts: true };
  return {
    verdict: 'change',
    because: `RuntimeClass ${name} has handler ${now}, not ${handler}, and a handler cannot be changed`,
    disrupts: `pods that name the RuntimeClass ${name} cannot start for a moment`,
    moves: [drop(it), ...(isOurs ? [write(it)] : [])],
    ...adopts,
  };
}

function write({ on, spec: { name, handler } }: Declared<RuntimeClassSpec>) {
  const object = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name }, handler };
  const run: Script = sh`
    printf %s ${JSON.stringify(object)} | ${kubectl} apply --server-side --force-conflicts --field-manager=mlk8s -f -
  `;
  return { does: `create RuntimeClass ${name} with handler ${handler}`, on, run, deadlineS: 60 };
}

function drop({ on, spec: { name } }: Declared<RuntimeClassSpec>) {
  const run = sh`${kubectl} delete runtimeclass ${name} --ignore-not-found`;
  return { does: `delete RuntimeClass ${name}`, on, run, deadlineS: 60 };
}

function undo(it: Recorded<RuntimeClassSpec>, world: World): Verdict {
  const { name, handler, by } = it.spec;
  if (clusterEnds(world)) return gone('it goes with the cluster');
  if (by === 'operator') return gone('it goes with the operator');
  const live = classesOf(world);
  if (!live) return unseen(world);
  const now = live.get(name);
  if (now === undefined) return gone(`RuntimeClass ${name} does not exist`);
  if (now !== handler) return stays(`RuntimeClass ${name} was made anew by somebody else`);
  return { verdict: 'change', because: 'it was made by mlk8s', moves: [drop(it)] };
}
