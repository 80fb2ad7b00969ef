import type net from 'node:net';
import { type Frame, type FrameReader, frame, join, split } from './frames.ts';

/** How a program is started in place of a shim or under it. */
export interface ProgramSpec {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Starts from an empty environment. */
  readonly clear?: boolean;
  /** What is said and returned when there is no such program. */
  readonly complaint?: string;
  readonly code?: number;
}

/** How a program ended; `signal`: number of the one that it died of, or 0. */
export interface ChildStatus {
  readonly code: number;
  readonly signal: number;
}

/** Somebody in a machine called a simulated program: the wire to its shim. */
export class ShimCall {
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Aborts when the caller is gone. */
  readonly gone: AbortSignal;
  readonly #socket: net.Socket;
  readonly #frames: Frame[] = [];
  #wake: (() => void) | undefined;
  #over = false;

  constructor(socket: net.Socket, hello: Frame, reader: FrameReader) {
    const [name = '', cwd = '/', argc = '0', ...rest] = split(hello.body);
    this.name = name;
    this.cwd = cwd;
    this.args = rest.slice(0, Number(argc));
    this.env = environment(rest.slice(Number(argc)));
    this.#socket = socket;
    const gone = new AbortController();
    this.gone = gone.signal;
    const take = () => {
      for (let next = reader.next(); next; next = reader.next()) this.#frames.push(next);
      this.#wake?.();
    };
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      take();
    });
    const end = () => {
      gone.abort(GONE);
      this.#wake?.();
      socket.destroy();
    };
    socket.on('end', end);
    socket.on('close', end);
    take();
    socket.resume();
  }

  out(text: string): void {
    this.#send('O', Buffer.from(text));
  }

  err(text: string): void {
    this.#send('R', Buffer.from(text));
  }

  /** All of standard input. */
  async stdin(): Promise<Buffer> {
    this.#send('I');
    const chunks: Buffer[] = [];
    for (let next = await this.#next(); next.type === 'I'; next = await this.#next()) chunks.push(next.body);
    return Buffer.concat(chunks);
  }

  /** The next line of standard input with its line break; the rest stays for whoever reads next. Empty at the end. */
  async line(): Promise<string> {
    this.#send('L');
    return (await this.#next()).body.toString();
  }

  /** Starts a program with the caller's standard streams. `group`: in a process group of its own. */
  async child(spec: ProgramSpec, group: boolean): Promise<{ pid: number; ended: Promise<ChildStatus> }> {
    this.#send('G', join([group ? 1 : 0, ...program(spec)]));
    const first = await this.#next();
    if (first.type === 'W') return { pid: 0, ended: Promise.resolve(status(first)) };
    return { pid: Number(first.body.toString()), ended: this.#next().then(status) };
  }

  /** The caller becomes another program: nothing more can be said to it. */
  become(spec: ProgramSpec): void {
    this.#finish('X', join(program(spec)));
  }

  exit(code: number): void {
    this.#finish('Q', Buffer.from(String(code & 255)));
  }

  /** The caller dies of a signal, as a program does that was hit by it. */
  die(signal: string): void {
    this.#finish('D', Buffer.from(signal));
  }

  #finish(type: string, body: Buffer): void {
    if (this.#over) return;
    this.#send(type, body);
    this.#over = true;
  }

  #send(type: string, body: Buffer = Buffer.alloc(0)): void {
    if (this.#over || !this.#socket.writable) return;
    // What a command says and how it ends leave in one write.
    this.#socket.cork();
    this.#socket.write(frame(body, type));
    process.nextTick(() => this.#socket.uncork());
  }

  async #next(): Promise<Frame> {
    for (;;) {
      const next = this.#frames.shift();
      if (next) return next;
      if (this.gone.aborted) throw new CallerGone();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** One for all: to make an error for every call that ends costs more than to answer it. */
const GONE = 'the caller is gone';

/** The program that called is dead, or its machine is. Nobody is left to answer to. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';
  constructor() {
    super(GONE);
  }
}

function environment(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

function program({ argv, env = {}, clear, complaint, code }: ProgramSpec): (string | number)[] {
  const missing = complaint ?? `${argv[0]}: command not found`;
  const entries = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  return [missing, code ?? 127, clear ? 1 : 0, argv.length, ...argv, ...entries];
}

function status(answer: Frame): ChildStatus {
  const [code = '255', signal = '0'] = split(answer.body);
  return { code: Number(code), signal: Number(signal) };
}
