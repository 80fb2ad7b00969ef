import type { Problem } from '../errors.ts';
import { hostOf } from '../resources/places.ts';
import type { Surroundings } from './apply.ts';
import { type Ending, Executor } from './executor.ts';
import { type Judged, kindOf } from './judge.ts';
import type { Lock } from './lock.ts';
import type { Observer } from './observer.ts';
import type { UpOptions } from './options.ts';
import { type Change, type Group, machineOf, movedOn, nextGroups, rebootedBy } from './planner.ts';
import type { Prepared } from './prepare.ts';
import { againAndAgain, stillNeeded, tookTooLong } from './problems.ts';
import type { Ask, Declared, Id } from './types.ts';

/** Seconds between two looks at what is settling. */
const SETTLE_EVERY_S = 4;
/** Times that one resource is applied in a run: one that is undone again and again would keep it going for ever. */
const MOST_TIMES = 3;

/** What came of a run. */
export interface Outcome {
  readonly applied: ReadonlySet<Id>;
  readonly failed: ReadonlySet<Id>;
  readonly refused: ReadonlySet<Id>;
  /** Seen ok at some time of the run. */
  readonly stood: ReadonlySet<Id>;
}

/**
 * Drives changes to their end: starts what is ready, looks again at what was touched, judges what is open, until
 * nothing can be started and nothing settles. Decides nothing about the machines; verdicts do.
 */
export class Runner {
  readonly #options: UpOptions;
  readonly #observer: Observer;
  readonly #prepared: Prepared;
  readonly #lock: Lock;
  readonly #executor: Executor;
  readonly #names: readonly string[];
  readonly #busy = new Map<string, Promise<void>>();
  readonly #inFlight = new Set<Id>();
  /** Applied, and not seen ok since. */
  readonly #unproved = new Set<Id>();
  /** Those of both that must be alone in the whole cluster. */
  readonly #alone = new Set<Id>();
  /** How often. */
  readonly #applied = new Map<Id, number>();
  readonly #failed = new Set<Id>();
  readonly #refused = new Set<Id>();
  readonly #stood = new Set<Id>();
  readonly #settlingSince = new Map<Id, number>();
  readonly #said = new Map<Id, string>();
  /** What ended a group and must end the run: a lost lock, or a fault of ours. */
  readonly #fatal: unknown[] = [];
  #judged: ReadonlyMap<Id, Judged> = new Map();

  constructor(options: UpOptions, prepared: Prepared, lock: Lock) {
    this.#options = options;
    this.#observer = prepared.observer;
    this.#prepared = prepared;
    this.#lock = lock;
    this.#executor = new Executor(options, lock);
    this.#names = prepared.names;
  }

