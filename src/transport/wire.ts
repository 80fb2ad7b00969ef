import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { STARTED } from '../shell/launcher.ts';

/** How a process on the other end went. Without a code nothing is known about what it did. */
export type Ending = { readonly code: number } | { readonly lost: string };

/** One running launcher: an SSH channel or a local process. */
export interface Wire {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Never rejects; resolves when all output was delivered. */
  readonly ended: Promise<Ending>;
  /** Lets go of it at once. */
  close(): void;
}

/** The ending that an exit code or the name of a signal stands for; as a shell would say it. */
export function ending(code: number | null | undefined, signal: string | null | undefined, otherwise: string): Ending {
  if (typeof code === 'number') return { code };
  const number = constants.signals[signal as NodeJS.Signals];
  return number === undefined ? { lost: otherwise } : { code: 128 + number };
}

/** Bytes that come in pieces, kept in one buffer: a peer that sends them one by one must not cost an object for each. */
export class Bytes {
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  add(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#buffer.length));
      this.view().copy(larger);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.#length);
    this.#length = length;
  }

  /** Takes the first `count` bytes away. */
  drop(count: number): void {
    if (count === 0) return;
    this.#buffer.copyWithin(0, count, this.#length);
    this.#length -= count;
  }

  /** The bytes themselves, not a copy: good until the next `add` or `drop`. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}

const MARK = Buffer.from(STARTED);
const MOST_NOISE = 1 << 20;

/** Standard output without what the login shell printed before bash ran. */
export class Intake {
  started = false;
  readonly #head = new Bytes();
  #searched = 0;

  /** What `chunk` adds to the output of the script; empty as long as that has not started. */
  take(chunk: Buffer): Buffer {
    if (this.started) return chunk;
    this.#head.add(chunk);
    const head = this.#head.view();
    const at = head.indexOf(MARK, this.#searched);
    if (at < 0) {
      if (head.length > 2 * MOST_NOISE) this.#head.drop(head.length - MOST_NOISE);
      this.#searched = Math.max(0, this.#head.view().length - MARK.length);
      return Buffer.alloc(0);
    }
    const rest = Buffer.from(head.subarray(at + MARK.length));
    this.started = true;
    this.#head.drop(head.length);
    return rest;
  }

  /** What was printed before the start, for an error when there was none. */
  get noise(): string {
    return this.#head.view().toString().trim();
  }
}

const MOST_STDERR = 1 << 20;

/** The last megabyte of standard error. Bytes, because a character may be split across chunks. */
export class Tail {
  readonly #bytes = new Bytes();

  add(chunk: Buffer): void {
    this.#bytes.add(chunk);
    const { length } = this.#bytes.view();
    if (length > 2 * MOST_STDERR) this.#bytes.drop(length - MOST_STDERR);
  }

  toString(): string {
    return this.#bytes.view().subarray(-MOST_STDERR).toString();
  }
}
