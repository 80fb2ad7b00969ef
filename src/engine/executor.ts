import { secrets } from '../redact.ts';
import { type Host, HostError } from '../transport/host.ts';
import { capture, jobChange, MoveFailed, reboot, runOn, type Surroundings } from './apply.ts';
import type { Listener } from './events.ts';
import type { Lock } from './lock.ts';
import type { UpOptions } from './options.ts';
import { placeKey } from './places.ts';
import { type Change, type Group, machineOf } from './planner.ts';
import type { Input, Move } from './types.ts';

/** Lines of a failing command's own output that are kept. */
const TAIL = 12;

/** How one change ended: done, failed with a status and the last lines of output, or its host went away. */
export type Ending =
  | { readonly kind: 'done'; readonly seconds: number }
  | { readonly kind: 'failed'; readonly error: MoveFailed }
  | { readonly kind: 'away'; readonly error: HostError };

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
    try {
      return group.sequence
        ? [await this.#runSequence(group.changes[0] as Change, lead, around)]
        : await this.#runJob(group, around);
    } catch (error) {
      if (error instanceof HostError) return group.changes.map(() => ({ kind: 'away', error }));
      if (error instanceof MoveFailed) return group.changes.map(() => ({ kind: 'failed', error }));
      throw error;
    }
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
    };
    const changes = group.changes.map((c) => jobChange(c, around(c), runnable(c.verdict.moves), true, true));
    const inputs = Object.assign({}, ...group.changes.map((c) => inputsOf(c.verdict.moves, new Map())));
    const end = await runOn(this.#machine(group.machine), changes, inputs, listener, this.#options.letGo);
    return group.changes.map((change, index) => {
      const status = end.statuses.get(index) ?? -1;
      if (status === 0) return { kind: 'done', seconds: (Date.now() - started) / 1000 };
      return { kind: 'failed', error: new MoveFailed(status, tails.of(change)) };
    });
  }

  /** Moves one by one, each on its own machine; secrets that one of them captured are the inputs of the next. */
  async #runSequence(change: Change, lead: string | undefined, around: (c: Change) => Surroundings): Promise<Ending> {
    const started = Date.now();
    const captured = new Map<string, string>();
    const { moves } = change.verdict;
    const own = moves.flatMap((m, i) => (placeKey(m.on) === placeKey(change.it.on) && isJob(m) ? [i] : []));
    for (const [index, move] of moves.entries()) {
      const machine = machineOf(move.on, lead);
      if (machine === undefined) throw new Error(`${change.it.id} has a move in the cluster, but there is no lead`);
      this.#say(change, machine, move.does);
      if ('reboot' in move) await this.#reboot(machine);
      else if (move.capture !== undefined) {
        const value = await capture(this.#machine(machine), move, this.#options.letGo);
        secrets.add(value);
        captured.set(move.capture, value);
      } else {
        const tails = new Tails(this.#listener, machine);
        const listener = { begin: () => tails.begin(change), line: (text: string) => tails.line(text) };
        const job = jobChange(change, around(change), [move], index === own[0], index === own.at(-1));
        const inputs = inputsOf([move], captured);
        const end = await runOn(this.#machine(machine), [job], inputs, listener, this.#options.letGo);
        const status = end.statuses.get(0) ?? -1;
        if (status !== 0) throw new MoveFailed(status, tails.of(change));
      }
    }
    return { kind: 'done', seconds: (Date.now() - started) / 1000 };
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

/** Passes output on line by line and keeps the last lines of each change. */
class Tails {
  readonly #listener: Listener;
  readonly #host: string;
  readonly #tails = new Map<Change, string[]>();
  #current: Change | undefined;

  constructor(listener: Listener, host: string) {
    this.#listener = listener;
    this.#host = host;
  }

  begin(change: Change): void {
    this.#current = change;
  }

  line(text: string): void {
    if (!this.#current) return;
    const tail = this.#tails.get(this.#current) ?? [];
    this.#tails.set(this.#current, [...tail.slice(1 - TAIL), text]);
    this.#listener({ event: 'output', host: this.#host, id: this.#current.it.id, line: text });
  }

  of(change: Change): readonly string[] {
    return this.#tails.get(change) ?? [];
  }
}

type RunMove = Exclude<Move, { reboot: string }>;

function isJob(move: Move): move is RunMove {
  return !('reboot' in move) && move.capture === undefined;
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
