/** What happens to a first `up`. */
export type What =
  /** SIGKILL of the CLI. */
  | 'kill'
  /** The same, while a job on a machine waits for apt's lock: the next run has something to follow. */
  | 'kill-in-job'
  /** The workstation is gone without a word: its connections freeze, and nobody hangs up. */
  | 'vanish'
  /** All connections of one machine break. */
  | 'drop'
  /** All connections of one machine go silent. */
  | 'freeze'
  /** One machine loses its power, and comes back. */
  | 'power'
  /** All machines and the workstation lose their power. */
  | 'blackout';

/** In what its moment is counted: seconds, events that it said, execs or bytes that went over the network. */
export type Unit = 'time' | 'event' | 'exec' | 'byte';

export type Sample = 'two-nodes' | 'home-lab';

/** One way to disturb one first `up`. */
export interface Point {
  readonly number: number;
  readonly sample: Sample;
  readonly what: What;
  readonly unit: Unit;
  /** The moment as a share of the undisturbed run, in `unit`. */
  readonly share: number;
  /** For what happens to one machine: which, as a share of the list of machines. */
  readonly machine: number;
  /** Who types `up` again: the same person, or another one with a workstation that knows nothing. */
  readonly next: 'same' | 'other';
}

type Class = readonly [what: What, unit: Unit, next: Point['next']];

/** Twenty in a row: any count of points has about the same mix. */
const REHEARSAL_MIX: readonly Class[] = [
  ['kill', 'time', 'same'],
  ['kill', 'event', 'same'],
  ['drop', 'byte', 'same'],
  ['kill', 'exec', 'same'],
  ['kill', 'time', 'other'],
  ['power', 'time', 'same'],
  ['kill-in-job', 'time', 'same'],
  ['kill', 'event', 'same'],
  ['freeze', 'byte', 'same'],
  ['kill', 'exec', 'same'],
  ['kill', 'time', 'same'],
  ['drop', 'exec', 'same'],
  ['kill', 'time', 'same'],
  ['kill', 'event', 'same'],
  ['power', 'byte', 'same'],
  ['kill', 'exec', 'same'],
  ['vanish', 'time', 'other'],
  ['kill', 'time', 'same'],
  ['drop', 'byte', 'same'],
  ['blackout', 'time', 'same'],
];
/** In the lab nothing counts execs and bytes. */
const LAB_MIX: readonly Class[] = [
  ['kill', 'time', 'same'],
  ['kill', 'event', 'same'],
  ['power', 'time', 'same'],
  ['kill', 'time', 'other'],
  ['drop', 'time', 'same'],
  ['kill', 'time', 'same'],
  ['kill', 'event', 'same'],
  ['kill', 'time', 'same'],
  ['power', 'time', 'same'],
  ['kill', 'event', 'same'],
  ['kill', 'time', 'same'],
  ['drop', 'time', 'same'],
  ['kill', 'time', 'other'],
  ['kill', 'event', 'same'],
  ['kill', 'time', 'same'],
  ['power', 'time', 'same'],
  ['kill', 'time', 'same'],
  ['kill', 'event', 'same'],
  ['blackout', 'time', 'same'],
  ['kill', 'time', 'same'],
];

/** Prime to the length of the mix: each kind of point comes to the large sample in its turn. */
const LARGE_EVERY = 11;
/** Before, nothing was started; after, nothing is left to do. */
const FIRST_SHARE = 0.03;
const LAST_SHARE = 0.98;

/** The points of a seed. Those of one kind are spread evenly over the run, each somewhere in its own part of it. */
export function choosePoints(count: number, seed: number, isLab: boolean): Point[] {
  const mix = isLab ? LAB_MIX : REHEARSAL_MIX;
  const random = randomNumbers(seed);
  const name = ([what, unit, next]: Class) => `${what} ${unit} ${next}`;
  const classes = Array.from({ length: count }, (_, i) => mix[i % mix.length] as Class);
  const places = new Map<string, number[]>();
  for (const each of classes) {
    const key = name(each);
    if (places.has(key)) continue;
    const many = classes.filter((other) => name(other) === key).length;
    places.set(key, shuffled(many, random));
  }
  return classes.map((each, i) => {
    const [what, unit, next] = each;
    const mine = places.get(name(each)) ?? [];
    const many = classes.filter((other) => name(other) === name(each)).length;
    const share = ((mine.pop() ?? 0) + random()) / many;
    return {
      number: i + 1,
      sample: !isLab && i % LARGE_EVERY === LARGE_EVERY - 1 ? 'home-lab' : 'two-nodes',
      what,
      unit,
      share: FIRST_SHARE + share * (LAST_SHARE - FIRST_SHARE),
      machine: random(),
      next,
    };
  });
}

/** As it stands in lines and titles. */
export function describePoint({ sample, what, unit, share, next }: Point): string {
  const of = { time: 'the time', event: 'its events', exec: 'its execs', byte: 'its bytes' }[unit];
  if (what === 'kill-in-job') return `kill while a job waits for apt's lock, ${sample}`;
  const who = next === 'other' ? ', another workstation goes on' : '';
  return `${what} at ${(share * 100).toFixed(0)} % of ${of}, ${sample}${who}`;
}

function shuffled(count: number, random: () => number): number[] {
  const all = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j] as number, all[i] as number];
  }
  return all;
}

/** mulberry32: equal numbers for equal seeds, everywhere. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
