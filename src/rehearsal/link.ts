import type net from 'node:net';
import { Duplex } from 'node:stream';

/** What a network does to the bytes of one connection. */
export interface Weather {
  /** Milliseconds that a packet takes, each way. */
  delayMs(): number;
  /** What of it gets through. */
  pass(chunk: Buffer): Buffer;
}

/** A connection that can be slow, freeze without being closed, or break. */
export class Link extends Duplex {
  readonly #socket: net.Socket;
  readonly #weather: Weather;
  #frozen = false;

  constructor(socket: net.Socket, weather: Weather) {
    super();
    this.#socket = socket;
    this.#weather = weather;
    socket.on('data', (chunk) => this.#later(() => this.push(weather.pass(chunk))));
    socket.on('end', () => this.#later(() => this.push(null)));
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.#later(() => this.destroy()));
  }

  /** From now on nothing passes, and neither side is told. */
  freeze(): void {
    this.#frozen = true;
  }

  #later(act: () => void): void {
    const ms = this.#weather.delayMs();
    const pass = () => {
      if (!this.#frozen) act();
    };
    // Node runs timers of one length in the order in which they were set.
    if (ms > 0) setTimeout(pass, ms);
    else pass();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#later(() => this.#socket.write(this.#weather.pass(chunk)));
    done();
  }

  override _final(done: () => void): void {
    this.#later(() => this.#socket.end());
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
