import type { Clock, Session } from './host.ts';
import { fuse } from './waiting.ts';
import type { Intake, Wire } from './wire.ts';

const LONGEST_LINE = 1 << 20;

/** The lines of a script that talks, out of the bytes of its wire. */
export class WireSession implements Session {
  readonly closed: Promise<void>;
  /** Resolves when bash has started the script or has ended without. */
  readonly begun: Promise<void>;
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #late: (deadlineS: number) => Error;
  readonly #lines: string[] = [];
  #part: Buffer = Buffer.alloc(0);
  #over = false;
  #wake: () => void = () => {};
  #news: Promise<void>;

  constructor(wire: Wire, intake: Intake, clock: Clock, late: (deadlineS: number) => Error) {
    this.#wire = wire;
    this.#clock = clock;
    this.#late = late;
    this.#news = this.#nextNews();
    this.begun = new Promise((resolve) => {
      wire.stdout.on('data', (chunk: Buffer) => {
        this.#take(intake.take(chunk));
        if (intake.started) resolve();
      });
      wire.ended.then(() => resolve());
    });
    this.closed = wire.ended.then(() => {
      this.#over = true;
      this.#wake();
    });
  }

  write(line: string): void {
    if (/[\n\r]/.test(line)) throw new Error('a line of a session cannot hold a line break');
    if (!this.#over && this.#wire.stdin.writable) this.#wire.stdin.write(`${line}\n`);
  }

  async read(deadlineS: number): Promise<string | undefined> {
    const end = fuse(this.#clock.deadlineMs(deadlineS), () => this.#late(deadlineS));
    try {
      for (;;) {
        const line = this.#lines.shift();
        if (line !== undefined || this.#over) return line;
        await Promise.race([this.#news, end.blown]);
      }
    } finally {
      end.putOut();
    }
  }

  close(): void {
    this.#wire.stdin.end();
    this.#wire.close();
    this.#over = true;
    this.#wake();
  }

  #nextNews(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        resolve();
        this.#news = this.#nextNews();
      };
    });
  }

  #take(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#part = Buffer.concat([this.#part, chunk]);
    let at = this.#part.indexOf(10);
    for (; at >= 0; at = this.#part.indexOf(10)) {
      this.#lines.push(this.#part.subarray(0, at).toString());
      this.#part = this.#part.subarray(at + 1);
    }
    if (this.#part.length > LONGEST_LINE) this.close();
    this.#wake();
  }
}
