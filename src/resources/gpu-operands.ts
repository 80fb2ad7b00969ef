import * as z from 'zod';
import type { Ask, World } from '../engine/types.ts';
import { cardsOf } from '../gpu/cards.ts';
import { servable } from '../gpu/catalogue.ts';
import { sh } from '../shell/script.ts';
import { jsonOf, kubectl } from './kube.ts';

/** Name under which a Node offers NVIDIA cards. */
export const GPU_RESOURCE = 'nvidia.com/gpu';

/** How many NVIDIA cards of a machine pods can have; undefined when nothing is known of them. */
export function usableCards(world: World, host: string): number | undefined {
  const cards = cardsOf(world, host);
  return cards && servable(cards).length;
}

/** Label by which NFD says that a machine has an NVIDIA card. facts: gpu-and-nodes sheet, 1.6 */
const CARD_LABELS = [
  'feature.node.kubernetes.io/pci-10de.present',
  'feature.node.kubernetes.io/pci-0300_10de.present',
  'feature.node.kubernetes.io/pci-0302_10de.present',
];

/** Whether NFD has said that a node has an NVIDIA card. */
export function isLabelled(labels: Readonly<Record<string, string>>): boolean {
  return CARD_LABELS.some((label) => labels[label] === 'true');
}

/** Pods of a namespace that GPUs are served from. */
export function operandsAsk(namespace: string): Ask {
  const script = sh`${kubectl} -n ${namespace} get pods -o json`;
  return { key: `pods of ${namespace}`, on: 'cluster', sh: script, timeoutS: 30 };
}

const text = z.string();
const state = z.object({
  waiting: z.object({ reason: text.optional(), message: text.optional() }).optional(),
  terminated: z.object({ exitCode: z.number() }).optional(),
});
const container = z.object({ name: text, ready: z.boolean(), state: state.optional() });
const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: text }),
      spec: z.object({ nodeName: text.optional() }),
      status: z.object({
        phase: text.optional(),
        initContainerStatuses: z.array(container).optional(),
        containerStatuses: z.array(container).optional(),
      }),
    }),
  ),
});

type Pod = z.infer<typeof podList>['items'][number];

/** A pod that is not as it should be. */
export interface Stuck {
  readonly pod: string;
  readonly node: string;
  /** "waits in its init container driver-validation: no working driver on the machine" */
  readonly why: string;
}

/** Pods that serve GPUs and are not ready; undefined: the API does not say. */
export function stuckOf(world: World, namespace: string): readonly Stuck[] | undefined {
  const answer = world.answer('cluster', operandsAsk(namespace).key);
  if (answer.kind !== 'bytes' || answer.status !== 0 || answer.cut) return undefined;
  return jsonOf(answer.text, podList)?.items.flatMap((pod) => {
    const why = whyStuck(pod);
    return why === undefined ? [] : [{ pod: pod.metadata.name, node: pod.spec.nodeName ?? '', why }];
  });
}

/** What each init container of the operator waits for. facts: gpu-and-nodes sheet, 1.6 and 8 (1, 8) */
const WAITS: Readonly<Record<string, string>> = {
  'driver-validation': 'no working driver on the machine: nvidia-smi must run there',
  'toolkit-validation': 'the container toolkit has not set up containerd',
  'cuda-validation': 'CUDA does not compute in a container',
  'plugin-validation': 'the device plugin has not offered a card',
};

function whyStuck({ status }: Pod): string | undefined {
  if (status.phase === 'Succeeded') return undefined;
  const init = status.initContainerStatuses?.find((it) => it.state?.terminated?.exitCode !== 0);
  if (init) {
    const waits = WAITS[init.name];
    return `waits in its init container ${init.name}${waits === undefined ? '' : `: ${waits}`}`;
  }
  const all = status.containerStatuses ?? [];
  if (all.length > 0 && all.every(({ ready }) => ready)) return undefined;
  const waiting = all.find((it) => it.state?.waiting)?.state?.waiting;
  const said = [waiting?.reason, waiting?.message].filter((it) => it !== undefined).join(': ');
  return said === '' ? `is ${status.phase ?? 'not there yet'}` : said;
}

/** As people read it: "nvidia-device-plugin-daemonset-x2x4z waits in …". */
export const shownStuck = (all: readonly Stuck[]): string => all.map(({ pod, why }) => `${pod} ${why}`).join('; ');
