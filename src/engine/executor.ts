import type { Problem } from '../errors.ts';
import { secrets } from '../redact.ts';
import { placeKey } from '../resources/places.ts';
import { type Host, HostError } from '../transport/host.ts';
import { jobChange, MoveFailed, reboot, runBare, runOn, type Surroundings } from './apply.ts';
import type { Listener } from './events.ts';
import { JobRefused } from './jobs.ts';
import type { Lock } from './lock.ts';
import type { UpOptions } from './options.ts';
import { type Change, type Group, machineOf } from './planner.ts';
import { changeFailed, notStarted } from './problems.ts';
import type { Input, Move } from './types.ts';

/** Lines of a failing command's own output that are kept. */
const TAIL = 12;
/** Lines of one change that are passed on, and characters of each: a machine must not fill the user's disk. */
const MOST_LINES = 10_000;
const LONGEST_LINE = 2000;

/** How one change ended: done, failed with the last lines of output, or a machine went away under it. */
export type Ending =
  | { readonly kind: 'done'; readonly seconds: number }
  /** Not tried, because a change of the same job that it needs failed. */
  | { readonly kind: 'skipped' }
  | { readonly kind: 'failed'; readonly problem: Problem; readonly tail: readonly string[] }
  | { readonly kind: 'away'; readonly machine: string; readonly problem: Problem };

/** Carries out groups of changes on their machines. Knows nothing of verdicts or of what comes next. */
export class Executor {
  readonly #options: UpOptions;
  readonly #lock: Lock;
  readonly #listener: Listener;
  /** Machines that are rebooting: nobody may ask them anything. */
  readonly rebooting = new Set<string>();

  constructor(options: UpOptions, lock: Lock) {
    this.#options = options;
    this.#lock = lock;
    this.#listener = options.listener;
  }

  /** Runs a group to its end. Never throws for what a machine can cause. */
  async run(group: Group, lead: string | undefined, around: (change: Change) => Surroundings): Promise<Ending[]> {
    if (!group.sequence) return this.#runJob(group, around);
    return [await this.#runSequence(group.changes[0] as Change, lead, around)];
  }

  async #runJob(group: Group, around: (change: Change) => Surroundings): Promise<Ending[]> {
    const started = Date.now();
    const tails = new Tails(this.#listener, group.machine);
    const listener = {
      begin: (index: number) => {
        const change = group.changes[index];
        if (!change) return;
        tails.begin(change);
        this.#say(change, group.machine, change.verdict.moves.map((move) => move.does).join(', '));
      },
      line: (text: string) => tails.line(text),
      away: (seen: string) => tails.away(seen),
    };
    const places = new Map(group.changes.map((c, place) => [c.it.id, place]));
    const changes = group.changes.map((c) => {
      const needs = c.waitsFor.flatMap((need) => places.get(need) ?? []);
      return jobChange(c, around(c), runnable(c.verdict.moves), { first: true, last: true, needs });
    });
    const inputs = Object.assign({}, ...group.changes.map((c) => inputsOf(c.verdict.moves, new Map())));
    try {
      const end = await runOn(this.#machine(group.machine), changes, inputs, listener, this.#options.letGo);
      return group.changes.map((change, index) => {
        if (end.skipped.has(index)) return { kind: 'skipped' };
        const status = end.statuses.get(index) ?? -1;
        if (status === 0) return { kind: 'done', seconds: (Date.now() - started) / 1000 };
        const tail = tails.of(change);
        return { kind: 'failed', problem: changeFailed(change.it.id, status, tail, end.full), tail };
      });
    } catch (error) {
      return group.changes.map((change) => endingOf(error, change, group.machine));
    }
  }

  /** Moves one by one, each on its own machine; secrets that one of them captured are the inputs of the next. */
  async #runSequence(change: Change, lead: string | undefined, around: (c: Change) => Surroundings): Promise<Ending> {
    const started = Date.now();
    const captured = new Map<string, string>();
    for (const move of change.verdict.moves) {
      const machine = machineOf(move.on, lead);
      if (machine === undefined) throw new Error(`${change.it.id} has a move in the cluster, but there is no lead`);
      this.#say(change, machine, move.does);
      try {
        // Each move may take long: whoever lost the lock under one must not begin the next.
        await this.#lock.confirm();
        await this.#move(change, move, machine, captured, around);
      } catch (error) {
        return endingOf(error, change, machine);
      }
    }
    return { kind: 'done', seconds: (Date.now() - started) / 1000 };
  }

  async #move(
    change: Change,
    move: Move,
    machine: string,
    captured: Map<string, string>,
    around: (c: Change) => Surroundings,
  ): Promise<void> {
    if ('reboot' in move) return this.#reboot(machine);
    if (move.capture !== undefined || move.bare) {
      const value = await runBare(this.#machine(machine), move, this.#options.letGo);
      if (move.capture === undefined) return;
      secrets.add(value);
      captured.set(move.capture, value);
      return;
    }
    const own = change.verdict.moves.filter((m) => isJob(m) && placeKey(m.on) === placeKey(change.it.on));
    const tails = new Tails(this.#listener, machine);
    const listener = {
      begin: () => tails.begin(change),
      line: (text: string) => tails.line(text),
      away: (seen: string) => tails.away(seen),
    };
    const job = jobChange(change, around(change), [move], {
      first: move === own[0],
      last: move === own.at(-1),
      needs: [],
    });
    const end = await runOn(this.#machine(machine), [job], inputsOf([move], captured), listener, this.#options.letGo);
    const status = end.statuses.get(0) ?? -1;
    if (status !== 0) throw new MoveFailed(status, tails.of(change), end.full);
  }

  async #reboot(name: string): Promise<void> {
    const held = this.#lock.leave(name);
    this.rebooting.add(name);
    try {
      await reboot(this.#machine(name), this.#options.letGo);
    } finally {
      this.rebooting.delete(name);
    }
    if (held) await this.#lock.retake(this.#machine(name), this.#options.stop);
  }

  #say(change: Change, host: string, does: string): void {
    this.#listener({ event: 'change', id: change.it.id, host, does });
  }

  #machine(name: string): Host {
    return name === 'workstation' ? this.#options.hosts.workstation : this.#options.hosts.node(name);
  }
}

/** What a machine can cause is an ending; anything else is a fault of ours, or the user who let go. */
function endingOf(error: unknown, change: Change, machine: string): Ending {
  if (error instanceof HostError) return { kind: 'away', machine, problem: error.problem };
  const { id } = change.it;
  if (error instanceof MoveFailed) {
    const { status, tail, full } = error;
    return { kind: 'failed', problem: changeFailed(id, status, tail, full), tail };
  }
  if (error instanceof JobRefused) return { kind: 'failed', problem: notStarted(id, machine, error.message), tail: [] };
  throw error;
}

/** Passes output on line by line and keeps the last lines of each change. */
class Tails {
  readonly #listener: Listener;
  readonly #host: string;
  readonly #tails = new Map<Change, string[]>();
  #current: Change | undefined;
  #said = 0;

