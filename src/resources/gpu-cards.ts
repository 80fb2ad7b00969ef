import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { type Card, cardsAsk, parseCards } from '../gpu/cards.ts';
import { abilityOf } from '../gpu/catalogue.ts';
import { type SmiCard, smiAsk, smiCards } from '../gpu/smi.ts';
import { judged, ownHost, refused } from './answers.ts';
import type { Placed } from './declare.ts';

/** Which graphics cards a machine has and what they can do. Nothing to change: for people, and for other kinds. */
export type GpuCardsSpec = {
  /** How many pods share one NVIDIA card. */
  readonly sharing: number;
};

export function gpuCards({ id, on, needs, ...spec }: Placed & GpuCardsSpec): Declared<GpuCardsSpec> {
  return { kind: 'gpu-cards', id, on, needs, spec };
}

export const gpuCardsKind: Kind<GpuCardsSpec> = { kind: 'gpu-cards', transient: true, aside: true, asks, judge };

function asks(it: Declared<GpuCardsSpec>): Ask[] {
  const host = ownHost(it);
  return [cardsAsk(host), smiAsk(host)];
}

function judge(it: Declared<GpuCardsSpec>, world: World): Verdict {
  return judged(it, world, asks(it), (pci, smi) => {
    const cards = parseCards(pci.text);
    if (!cards) return cardsUnknown(it.id);
    if (cards.length === 0) return { verdict: 'ok', because: 'no graphics card' };
    const live = new Map(smiCards(smi).map((card) => [card.slot, card]));
    const because = cards.map((card) => `${card.model}: ${facts(card, live.get(card.slot), it.spec)}`).join('; ');
    return { verdict: 'ok', because, ...(cards.some(isOfInterest) ? { shown: true } : {}) };
  });
}

/** Nearly every machine has Intel's graphics inside its processor, always in this place. */
function isOfInterest({ slot, vendor }: Card): boolean {
  return vendor !== 'Intel' || slot !== '0000:00:02.0';
}

/** The refusal of every kind that has to know the cards. */
export function cardsUnknown(where: string): Verdict {
  const why = 'something under /sys/bus/pci could not be read to its end';
  return refused(where, 'the list of graphics cards is not whole', why, 'look at it: ls /sys/bus/pci/devices');
}

function facts(card: Card, live: SmiCard | undefined, { sharing }: GpuCardsSpec): string {
  const ability = abilityOf(card);
  const driver = card.driver === '' ? 'no driver is loaded for it' : `driver ${card.driver}`;
  if (card.driver === 'vfio-pci') return `${ability.says}, kept for virtual machines (vfio-pci)`;
  if (!ability.can || card.vendor !== 'NVIDIA') return `${ability.says}, ${driver}`;
  if (!live) return `${ability.says}, ${driver}, nvidia-smi shows nothing of it`;
  const shown = [
    ability.says,
    ...(Number.isNaN(live.memory) ? [] : [`${live.memory} MiB`]),
    `driver ${live.driver}`,
    sharing > 1 ? `shared by ${sharing} pods` : 'one pod at a time',
    ...(Number.isNaN(live.temperature) ? [] : [`${live.temperature} °C`]),
  ];
  return shown.join(', ');
}
