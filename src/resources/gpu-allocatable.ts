import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { cardsAsk } from '../gpu/cards.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { cardsUnknown } from './gpu-cards.ts';
import { GPU_RESOURCE, isLabelled, operandsAsk, shownStuck, stuckOf, usableCards } from './gpu-operands.ts';
import { type NodeInfo, nodesAsk, nodesOf } from './kube.ts';

/** A Node offers pods all NVIDIA cards of its machine, each as often as it is shared. facts: gpu-and-nodes sheet, 1.6 */
export type GpuAllocatableSpec = {
  readonly node: string;
  /** How many pods share one card. */
  readonly sharing: number;
  /** Where the pods run that offer them. */
  readonly namespace: string;
};

export function gpuAllocatable({ id, on, needs, ...spec }: Placed & GpuAllocatableSpec): Declared<GpuAllocatableSpec> {
  return { kind: 'gpu-allocatable', id, on, needs, spec };
}

export const gpuAllocatableKind: Kind<GpuAllocatableSpec> = { kind: 'gpu-allocatable', transient: true, asks, judge };

/** The first start pulls some GiB and takes 3 to 10 minutes on a fast line (gpu-and-nodes sheet, 1.6). */
const OFFERED_S = 1800;

function asks({ spec: { node, namespace } }: Declared<GpuAllocatableSpec>): Ask[] {
  return [cardsAsk(node), nodesAsk, operandsAsk(namespace)];
}

function judge(it: Declared<GpuAllocatableSpec>, world: World): Verdict {
  const { node, sharing } = it.spec;
  return judged(it, world, [cardsAsk(node)], () => {
    const cards = usableCards(world, node);
    if (cards === undefined) return cardsUnknown(it.id);
    if (cards === 0) return { verdict: 'ok', because: `${node} has no NVIDIA card` };
    const settling = (because: string): Verdict => ({ verdict: 'settling', because, deadlineS: OFFERED_S });
    if (world.identity === undefined) return settling('there is no cluster yet');
    const nodes = nodesOf(world);
    if (!nodes) return settling(`${world.lead} does not list its nodes`);
    const live = nodes.find(({ name }) => name === node);
    const has = `${node} has ${cards} card${cards === 1 ? '' : 's'}${sharing > 1 ? `, each for ${sharing} pods` : ''}`;
    const offered = Number(live?.allocatable[GPU_RESOURCE] ?? 0);
    if (offered === cards * sharing) return { verdict: 'ok', because: `${has}, and offers ${offered}` };
    return settling(`${has}, and offers ${offered}: ${cause(it, world, live)}`);
  });
}

function cause({ spec: { node, namespace } }: Declared<GpuAllocatableSpec>, world: World, live?: NodeInfo): string {
  if (!live) return 'it is not in the cluster';
  if (!isLabelled(live.labels)) return 'node-feature-discovery has not labelled its card (pci-10de.present)';
  if (live.labels['nvidia.com/gpu.deploy.operands'] === 'false') {
    return 'its label nvidia.com/gpu.deploy.operands=false keeps the operator away';
  }
  const stuck = stuckOf(world, namespace)?.filter((it) => it.node === node || it.node === '');
  if (!stuck) return `the API does not list the pods of ${namespace}`;
  if (stuck.length > 0) return shownStuck(stuck);
  return `all pods of ${namespace} are ready there, so what they say is not what the Node offers: ask the log of its device plugin`;
}