  /** What has come of it so far. */
  get outcome(): Outcome {
    return { applied: new Set(this.#applied.keys()), failed: this.#failed, refused: this.#refused, stood: this.#stood };
  }

  async run(): Promise<Outcome> {
    try {
      for (;;) {
        if (this.#fatal.length > 0) break;
        this.#judge();
        const stopped = this.#options.stop.aborted;
        if (!stopped) await this.#startReady();
        const settling = stopped ? [] : this.#settling();
        if (this.#busy.size === 0 && settling.length === 0) break;
        await this.#wait(settling);
      }
    } finally {
      // Whatever went wrong: a job that runs is followed to its end before the run says how it went.
      await Promise.allSettled(this.#busy.values());
    }
    if (this.#fatal.length > 0) throw this.#fatal[0];
    return this.outcome;
  }

  #judge(): void {
    for (let dropped = -1; dropped !== this.#observer.dropped.size; ) {
      dropped = this.#observer.dropped.size;
      this.#judged = this.#prepared.judge();
      for (const it of this.#judged.values()) if (!this.#inFlight.has(it.it.id)) this.#conclude(it);
    }
  }

  /** Draws the conclusion from one verdict: proved, failed, refused, settling. */
  #conclude({ it, verdict, ready }: Judged): void {
    if (this.#failed.has(it.id)) return;
    if (verdict.verdict === 'ok') this.#stood.add(it.id);
    const settled = verdict.verdict !== 'settling' && this.#settlingSince.delete(it.id);
    if (verdict.verdict === 'ok' && (this.#unproved.delete(it.id) || settled)) {
      this.#alone.delete(it.id);
      this.#options.listener({ event: 'ok', id: it.id, because: verdict.because });
    } else if (verdict.verdict === 'change' && this.#unproved.has(it.id)) {
      this.#fail(it, stillNeeded(it.id, verdict.because), []);
    } else if (verdict.verdict === 'change' && this.#applied.get(it.id) === MOST_TIMES) {
      this.#fail(it, againAndAgain(it.id, verdict.because, MOST_TIMES), []);
    } else if (verdict.verdict === 'refused' && !this.#refused.has(it.id)) {
      this.#refused.add(it.id);
      this.#options.listener({ event: 'problem', problem: verdict.problem });
      this.#drop(it, verdict.problem);
    } else if (verdict.verdict === 'settling' && ready) {
      this.#settle(it, verdict.because, verdict.deadlineS);
    }
  }

  #settle(it: Declared, because: string, deadlineS: number): void {
    const { clock } = this.#options.hosts.workstation;
    const now = clock.now().getTime();
    const since = this.#settlingSince.get(it.id) ?? now;
    this.#settlingSince.set(it.id, since);
    if (now - since > deadlineS * 1000) {
      this.#fail(it, tookTooLong(it.id, because, deadlineS), []);
    } else if (this.#said.get(it.id) !== because) {
      this.#said.set(it.id, because);
      this.#options.listener({ event: 'settling', id: it.id, because });
    }
  }

  #settling(): Judged[] {
    return [...this.#judged.values()].filter((it) => this.#settlingSince.has(it.it.id));
  }

  async #startReady(): Promise<void> {
    const lead = this.#observer.leadOrFounder;
    const running = {
      machines: new Set(this.#busy.keys()),
      taken: new Set([...this.#inFlight, ...this.#unproved, ...this.#failed]),
      clusterAlone: this.#alone.size > 0,
    };
    const groups = nextGroups(this.#judged.values(), running, lead, this.#options.parallel);
    if (groups.length === 0) return;
    await this.#lock.confirm();
    for (const group of groups) {
      for (const { it, verdict } of group.changes) {
        this.#inFlight.add(it.id);
        if (verdict.alone) this.#alone.add(it.id);
      }
      this.#busy.set(group.machine, this.#runGroup(group, lead));
    }
  }

  async #runGroup(group: Group, lead: string | undefined): Promise<void> {
    try {
      const endings = await this.#executor.run(group, lead, (change) => this.#around(change));
      if (this.#options.letGo.aborted) return;
      for (const [i, change] of group.changes.entries()) this.#end(change, group.machine, endings[i] as Ending);
      await this.#look(group.changes, movedOn(group, this.#observer.leadOrFounder));
    } catch (error) {
      // Kept for the loop: whoever waits for this group may be waiting for something else at this moment.
      this.#fatal.push(error);
    } finally {
      for (const { it } of group.changes) this.#inFlight.delete(it.id);
      this.#busy.delete(group.machine);
    }
  }

  #end({ it }: Change, host: string, ending: Ending): void {
    if (ending.kind === 'done') {
      this.#applied.set(it.id, (this.#applied.get(it.id) ?? 0) + 1);
      this.#unproved.add(it.id);
      this.#options.listener({ event: 'applied', id: it.id, host, seconds: ending.seconds });
    } else if (ending.kind === 'skipped') {
      this.#alone.delete(it.id);
    } else if (ending.kind === 'failed') {
      this.#fail(it, ending.problem, ending.tail);
    } else {
      // Whatever the machine was doing goes on there; the next run follows it.
      this.#alone.delete(it.id);
      this.#dropHost(ending.machine, ending.problem);
    }
  }

  #fail(it: Declared, problem: Problem, tail: readonly string[]): void {
    this.#failed.add(it.id);
    this.#unproved.delete(it.id);
    this.#alone.delete(it.id);
    this.#settlingSince.delete(it.id);
    this.#options.listener({ event: 'failed', id: it.id, problem, tail });
    this.#drop(it, problem);
  }

  /**
   * A host that fails drops out with what depends on it, so that the others need not wait for it. What stands aside says
   * something about it, but leaves it in.
   */
  #drop(it: Declared, problem: Problem): void {
    const host = hostOf(it);
    if (host !== undefined && !this.#prepared.standsAside(it)) this.#dropHost(host, problem);
  }

  #dropHost(host: string, problem: Problem): void {
    if (this.#observer.dropped.has(host)) return;
    this.#observer.drop(host, problem);
    this.#options.listener({ event: 'dropped', host, problem });
  }

  /** Waits for a job to end, or for the time to look again at what settles. */
  async #wait(settling: readonly Judged[]): Promise<void> {
    const jobs = [...this.#busy.values()];
    if (settling.length === 0) return Promise.race(jobs);
    const { clock } = this.#options.hosts.workstation;
    const timer = new AbortController();
    const cancel = AbortSignal.any([timer.signal, this.#options.stop]);
    await Promise.race([...jobs, clock.sleep(SETTLE_EVERY_S, cancel).catch(() => {})]);
    timer.abort();
    await this.#look(settling, []);
  }

  /**
   * Asks the machines that `about` is judged by, and those in `moved`: for what was just changed, for what only waited
   * for that, and for what looks at several machines, which must not be judged by old answers of one and new ones of
   * another. A machine that was restarted is not as it answered before: all about it is asked. What comes later is
   * asked when its turn comes, and everything once more at the very end.
   */
  async #look(about: readonly Judged[], moved: readonly string[]): Promise<void> {
    const ids = new Set(about.map((it) => it.it.id));
    const isNext = (it: Judged) => !it.stands && it.waitsFor.every((need) => ids.has(need));
    const spans = (it: Judged) => hostOf(it.it) === undefined;
    const restarted = rebootedBy(about);
    const isAnew = (it: Judged) => restarted.includes(hostOf(it.it) ?? '');
    const isOpen = (it: Judged) => ids.has(it.it.id) || isNext(it) || spans(it) || isAnew(it);
    const open = [...this.#judged.values()].filter(isOpen);
    const lead = this.#observer.leadOrFounder;
    const machines = about.flatMap(({ it }) => [hostOf(it), ...this.#asks(it).map((ask) => machineOf(ask.on, lead))]);
    const concerned = new Set([...moved, ...machines]);
    const hosts = this.#names.filter((name) => concerned.has(name) && !this.#executor.rebooting.has(name));
    await this.#observer.observe(
      open.flatMap((it) => this.#asks(it.it)),
      hosts,
    );
  }

  #asks(it: Declared): readonly Ask[] {
    return kindOf(this.#prepared.kinds, it).asks(it);
  }

  #around(change: Change): Surroundings {
    return {
      cluster: this.#options.file.name,
      record: this.#prepared.recording(change.it),
      known: this.#prepared.world.record(change.it.id),
      needs: this.#prepared.needsOf(change.it),
    };
  }
}
