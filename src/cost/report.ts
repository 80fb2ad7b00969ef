import type { Cluster } from '../config/schema.ts';
import { type Draw, drawOf } from './power.ts';
import { type Amount, type CardSeen, type NodeSeen, sumOf, type Use, type Volume } from './read.ts';
import type { Prices, Watts } from './tables.ts';

type Currency = NonNullable<Cluster['cost']>['currency'];
type Settings = Pick<NonNullable<Cluster['cost']>, 'currency' | 'kilowattHour' | 'watts'>;
type GpuRow = Prices['gpus'][number];

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

/** A machine of the cluster, with what it costs for a month. */
export interface NodeCosts extends Costs {
  readonly name: string;
  readonly capacity: Amount;
  /** What pods take of it. */
  readonly used: Amount;
  readonly cards: readonly PricedCard[];
  /** Watts, where they are from, and that as a sentence. */
  readonly draw: Draw;
}

/** A namespace, with its share of the machines and its volumes. */
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
  const rates = ratesOf(prices, currency);
  const priced = sight.nodes.map((node) => pricedNode(node, sight.uses, { settings, prices, watts, rates }));
  const nodes = priced.map(({ costs }) => costs);
  const namespaces = namespacesOf(sight, priced, rates);
  const gib = sum(sight.volumes.map((it) => it.gib));
  const volumes = { gib, cloud: gib * rates.perGib };
  const total = { cloud: sum(nodes.map((it) => it.cloud)) + volumes.cloud, home: sum(nodes.map((it) => it.home)) };
  const idle = (key: keyof Costs) => Math.max(0, total[key] - sum(namespaces.map((it) => it[key])));
  return rounded({
    ...{ currency, kilowattHour, hoursPerMonth: prices.hoursPerMonth, basis: sight.basis },
    ...(sight.openCostTotal === undefined ? {} : { openCostTotal: sight.openCostTotal }),
    ...{ nodes, namespaces, volumes, total },
    idle: { cloud: idle('cloud'), home: idle('home') },
    sources: sourcesOf(prices, new Set(priced.flatMap(({ rows }) => rows)), currency),
    gaps: gapsOf(nodes, sight.nodes),
  });
}

/** What the price list asks for a month, in the currency of the report. */
interface Rates {
  monthly(perHour: number): number;
  ofAmount(amount: Pick<Amount, 'cpu' | 'memory'>): number;
  /** For a GiB of volumes. */
  readonly perGib: number;
}

function ratesOf(prices: Prices, currency: Currency): Rates {
  const rate = exchangeOf(prices, currency)?.rate ?? 1;
  const monthly = (perHour: number) => perHour * prices.hoursPerMonth * rate;
  return {
    monthly,
    ofAmount: ({ cpu, memory }) => monthly(cpu * prices.cpu.perHour + memory * prices.memory.perHour),
    perGib: prices.storage.perMonth * rate,
  };
}

/** The price list is in dollars. */
function exchangeOf(
  { exchange }: Prices,
  currency: Currency,
): Prices['exchange'][keyof Prices['exchange']] | undefined {
  return currency === 'USD' ? undefined : exchange[currency];
}

interface PricedNode {
  readonly costs: NodeCosts;
  readonly perGpu: number;
  /** Rows of the price list that its cards were found in. */
  readonly rows: readonly GpuRow[];
}

function pricedNode(
  node: NodeSeen,
  uses: readonly Use[],
  { settings, prices, watts, rates }: { settings: Settings; prices: Prices; watts: Watts; rates: Rates },
): PricedNode {
  const { name, capacity } = node;
  const found = (node.cards ?? []).map((card) => ({ ...card, row: gpuRow(prices, card) }));
  const cards = found.map(({ model, row }): PricedCard => {
    if (!row) return { model, cloud: 0 };
    const cloud = rates.monthly(row.perHour) - (row.host ? rates.ofAmount(row.host) : 0);
    return { model, cloudCard: row.cloud, cloud };
  });
  const ofCards = sum(cards.map((it) => it.cloud));
  const used = sumOf(uses.filter((use) => use.node === name));
  const asked = { cpu: share(used.cpu, capacity.cpu), gpu: share(used.gpu, capacity.gpu) };
  const inFile = Object.hasOwn(settings.watts, name) ? settings.watts[name] : undefined;
  const draw = drawOf(watts, inFile, node.power, node.cards ?? [], asked);
  const cloud = rates.ofAmount(capacity) + ofCards;
  const home = (draw.watts / 1000) * prices.hoursPerMonth * settings.kilowattHour;
  return {
    costs: { name, capacity, used, cards, draw, cloud, home },
    perGpu: capacity.gpu > 0 ? ofCards / capacity.gpu : 0,
    rows: found.flatMap(({ row }) => row ?? []),
  };
}

function namespacesOf({ uses, volumes }: CostSight, nodes: readonly PricedNode[], rates: Rates): NamespaceCosts[] {
  const nodeOf = (use: Use) => nodes.find(({ costs }) => costs.name === use.node);
  const cloudOf = (use: Use) => rates.ofAmount(use) + use.gpu * (nodeOf(use)?.perGpu ?? 0);
  const homeOf = (use: Use) => {
    const node = nodeOf(use)?.costs;
    return node ? node.home * share(cloudOf(use), node.cloud) : 0;
  };
  const names = new Set([...uses, ...volumes].map(({ namespace }) => namespace));
  return [...names].sort().map((name) => {
    const own = uses.filter(({ namespace }) => namespace === name);
    const gib = sum(volumes.filter(({ namespace }) => namespace === name).map((it) => it.gib));
    const cloud = sum(own.map(cloudOf)) + gib * rates.perGib;
    return { name, used: sumOf(own), volumes: gib, cloud, home: sum(own.map(homeOf)) };
  });
}

function sourcesOf(prices: Prices, rows: ReadonlySet<GpuRow>, currency: Currency): Cited[] {
  const exchange = exchangeOf(prices, currency);
  return [
    ...[prices.cpu, prices.memory, prices.storage].map(({ product, asOf, source }) => ({
      what: product,
      asOf,
      source,
    })),
    ...[...rows].map(({ cloud, product, asOf, source }) => ({ what: `${cloud} (${product})`, asOf, source })),
    ...(exchange
      ? [{ what: `1 USD = ${exchange.rate} ${currency}`, asOf: exchange.asOf, source: exchange.source }]
      : []),
  ];
}

/** No digits that only the arithmetic made: four after the point. */
function rounded(report: CostReport): CostReport {
  return JSON.parse(JSON.stringify(report, (_, it) => (typeof it === 'number' ? Math.round(it * 1e4) / 1e4 : it)));
}

/** By its name; else by its memory, where the driver says how much it has. */
function gpuRow({ gpus }: Prices, { model, gib = Number.NaN }: CardSeen): GpuRow | undefined {
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
