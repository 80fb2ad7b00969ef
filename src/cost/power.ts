import type { Watts } from './tables.ts';

/** What a machine said of itself and of its power. */
export interface PowerSeen {
  /** As `uname -m` has it: `x86_64`. */
  readonly machine: string;
  /** Number of SMBIOS; NaN where there is none. */
  readonly chassis: number;
  /** Watts of processors and memory at this moment; undefined where nothing counts them. */
  readonly processor?: number;
  /** Watts of cards at this moment, by slot as `/sys/bus/pci/devices` spells it. */
  readonly cards: ReadonlyMap<string, number>;
}

/** What `powerAsk` answered. */
export function powerOf(text: string): PowerSeen {
  const [before = '', after = ''] = text.split(/^cards$/m);
  const [, machine = '', chassis = ''] = /^machine (\S+) *(\d*)$/m.exec(before) ?? [];
  const looks = before.split(/^at /m).slice(1).map(lookOf);
  const processor = looks[0] && looks[1] ? between(looks[0], looks[1]) : undefined;
  return {
    machine,
    chassis: chassis === '' ? Number.NaN : Number(chassis),
    ...(processor === undefined ? {} : { processor }),
    cards: new Map(after.split('\n').flatMap(cardOf)),
  };
}

interface Look {
  readonly atS: number;
  /** Microjoules since some time, and where the counter starts anew, by zone. */
  readonly zones: ReadonlyMap<string, { readonly energy: number; readonly range: number }>;
}

function lookOf(text: string): Look {
  const [at = '', ...rows] = text.split('\n');
  const zones = rows.flatMap((row) => {
    const [name = '', zone = '', energy, range] = row.split(' ');
    // core and uncore are parts of the package; psys is the machine with the package in it, on some laptops only.
    if (!/^(package-\d+|dram)$/.test(name)) return [];
    return [[zone, { energy: Number(energy), range: Number(range) }] as const];
  });
  return { atS: Number(at), zones: new Map(zones) };
}

/** Watts between two looks. A counter that does not move counts nothing: a virtual machine has such ones. */
function between(first: Look, second: Look): number | undefined {
  const seconds = second.atS - first.atS;
  const joules = [...second.zones].map(([zone, { energy, range }]) => {
    const before = first.zones.get(zone)?.energy ?? Number.NaN;
    return (energy < before ? energy + range - before : energy - before) / 1e6;
  });
  const watts = joules.reduce((sum, it) => sum + it, 0) / seconds;
  return seconds > 0 && Number.isFinite(watts) && watts > 0 ? watts : undefined;
}

function cardOf(row: string): [string, number][] {
  const [bus = '', draw = ''] = row.split(', ');
  const watts = Number.parseFloat(draw);
  // It writes eight digits of the domain, the kernel four.
  return Number.isNaN(watts) ? [] : [[bus.toLowerCase().replace(/^0000(?=[0-9a-f]{4}:)/, ''), watts]];
}

/** A card as far as its power is concerned. */
export interface PoweredCard {
  readonly slot: string;
  readonly model: string;
}

export type WattsFrom = 'file' | 'measured' | 'table';

/** What a machine draws on average, and where that is from. */
export interface Draw {
  readonly watts: number;
  readonly from: readonly WattsFrom[];
  /** One sentence for people. */
  readonly says: string;
}

/**
 * What the file says, because a meter at the wall sees more than the machine does; else what is measured; else the table,
 * and for cards between idle and load by what pods ask for. `asked`: shares from 0 to 1.
 */
export function drawOf(
  table: Watts,
  inFile: number | undefined,
  seen: PowerSeen | undefined,
  cards: readonly PoweredCard[],
  asked: { readonly cpu: number; readonly gpu: number },
): Draw {
  if (inFile !== undefined) return { watts: inFile, from: ['file'], says: 'the cluster file' };
  const { board, loss } = table.unseen;
  const ofCards = cards.map((card) => cardDraw(table, card, seen, asked.gpu));
  const measured = ofCards.some((it) => it.from === 'measured');
  const fromTable = ofCards.filter((it) => it.from === 'table');
  // The table has what is drawn at the wall; what a card says of itself is behind the power supply.
  const cardWatts = sum(ofCards.map(({ watts, from }) => (from === 'measured' ? watts * (1 + loss.share) : watts)));
  const unknown = ofCards.filter((it) => it.from === 'unknown').map((it) => it.model);
  const missing = unknown.length === 0 ? '' : `; not counted: ${unknown.join(', ')}`;
  if (seen?.processor !== undefined) {
    const says = `measured: processor ${Math.round(seen.processor)} W${cardWords(ofCards)}; with board and power supply`;
    const watts = (seen.processor + board.watts) * (1 + loss.share) + cardWatts;
    return { watts, from: fromTable.length > 0 ? ['measured', 'table'] : ['measured'], says: says + missing };
  }
  const kind = machineKind(table, seen);
  const watts = kind.idle + (kind.load - kind.idle) * asked.cpu + cardWatts;
  const says = `table: ${kind.kind}${cardWords(ofCards)}`;
  return { watts, from: measured ? ['measured', 'table'] : ['table'], says: says + missing };
}

interface CardDraw {
  readonly model: string;
  readonly watts: number;
  readonly from: 'measured' | 'table' | 'unknown';
}

function cardDraw(table: Watts, card: PoweredCard, seen: PowerSeen | undefined, asked: number): CardDraw {
  const { model } = card;
  const now = seen?.cards.get(card.slot);
  if (now !== undefined) return { model, watts: now, from: 'measured' };
  const known = table.gpus.find(({ models }) => models.test(model));
  if (!known) return { model, watts: 0, from: 'unknown' };
  return { model, watts: known.idle + (known.load - known.idle) * asked, from: 'table' };
}

function cardWords(cards: readonly CardDraw[]): string {
  const of = (from: CardDraw['from'], word: string) => {
    const found = cards.filter((it) => it.from === from);
    return found.length === 0 ? '' : `, cards ${Math.round(sum(found.map(({ watts }) => watts)))} W ${word}`;
  };
  return of('measured', 'measured') + of('table', 'by the table');
}

/** The first kind that fits; the last one is for every machine. */
function machineKind({ machines }: Watts, seen: PowerSeen | undefined): Watts['machines'][number] {
  const arch = seen?.machine === 'aarch64' ? 'arm64' : 'amd64';
  const fits = machines.find(
    (it) => (it.arch === undefined || it.arch === arch) && (it.chassis?.includes(seen?.chassis ?? Number.NaN) ?? true),
  );
  if (!fits) throw new Error('templates/cost/watts.yaml has no kind for every machine');
  return fits;
}

const sum = (all: readonly number[]): number => all.reduce((total, it) => total + it, 0);
