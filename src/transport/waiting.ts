/** Small tools for waiting: with an end, one at a time, a few at a time. */

/** Ends a wait from outside: rejects `blown` at the deadline or when `signal` aborts. Always `put out` in `finally`. */
export interface Fuse {
  readonly blown: Promise<never>;
  putOut(): void;
}

/** A promise that can only fail, and may do so unheard: nobody may wait for it any more. */
function failing(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<never>((_, no) => {
    reject = no;
  });
  promise.catch(() => {});
  return { promise, reject };
}

/** A fuse of `ms` milliseconds; `late` makes the error that it ends with. An abort ends it with the signal's reason. */
export function fuse(ms: number, late: () => Error, signal?: AbortSignal): Fuse {
  const { promise, reject } = failing();
  const timer = setTimeout(() => reject(late()), ms);
  const abort = () => reject(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  const putOut = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  };
  return { blown: promise, putOut };
}

/** Waits for `work`, but no longer than until `signal` aborts. `work` itself goes on. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const { promise, reject } = failing();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** A time limit that stands still while a person is asked. */
export class Countdown {
  readonly over: Promise<never>;
  #left: number;
  #since = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #holders = 0;
  readonly #end: () => void;

  constructor(ms: number, late: () => Error) {
    const { promise, reject } = failing();
    this.over = promise;
    this.#left = ms;
    this.#end = () => reject(late());
    this.#timer = setTimeout(this.#end, ms);
  }

  /** Waits for `work` without using up the time. */
  async held<T>(work: Promise<T>): Promise<T> {
    if (this.#holders++ === 0) {
      clearTimeout(this.#timer);
      this.#left -= performance.now() - this.#since;
    }
    try {
      return await work;
    } finally {
      if (--this.#holders === 0) {
        this.#since = performance.now();
        this.#timer = setTimeout(this.#end, Math.max(0, this.#left));
      }
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    // Whoever is still held must not start the timer again.
    this.#holders = Number.POSITIVE_INFINITY;
  }
}

/** Lets `limit` tasks run at once; the others wait in order. */
export class Slots {
  #free: number;
  readonly #queue: (() => void)[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Runs `task` when a slot is free. An abort takes it out of the queue. */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      return await task();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#free++;
    }
  }

  #enter(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const abort = () => {
        this.#queue.splice(this.#queue.indexOf(enter), 1);
        reject(signal?.reason);
      };
      this.#queue.push(enter);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
