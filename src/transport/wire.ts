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

const MARK = Buffer.from(STARTED);
const MOST_NOISE = 1 << 20;

/** Standard output without what the login shell printed before bash ran. */
export class Intake {
  started = false;
  #head: Buffer = Buffer.alloc(0);

  /** What `chunk` adds to the output of the script; empty as long as that has not started. */
  take(chunk: Buffer): Buffer {
    if (this.started) return chunk;
    this.#head = Buffer.concat([this.#head, chunk]);
    const at = this.#head.indexOf(MARK);
    if (at < 0) {
      this.#head = this.#head.subarray(-MOST_NOISE);
      return Buffer.alloc(0);
    }
    const rest = this.#head.subarray(at + MARK.length);
    this.started = true;
    this.#head = this.#head.subarray(0, at);
    return rest;
  }

  /** What was printed before the start, for an error when there was none. */
  get noise(): string {
    return this.#head.toString().trim();
  }
}

const MOST_STDERR = 1 << 20;

/** The last megabyte of standard error. Bytes, because a character may be split across chunks. */
export class Tail {
  readonly #chunks: Buffer[] = [];
  #size = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size - (this.#chunks[0]?.length ?? 0) >= MOST_STDERR) {
      this.#size -= this.#chunks.shift()?.length ?? 0;
    }
  }

  toString(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}
