import { setTimeout as wait } from 'node:timers/promises';
import type { Run } from '../acceptance/user.ts';
import type { Point } from './points.ts';
import type { Cut, CutKind, Sent, StartedRun, World } from './stage.ts';

/** What an undisturbed first `up` takes: what the moments are shares of. */
export interface Yardstick extends Sent {
  readonly seconds: number;
  readonly events: number;
}

/** A first `up` that was disturbed. */
export interface Disturbed {
  readonly run: Run;
  /** What it said last before. */
  readonly during: string;
  /** The machine that it happened to, where it was one. */
  readonly machine: string | undefined;
}

const POLL_MS = 4;
/** Long enough for the next run to come, and to see that the job still runs. */
const APT_HELD_S = 900;

/** Disturbs a first `up`; undefined when it had ended before its moment came. */
export async function disturb(world: World, point: Point, yard: Yardstick): Promise<Disturbed | undefined> {
  const machine = world.machines[Math.floor(point.machine * world.machines.length)] ?? '';
  const { what } = point;
  if (what === 'kill' || what === 'vanish' || what === 'blackout') return endIt(world, point, yard);
  if (what === 'kill-in-job') return killInJob(world, machine);
  const isLate = point.unit === 'exec' || point.unit === 'byte';
  return isLate ? cutAtCount(world, point, yard, machine, what) : cutAtTime(world, point, yard, machine, what);
}

async function endIt(world: World, point: Point, yard: Yardstick): Promise<Disturbed | undefined> {
  const started = world.up('same');
  const heard = listen(started);
  await moment(world, point, yard, started, heard);
  const cut = ({ vanish: 'freeze', blackout: 'power' } as const)[point.what as string];
  if (cut) await Promise.all(world.machines.map((machine) => world.cut(machine, cut)));
  const during = heard.last();
  started.child.kill('SIGKILL');
  const run = await started.end;
  return run.code === null ? { run, during, machine: undefined } : undefined;
}

async function killInJob(world: World, machine: string): Promise<Disturbed | undefined> {
  const started = world.up('same', { aptHeld: { machine, seconds: APT_HELD_S } });
  let said = '';
  started.child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  while (started.child.exitCode === null && !said.includes('Waiting for cache lock')) await wait(POLL_MS);
  started.child.kill('SIGKILL');
  const run = await started.end;
  return run.code === null ? { run, during: `a wait for apt on ${machine}`, machine } : undefined;
}

async function cutAtTime(
  world: World,
  point: Point,
  yard: Yardstick,
  machine: string,
  what: CutKind,
): Promise<Disturbed | undefined> {
  const started = world.up('same');
  const heard = listen(started);
  await moment(world, point, yard, started, heard);
  const during = heard.last();
  const isOver = started.child.exitCode !== null;
  if (!isOver) await world.cut(machine, what);
  const run = await started.end;
  return isOver ? undefined : { run, during, machine };
}

async function cutAtCount(
  world: World,
  point: Point,
  yard: Yardstick,
  machine: string,
  what: CutKind,
): Promise<Disturbed | undefined> {
  const unit = point.unit as Cut['at']['unit'];
  const of = (sent: Sent) => (unit === 'exec' ? sent.execsOf : sent.bytes)[machine] ?? 0;
  const count = Math.max(1, Math.round(point.share * of(yard)));
  const started = world.up('same', { cuts: [{ machine, what, at: { unit, count } }] });
  const heard = listen(started);
  let during = '';
  while (started.child.exitCode === null && of(await world.sent()) < count) {
    during = heard.last();
    await wait(POLL_MS);
  }
  const run = await started.end;
  return of(await world.sent()) < count ? undefined : { run, during, machine };
}

/** Resolves when the moment of a point has come, or the run has ended. */
async function moment(world: World, point: Point, yard: Yardstick, { child }: StartedRun, heard: Heard): Promise<void> {
  const started = performance.now();
  const hasCome: Record<Point['unit'], () => boolean | Promise<boolean>> = {
    time: () => performance.now() - started >= point.share * yard.seconds * 1000,
    event: () => heard.events() >= point.share * yard.events,
    exec: async () => (await world.sent()).execs >= point.share * yard.execs,
    byte: async () => sum((await world.sent()).bytes) >= point.share * sum(yard.bytes),
  };
  while (child.exitCode === null && !(await hasCome[point.unit]())) await wait(POLL_MS);
}

function sum(of: Readonly<Record<string, number>>): number {
  return Object.values(of).reduce((all, each) => all + each, 0);
}

interface Heard {
  events(): number;
  /** What the run was at, for people. */
  last(): string;
}

function listen({ child }: StartedRun): Heard {
  let events = 0;
  let last = 'its start';
  let rest = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      events++;
      const { event, text, id } = JSON.parse(line) as { event: string; text?: string; id?: string };
      if (event === 'phase') last = text ?? '';
      else if (id !== undefined && event !== 'output') last = `${event} ${id}`;
    }
  });
  return { events: () => events, last: () => last };
}
