/** Frames between the server and the perl programs inside of rigs: a length of 32 bits, then the bytes. */

/** Fields of a frame, parted by NUL. */
export function join(fields: readonly (string | number)[]): Buffer {
  return Buffer.from(fields.join('\0'));
}

/** The fields that `join` put together. */
export function split(body: Buffer): string[] {
  return body.toString().split('\0');
}

/** A frame, with a letter in front where the protocol has one. */
export function frame(body: Buffer, type = ''): Buffer {
  const head = Buffer.alloc(type.length + 4);
  head.write(type, 'latin1');
  head.writeUInt32BE(body.length, type.length);
  return Buffer.concat([head, body]);
}

/** `type`: its letter, empty where the protocol has none. */
export interface Frame {
  readonly type: string;
  readonly body: Buffer;
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #buffer: Buffer = Buffer.alloc(0);
  readonly #typed: boolean;

  constructor(typed: boolean) {
    this.#typed = typed;
  }

  push(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
  }

  /** The next whole frame, if it is there. */
  next(): Frame | undefined {
    const start = this.#typed ? 5 : 4;
    if (this.#buffer.length < start) return undefined;
    const end = start + this.#buffer.readUInt32BE(start - 4);
    if (this.#buffer.length < end) return undefined;
    const type = this.#typed ? this.#buffer.toString('latin1', 0, 1) : '';
    const body = this.#buffer.subarray(start, end);
    this.#buffer = this.#buffer.subarray(end);
    return { type, body };
  }

  /** What came after the last whole frame. */
  rest(): Buffer {
    return this.#buffer;
  }
}
