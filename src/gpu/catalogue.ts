import { templateData } from '../templates.ts';
import type { Card } from './cards.ts';

type Modules = 'open' | 'proprietary' | 'either';

interface Generation {
  readonly name: string;
  readonly ids: readonly string[];
  readonly modules: Modules;
  readonly upTo?: number;
}

interface Catalogue {
  readonly nvidia: {
    readonly oldest: string;
    readonly newest: string;
    readonly generations: readonly Generation[];
    readonly branches: readonly string[];
  };
  readonly amd: { readonly rocm: readonly string[] };
}

function catalogue(): Catalogue {
  return templateData('gpu/cards.yaml') as unknown as Catalogue;
}

/** What a card can do for pods. */
export type Ability =
  | { readonly can: true; readonly says: string; readonly generation?: Generation }
  /** `says`: why not. */
  | { readonly can: false; readonly says: string };

const NEWER: Generation = { name: 'newer than this mlk8s knows', ids: [], modules: 'open' };

/** By its PCI id, see templates/gpu/cards.yaml. */
export function abilityOf({ vendor, device }: Card): Ability {
  const { nvidia, amd } = catalogue();
  if (vendor === 'AMD') {
    return isIn(amd.rocm, device)
      ? { can: true, says: 'can compute with ROCm (mlk8s does not set that up)' }
      : { can: false, says: `ROCm does not support it (1002:${device})` };
  }
  if (vendor === 'Intel') return { can: true, says: 'can compute with oneAPI (mlk8s does not set that up)' };
  const generation = nvidia.generations.find(({ ids }) => isIn(ids, device));
  if (generation) return { can: true, says: generation.name, generation };
  if (device < nvidia.oldest) return { can: false, says: 'too old: no driver of today knows it' };
  if (device >= nvidia.newest) return { can: true, says: NEWER.name, generation: NEWER };
  return { can: false, says: `not known as a graphics card (10de:${device})` };
}

/** Hexadecimal numbers of four digits sort like texts. */
function isIn(ids: readonly string[], device: string): boolean {
  return ids.some((range) => {
    const [first = '', last = first] = range.split('-');
    return first <= device && device <= last;
  });
}

/** NVIDIA cards that a driver of today serves and that are not kept for virtual machines. */
export function servable(cards: readonly Card[]): Card[] {
  return cards.filter((card) => card.vendor === 'NVIDIA' && card.driver !== 'vfio-pci' && abilityOf(card).can);
}

/**
 * Drivers that serve all of these cards, the preferred one first, as Ubuntu spells them in names of packages:
 * `595-server-open`. None: some card needs the open modules and another one the proprietary ones.
 */
export function driversFor(cards: readonly Card[]): string[] {
  const generations = cards.flatMap((card) => {
    const ability = abilityOf(card);
    return ability.can && ability.generation ? [ability.generation] : [];
  });
  const needs = (modules: Modules) => generations.some((it) => it.modules === modules);
  if (needs('open') && needs('proprietary')) return [];
  const last = Math.min(...generations.map(({ upTo }) => upTo ?? Number.POSITIVE_INFINITY));
  const branches = catalogue().nvidia.branches.filter((branch) => Number.parseInt(branch, 10) <= last);
  return branches.map((branch) => (needs('proprietary') ? branch : `${branch}-open`));
}

/** All drivers that mlk8s can install. */
export function allDrivers(): string[] {
  return catalogue().nvidia.branches.flatMap((branch) => [`${branch}-open`, branch]);
}

/** Which sort of modules a card takes, for people. */
export function modulesOf(card: Card): Modules {
  const ability = abilityOf(card);
  return ability.can ? (ability.generation?.modules ?? 'either') : 'either';
}
