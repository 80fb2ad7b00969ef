import type { Cluster } from '../config/schema.ts';
import { type Draw, drawOf } from './power.ts';
import { type Amount, type CardSeen, type NodeSeen, sumOf, type Use, type Volume } from './read.ts';
import type { Prices, Watts } from './tables.ts';

type Currency = NonNullable<Cluster['cost']>['currency'];
type Settings = Pick<NonNullable<Cluster['cost']>, 'currency' | 'kilowattHour' | 'watts'>;

/** What a row costs for a month, in the currency of the report. */
export interface Costs {
  readonly cloud: number;
  readonly home: number;
}

/** A card, and the one of a cloud that stands for it; none where the list has no such card. */
export interface PricedCard {
  readonly model: string;
  readonly cloudCard?: string;
  readonly cloud: number;
}

export interface NodeCosts extends Costs {
  readonly name: string;
  readonly capacity: Amount;
  /** What pods take of it. */
  readonly used: Amount;
  readonly cards: readonly PricedCard[];
  /** Watts, where they are from, and that as a sentence. */
  readonly draw: Draw;
}

export interface NamespaceCosts extends Costs {
  readonly name: string;
  readonly used: Amount;
  /** GiB. */
  readonly volumes: number;
}

/** A figure that was reckoned with, and where it is from. */
export interface Cited {
  readonly what: string;
  readonly asOf: string;
  readonly source: string;
}

/** What a cluster costs for a month. */
export interface CostReport {
  readonly currency: Currency;
  readonly hoursPerMonth: number;
  /** `opencost`: what pods took in the last hours; `requests`: what they ask for now. */
  readonly basis: { readonly from: 'requests' } | { readonly from: 'opencost'; readonly hours: number };
  readonly kilowattHour: number;
  /** What OpenCost itself says that these hours cost, in the currency of the price list. */
  readonly openCostTotal?: number;
  readonly nodes: readonly NodeCosts[];
  readonly namespaces: readonly NamespaceCosts[];
  /** What no pod has. */
  readonly idle: Costs;
  /** GiB of all volumes, and what they cost in a cloud; at home they are drawn by the machines. */
  readonly volumes: { readonly gib: number; readonly cloud: number };
  readonly total: Costs;
  readonly sources: readonly Cited[];
  /** What could not be reckoned, a sentence each. */
  readonly gaps: readonly string[];
}

/** What is known of a cluster. */
export interface CostSight {
  readonly nodes: readonly NodeSeen[];
  readonly uses: readonly Use[];
  readonly volumes: readonly Volume[];
  readonly basis: CostReport['basis'];
  readonly openCostTotal?: number;
}

