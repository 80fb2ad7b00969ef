import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { ExitCode, UserError } from '../errors.ts';
import { type LockHolder, lockFrame } from '../shell/lock.ts';
import { type Host, HostError, type Session } from '../transport/host.ts';
import type { Listener } from './events.ts';

const BEAT_S = 10;
/** Silence that frees the lock. */
const SILENCE_S = 30;
const ANSWER_S = 20;

/**
 * The lock of a run: `flock` on every reachable control plane in file order, held by a channel with a heartbeat. A
 * client that froze or died loses it after 30 s; one that lost it starts nothing more.
 */
export class Lock {
  readonly #holder: LockHolder;
  readonly #listener: Listener;
  readonly #held = new Map<string, { host: Host; session: Session; queue: Promise<void>; echoed: number }>();
  #timer: NodeJS.Timeout | undefined;
  #lost: string | undefined;

  constructor(command: string, listener: Listener) {
    const who = `${userInfo().username} (process ${process.pid})`;
    this.#holder = {
      run: randomUUID(),
      who,
      from: hostname(),
      since: new Date().toISOString(),
      why: `mlk8s ${command}`,
    };
    this.#listener = listener;
  }

  /** Takes the lock of one machine, waiting at most `waitS` seconds for another run. Exit code 5 if in vain. */
  async take(host: Host, waitS: number, stop: AbortSignal): Promise<void> {
    await this.#takeOne(host, waitS, stop);
    // A beat is sent by real time: the deadline on the machines runs whether this process is busy or not.
    const every = Math.max(50, host.clock.deadlineMs(SILENCE_S) / (SILENCE_S / BEAT_S));
    this.#timer ??= setInterval(() => void this.#beatAll().catch(() => {}), every).unref();
  }

  /** Throws when the lock was lost. Called before anything is started: each control plane must answer. */
  async confirm(): Promise<void> {
    await this.#beatAll();
    if (this.#lost !== undefined) throw lostLock(this.#lost);
  }

  /** Gives up the lock of one machine for the time of its reboot. */
  leave(host: string): boolean {
    const it = this.#held.get(host);
    this.#held.delete(host);
    it?.session.close();
    return it !== undefined;
  }

  /** Takes it again after the reboot. */
  async retake(host: Host, stop: AbortSignal): Promise<void> {
    await this.#takeOne(host, SILENCE_S, stop);
  }

  release(): void {
    clearInterval(this.#timer);
    for (const { session } of this.#held.values()) session.close();
    this.#held.clear();
  }

  /** `mineOnly`: waits only while the holder is this very run, whose broken channel the machine still holds. */
  async #takeOne(host: Host, waitS: number, stop: AbortSignal, mineOnly = false): Promise<void> {
    const until = host.clock.now().getTime() + waitS * 1000;
    for (let said = ''; ; ) {
      const session = await host.open(lockFrame(this.#holder, host.clock.deadlineMs(SILENCE_S) / 1000));
      const answer = await session.read(ANSWER_S).catch((error: unknown) => {
        session.close();
        throw error;
      });
      if (answer === 'locked') {
        this.#held.set(host.name, { host, session, queue: Promise.resolve(), echoed: Date.now() });
        return;
      }
      const json = await session.read(ANSWER_S).catch(() => undefined);
      session.close();
      if (answer === 'unusable') throw unusable(host.name, json);
      const holder = describe(json);
      const mine = json?.includes(this.#holder.run) ?? false;
      const waiting = host.clock.now().getTime() < until && !stop.aborted && (mine || !mineOnly);
      if (holder !== said || !waiting) this.#listener({ event: 'locked', host: host.name, holder, waiting });
      said = holder;
      if (!waiting) throw heldByAnother(host.name, holder);
      await host.clock.sleep(2, stop).catch(() => {});
    }
  }

  async #beatAll(): Promise<void> {
    await Promise.all([...this.#held.keys()].map((name) => this.#beat(name)));
  }

  /** One beat at a time per machine: an echo belongs to the beat before it. */
  #beat(name: string): Promise<void> {
    const it = this.#held.get(name);
    if (!it) return Promise.resolve();
    it.queue = it.queue.then(async () => {
      if (this.#held.get(name) !== it || this.#lost !== undefined) return;
      const beat = randomUUID();
      it.session.write(beat);
      const echo = await it.session.read(ANSWER_S).catch(() => undefined);
      if (echo === beat) it.echoed = Date.now();
      else if (this.#held.get(name) === it) await this.#again(name, it.host, it.echoed);
    });
    return it.queue;
  }

  /**
   * The channel broke. After a short break the lock is taken again; after a silence that freed it, it is lost even if
   * nobody holds it now: another run may have come and gone, and the plan of this one is no longer true.
   */
  async #again(name: string, host: Host, echoed: number): Promise<void> {
    this.#held.get(name)?.session.close();
    this.#held.delete(name);
    if (Date.now() - echoed > host.clock.deadlineMs(SILENCE_S)) {
      this.#lost = name;
      return;
    }
    try {
      await this.#takeOne(host, SILENCE_S, new AbortController().signal, true);
    } catch (error) {
      // A control plane that is gone holds no lock for anybody; the run notices by itself that it is gone.
      if (!(error instanceof HostError)) this.#lost = name;
    }
  }
}

function describe(json: string | undefined): string {
  try {
    const it = JSON.parse(json ?? '') as LockHolder;
    return `${it.who} on ${it.from} since ${it.since}: ${it.why}`;
  } catch {
    return 'another run that left no name';
  }
}

/** That machine keeps no file: whatever else is to be done there would fail too. */
function unusable(host: string, said = 'it gave no reason'): HostError {
  return new HostError('unusable', {
    where: host,
    seen: `it cannot keep the lock of a run: ${said}`,
    why: 'its disk is full, or was made read-only after an error',
    next: [`look at ${host}: df -h /var; grep ' ro,' /proc/mounts; dmesg -T | tail`, 'run the same command again'],
  });
}

function heldByAnother(host: string, holder: string): UserError {
  const problem = {
    where: host,
    seen: `the cluster is locked by ${holder}`,
    why: 'another run of mlk8s is at work; two at the same time would undo each other',
    next: ['wait for it and run the same command again', 'or let this run wait: --lock-wait 600'],
  };
  return new UserError(problem, ExitCode.locked);
}

function lostLock(host: string): UserError {
  const problem = {
    where: host,
    seen: 'this run has lost its lock to another one and starts nothing more',
    why: 'this computer slept or its connection was away for more than 30 s',
    next: ['wait for the other run and run the same command again'],
  };
  return new UserError(problem, ExitCode.locked);
}
