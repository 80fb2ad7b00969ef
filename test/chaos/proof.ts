import { setTimeout as wait } from 'node:timers/promises';
import type { Run } from '../acceptance/user.ts';
import { type Disturbed, disturb, type Yardstick } from './disturb.ts';
import { afterwards, whileInterrupted } from './invariants.ts';
import type { Point, Sample } from './points.ts';
import type { Dump, Stage, World } from './stage.ts';

/** What came of one point. */
export interface Result {
  readonly point: Point;
  /** What the first run was at, and how it ended. */
  readonly during: string;
  readonly first: string;
  /** Jobs that the next run followed, changes that it made, and its real seconds. */
  readonly followed: number;
  readonly applied: number;
  readonly seconds: number;
  readonly wrong: readonly string[];
  /** Where the machines are, kept to be looked at. */
  readonly kept?: string;
}

/** What the disturbed runs of one sample are compared with. */
export interface Undisturbed {
  readonly yard: Yardstick;
  readonly whole: Dump;
}

/** Times that a moment is drawn nearer when a run had ended before it came. */
const TRIES = 6;
const NEARER = 0.85;
/** Model seconds: a workstation that is gone without a word holds the lock for 30 s. */
const LOCK_WAIT_S = 600;
const THIRD_EVERY = 10;
const POWER_MS = 60_000;

/** One first `up` that nobody disturbs, on machines that are as busy as those of the points. */
export async function undisturbed(stage: Stage, sample: Sample): Promise<Undisturbed> {
  const world = await stage.fresh(sample);
  try {
    const start = performance.now();
    const run = await world.up('same').end;
    const seconds = (performance.now() - start) / 1000;
    if (run.code !== 0) throw new Error(`the undisturbed up of ${sample} ended with ${run.code}: ${tail(run)}`);
    const yard = { ...(await world.sent()), seconds, events: run.events.length };
    return { yard, whole: await world.dump('same') };
  } finally {
    await world.leave();
  }
}

/** Disturbs one first `up`, runs the next, looks at everything. `keep`: leaves the machines of a failure behind. */
export async function prove(stage: Stage, point: Point, on: Undisturbed, keep: boolean): Promise<Result> {
  let { share } = point;
  for (let tries = 0; tries < TRIES; tries++, share *= NEARER) {
    const world = await stage.fresh(point.sample);
    let isKept = false;
    try {
      const disturbed = await disturb(world, { ...point, share }, on.yard);
      if (!disturbed) continue;
      const result = await goOn(world, { ...point, share }, disturbed, on);
      isKept = keep && result.wrong.length > 0;
      return isKept ? { ...result, kept: world.place } : result;
    } finally {
      if (!isKept) await world.leave();
    }
  }
  return unproved(point, `the run ended before the moment came, ${TRIES} times`);
}

async function goOn(world: World, point: Point, disturbed: Disturbed, on: Undisturbed): Promise<Result> {
  const wrong = whileInterrupted(await world.dump('same'), on.whole);
  if (point.what === 'power' || point.what === 'blackout') await awaitPower(world);
  const run = await world.up(point.next, { lockWaitS: point.what === 'vanish' ? LOCK_WAIT_S : 0 }).end;
  const followed = run.events.filter((event) => event.event === 'follow').length;
  if (run.code !== 0) wrong.push(`the next up ended with ${run.code}:\n${tail(run)}`);
  if (point.what === 'kill-in-job' && followed === 0) wrong.push('the next up did not follow the job that ran');
  wrong.push(...(await afterwards(world, point, disturbed, on.whole)));
  if (point.number % THIRD_EVERY === 0) wrong.push(...(await third(world, point)));
  const { during } = disturbed;
  return {
    point,
    during,
    first: disturbed.run.code === null ? 'killed' : `ended with ${disturbed.run.code}`,
    followed,
    applied: run.summary?.applied ?? 0,
    seconds: run.summary?.seconds ?? 0,
    wrong,
  };
}

/** Nobody goes on before the machines are on again. */
async function awaitPower(world: World): Promise<void> {
  const isOn = (name: string) =>
    world.exec(name, 'true').then(
      () => true,
      () => false,
    );
  for (const end = Date.now() + POWER_MS; Date.now() < end; await wait(50)) {
    if ((await Promise.all(world.machines.map(isOn))).every((on) => on)) return;
  }
  throw new Error('the machines do not come back');
}

/** Nothing is left to do, and one exec per machine shows it. */
async function third(world: World, point: Point): Promise<string[]> {
  const { code, summary } = await world.up(point.next).end;
  const execs = Object.values(summary?.execs ?? {});
  const isQuiet = code === 0 && summary.changes === 0 && execs.every((count) => count === 1);
  return isQuiet ? [] : [`a third up ended with ${code}: ${JSON.stringify(summary)}`];
}

/** The result of a point that could not be played. */
export function unproved(point: Point, why: string): Result {
  return { point, during: '', first: 'was not hit', followed: 0, applied: 0, seconds: 0, wrong: [why] };
}

function tail({ stdout, stderr }: Run): string {
  const lines = stdout.split('\n').filter((line) => /"event":"(failed|problem|dropped|locked|summary)"/.test(line));
  return [...lines, stderr].join('\n').slice(-4000);
}
