import * as z from 'zod';
import type { World } from '../engine/types.ts';
import { type Card, cardsOf } from '../gpu/cards.ts';
import { servable } from '../gpu/catalogue.ts';
import { smiAsk, smiCards } from '../gpu/smi.ts';
import { jsonOf, nodesAsk } from '../resources/kube.ts';
import { powerAsk, requestsAsk, volumesAsk } from './asks.ts';
import { type PowerSeen, powerOf } from './power.ts';

/** The resource that NVIDIA cards, or shares of them, are offered as. */
const GPU = 'nvidia.com/gpu';
const GIB = 1024 ** 3;

/** Cores, GiB of memory, and cards as a machine offers them: with sharing there are more than it has. */
export interface Amount {
  readonly cpu: number;
  readonly memory: number;
  readonly gpu: number;
}

/** An NVIDIA card that pods can use. */
export interface CardSeen extends Pick<Card, 'slot' | 'model'> {
  /** GiB; undefined where the driver does not say. */
  readonly gib?: number;
}

/** A machine of the cluster. */
export interface NodeSeen {
  readonly name: string;
  /** What it has; of cards, what it offers to pods. */
  readonly capacity: Amount;
  /** Undefined: the machine itself was not asked, or did not answer. */
  readonly cards?: readonly CardSeen[];
  readonly power?: PowerSeen;
}

/** What pods of one namespace take of one machine. */
export interface Use extends Amount {
  readonly node: string;
  readonly namespace: string;
}

/** GiB of volumes. */
export interface Volume {
  readonly namespace: string;
  readonly gib: number;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 1024, Mi: 1024 ** 2, Gi: GIB, Ti: 1024 ** 4, Pi: 1024 ** 5, Ei: 1024 ** 6 },
};

/** An amount as Kubernetes writes it: `250m`, `32Gi`, `1e3`; 0 for what is none. */
export function quantity(text: string): number {
  const [, number = '', unit = ''] = /^([+-]?[\d.]+(?:e[+-]?\d+)?)([numkMGTPE]i?|Ki)?$/.exec(text.trim()) ?? [];
  const value = Number(number) * (UNITS[unit] ?? Number.NaN);
  return number === '' || Number.isNaN(value) ? 0 : value;
}

const amounts = z.record(z.string(), z.union([z.string(), z.number()]).transform(String));
const nodeList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({ capacity: amounts.default({}), allocatable: amounts.default({}) }),
    }),
  ),
});

/** The machines of the cluster; undefined when nobody said. */
export function nodesSeen(world: World): NodeSeen[] | undefined {
  const text = told(world, nodesAsk.key);
  const list = text === undefined ? undefined : jsonOf(text, nodeList);
  return list?.items.map(({ metadata: { name }, status: { capacity, allocatable } }) => {
    const cards = cardsSeen(world, name);
    const power = world.text({ host: name }, powerAsk(name).key);
    return {
      name,
      capacity: {
        cpu: quantity(capacity.cpu ?? ''),
        memory: quantity(capacity.memory ?? '') / GIB,
        gpu: quantity(allocatable[GPU] ?? ''),
      },
      ...(cards ? { cards } : {}),
      ...(power === undefined ? {} : { power: powerOf(power) }),
    };
  });
}

function cardsSeen(world: World, host: string): CardSeen[] | undefined {
  const cards = cardsOf(world, host);
  if (!cards) return undefined;
  const smi = world.answer({ host }, smiAsk(host).key);
  const live = new Map(smi.kind === 'bytes' ? smiCards(smi).map((it) => [it.slot, it.memory / 1024]) : []);
  return servable(cards).map(({ slot, model }) => {
    const gib = live.get(slot);
    return { slot, model, ...(gib === undefined || Number.isNaN(gib) ? {} : { gib }) };
  });
}

/** What pods ask for that have a machine and have not ended; undefined when nobody said. */
export function requestsSeen(world: World): Use[] | undefined {
  const text = told(world, requestsAsk.key);
  return text?.split('\n').flatMap((line) => {
    const [namespace = '', node = '', phase, overhead = '', containers = '', inits = ''] = line.split('\t');
    if (node === '' || phase === 'Succeeded' || phase === 'Failed') return [];
    const running = sumOf(objectsIn(containers).map(requested));
    const before = objectsIn(inits).map(requested);
    // Init containers run before the others, one after the other: the largest counts.
    const most = (key: keyof Amount) => Math.max(running[key], ...before.map((it) => it[key]));
    const asked = { cpu: most('cpu'), memory: most('memory'), gpu: most('gpu') };
    return [{ namespace, node, ...sumOf([asked, ...objectsIn(overhead).map(amountOf)]) }];
  });
}

/** Sizes of volumes that are there; undefined when nobody said. */
export function volumesSeen(world: World): Volume[] | undefined {
  return told(world, volumesAsk.key)
    ?.split('\n')
    .flatMap((line) => {
      const [namespace = '', phase, size = ''] = line.split('\t');
      return phase === 'Bound' ? [{ namespace, gib: quantity(size) / GIB }] : [];
    });
}

function told(world: World, key: string): string | undefined {
  const answer = world.answer('cluster', key);
  return answer.kind === 'bytes' && answer.status === 0 && !answer.cut ? answer.text : undefined;
}

/** Objects that kubectl printed with a blank between two; nothing inside of them has one. */
function objectsIn(text: string): Record<string, unknown>[] {
  const parsed = jsonOf(`[${text.replaceAll('} {', '},{')}]`, z.array(z.record(z.string(), z.unknown())));
  return parsed ?? [];
}

/** What a container asks for. Who only has a limit asks for as much. */
function requested({ requests, limits }: Record<string, unknown>): Amount {
  const [asked, most] = [amounts.safeParse(requests).data, amounts.safeParse(limits).data];
  return amountOf({ ...most, ...asked });
}

function amountOf(of: Record<string, unknown>): Amount {
  const value = (key: string) => quantity(String(of[key] ?? ''));
  return { cpu: value('cpu'), memory: value('memory') / GIB, gpu: value(GPU) };
}

/** All of them together. */
export function sumOf(all: readonly Amount[]): Amount {
  const sum = (key: keyof Amount) => all.reduce((total, it) => total + it[key], 0);
  return { cpu: sum('cpu'), memory: sum('memory'), gpu: sum('gpu') };
}