/** The bill of a cluster. Pure: the same sight and the same tables give the same report. */
export function reportOf(sight: CostSight, settings: Settings, prices: Prices, watts: Watts): CostReport {
  const { currency, kilowattHour } = settings;
  const month = prices.hoursPerMonth;
  const rate = currency === 'USD' ? undefined : prices.exchange[currency];
  const monthly = (perHour: number) => perHour * month * (rate?.rate ?? 1);
  const ofAmount = ({ cpu, memory }: Pick<Amount, 'cpu' | 'memory'>) =>
    monthly(cpu * prices.cpu.perHour + memory * prices.memory.perHour);
  const perGib = prices.storage.perMonth * (rate?.rate ?? 1);
  const used = new Set<Prices['gpus'][number]>();

  const nodes = sight.nodes.map((node): NodeCosts & { readonly perGpu: number } => {
    const cards = (node.cards ?? []).map((card): PricedCard => {
      const price = gpuPrice(prices, card);
      if (!price) return { model: card.model, cloud: 0 };
      used.add(price);
      const cloud = monthly(price.perHour) - (price.host ? ofAmount(price.host) : 0);
      return { model: card.model, cloudCard: price.cloud, cloud };
    });
    const { capacity } = node;
    const ofCards = sum(cards.map((it) => it.cloud));
    const taken = sumOf(sight.uses.filter((use) => use.node === node.name));
    const asked = { cpu: share(taken.cpu, capacity.cpu), gpu: share(taken.gpu, capacity.gpu) };
    const inFile = Object.hasOwn(settings.watts, node.name) ? settings.watts[node.name] : undefined;
    const draw = drawOf(watts, inFile, node.power, node.cards ?? [], asked);
    return {
      ...{ name: node.name, capacity, used: taken, cards, draw },
      cloud: ofAmount(capacity) + ofCards,
      home: (draw.watts / 1000) * month * kilowattHour,
      perGpu: capacity.gpu > 0 ? ofCards / capacity.gpu : 0,
    };
  });

  const cloudOf = (use: Use) => {
    const node = nodes.find(({ name }) => name === use.node);
    return ofAmount(use) + use.gpu * (node?.perGpu ?? 0);
  };
  const homeOf = (use: Use) => {
    const node = nodes.find(({ name }) => name === use.node);
    return node ? node.home * share(cloudOf(use), node.cloud) : 0;
  };
  const names = new Set([...sight.uses, ...sight.volumes].map(({ namespace }) => namespace));
  const namespaces = [...names].sort().map((name): NamespaceCosts => {
    const own = sight.uses.filter(({ namespace }) => namespace === name);
    const volumes = sum(sight.volumes.filter(({ namespace }) => namespace === name).map(({ gib }) => gib));
    const cloud = sum(own.map(cloudOf)) + volumes * perGib;
    return { name, used: sumOf(own), volumes, cloud, home: sum(own.map(homeOf)) };
  });

  const gib = sum(sight.volumes.map((it) => it.gib));
  const volumes = { gib, cloud: gib * perGib };
  const total = { cloud: sum(nodes.map((it) => it.cloud)) + volumes.cloud, home: sum(nodes.map((it) => it.home)) };
  const idle = (key: keyof Costs) => Math.max(0, total[key] - sum(namespaces.map((it) => it[key])));
  return rounded({
    ...{ currency, kilowattHour, hoursPerMonth: month, basis: sight.basis },
    ...(sight.openCostTotal === undefined ? {} : { openCostTotal: sight.openCostTotal }),
    nodes: nodes.map(({ perGpu: _, ...node }) => node),
    ...{ namespaces, volumes, total },
    idle: { cloud: idle('cloud'), home: idle('home') },
    sources: [
      ...[prices.cpu, prices.memory, prices.storage].map(({ product, asOf, source }) => ({
        what: product,
        asOf,
        source,
      })),
      ...[...used].map(({ cloud, product, asOf, source }) => ({ what: `${cloud} (${product})`, asOf, source })),
      ...(rate ? [{ what: `1 USD = ${rate.rate} ${currency}`, asOf: rate.asOf, source: rate.source }] : []),
    ],
    gaps: gapsOf(nodes, sight.nodes),
  });
}

/** No digits that only the arithmetic made: four after the point. */
function rounded(report: CostReport): CostReport {
  return JSON.parse(JSON.stringify(report, (_, it) => (typeof it === 'number' ? Math.round(it * 1e4) / 1e4 : it)));
}

/** By its name; else by its memory, where the driver says how much it has. */
function gpuPrice({ gpus }: Prices, { model, gib = Number.NaN }: CardSeen): Prices['gpus'][number] | undefined {
  const named = gpus.find(({ models }) => models.test(model));
  return named ?? gpus.find((it) => it.gib !== undefined && it.gib.from <= gib && gib < it.gib.to);
}

function gapsOf(costs: readonly NodeCosts[], seen: readonly NodeSeen[]): string[] {
  const unpriced = costs.flatMap(({ name, cards }) =>
    cards.flatMap(({ model, cloudCard }) => (cloudCard === undefined ? [`${model} of ${name}`] : [])),
  );
  const silent = seen.flatMap(({ name, cards }) => (cards === undefined ? [name] : []));
  return [
    ...(unpriced.length > 0
      ? [`The price list has no card like ${unpriced.join(', ')}: in a cloud they cost more.`]
      : []),
    ...(silent.length > 0
      ? [`Of ${silent.join(', ')} the cards are not known, and watts are those of the table.`]
      : []),
  ];
}

/** From 0 to 1. */
const share = (part: number, whole: number): number => (whole > 0 ? Math.min(1, part / whole) : 0);
const sum = (all: readonly number[]): number => all.reduce((total, it) => total + it, 0);
