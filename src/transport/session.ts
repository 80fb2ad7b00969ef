import type { Clock, Session } from './host.ts';
import { fuse } from './waiting.ts';
import { Bytes, type Intake, type Wire } from './wire.ts';

const LONGEST_LINE = 1 << 20;
/** Lines that nobody has read yet. Whoever sends more does not answer, it floods. */
const MOST_LINES = 1000;

/** The lines of a script that talks, out of the bytes of its wire. */
export class WireSession implements Session {
  readonly closed: Promise<void>;
  /** Resolves when bash has started the script or has ended without. */
  readonly begun: Promise<void>;
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #late: (deadlineS: number) => Error;
  readonly #lines: string[] = [];
  readonly #part = new Bytes();
  #searched = 0;
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
    if (this.#over || chunk.length === 0) return;
    this.#part.add(chunk);
    const bytes = this.#part.view();
    let start = 0;
    for (let at = bytes.indexOf(10, this.#searched); at >= 0; at = bytes.indexOf(10, start)) {
      this.#lines.push(bytes.subarray(start, at).toString());
      start = at + 1;
    }
    this.#part.drop(start);
    this.#searched = this.#part.view().length;
    if (this.#searched > LONGEST_LINE || this.#lines.length > MOST_LINES) this.close();
    this.#wake();
  }
}