  constructor(listener: Listener, host: string) {
    this.#listener = listener;
    this.#host = host;
  }

  begin(change: Change): void {
    this.#current = change;
    this.#said = 0;
  }

  line(whole: string): void {
    if (!this.#current) return;
    const text = whole.length > LONGEST_LINE ? `${whole.slice(0, LONGEST_LINE)} …` : whole;
    const tail = this.#tails.get(this.#current) ?? [];
    this.#tails.set(this.#current, [...tail.slice(1 - TAIL), text]);
    this.#said += 1;
    if (this.#said > MOST_LINES) return;
    const line = this.#said === MOST_LINES ? 'it says more than is repeated here' : text;
    this.#listener({ event: 'output', host: this.#host, id: this.#current.it.id, line });
  }

  away(seen: string): void {
    this.#listener({ event: 'warning', where: this.#host, text: seen });
  }

  of(change: Change): readonly string[] {
    return this.#tails.get(change) ?? [];
  }
}

type RunMove = Exclude<Move, { reboot: string }>;

function isJob(move: Move): move is RunMove {
  return !('reboot' in move) && move.capture === undefined && !move.bare;
}

function runnable(moves: readonly Move[]): RunMove[] {
  return moves.filter(isJob);
}

/** Values of the inputs of moves. A capture that nobody made is a bug in the verdict. */
function inputsOf(moves: readonly Move[], captured: ReadonlyMap<string, string>): Record<string, string> {
  const entries = runnable(moves).flatMap((move) => Object.entries(move.inputs ?? {}));
  return Object.fromEntries(entries.map(([name, input]) => [name, inputValue(name, input, captured)]));
}

function inputValue(name: string, input: Input, captured: ReadonlyMap<string, string>): string {
  const value = 'secret' in input ? input.secret : captured.get(input.captured);
  if (value === undefined) throw new Error(`input ${name} was never captured`);
  return value;
}
