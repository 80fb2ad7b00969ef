import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { fuse } from './waiting.ts';
import { ending, type Wire } from './wire.ts';

/** Seconds that the other side may take to reach an address. */
const FORWARD_S = 20;
/** Real milliseconds that a peer has to answer the farewell. */
const FAREWELL_MS = 500;

/** One living SSH connection. */
export class Link {
  /** Why it is gone; undefined while it lives. */
  gone: string | undefined;
  readonly #client: Client;
  readonly #sock: Duplex;
  #lastError: string | undefined;

  constructor(client: Client, sock: Duplex) {
    this.#client = client;
    this.#sock = sock;
    // Without a listener an RST or a keepalive timeout ends the process; node-ssh takes its own away once connected.
    client.on('error', (error) => {
      this.#lastError = error.message;
    });
    client.on('close', () => {
      this.gone ??= this.#lastError ?? 'closed by the other side';
    });
  }

  /** Starts a command in a channel of its own. Rejects with ssh2's error. */
  exec(command: string): Promise<Wire> {
    return new Promise((resolve, reject) => {
      // In the callback itself: the status may stand in the packet that says yes.
      this.#client.exec(command, (error, channel) => (error ? reject(error) : resolve(this.#wire(channel))));
    });
  }

  /** A stream to `host` and `port` as seen from the other side. Rejects with ssh2's error. */
  async forward(host: string, port: number): Promise<Duplex> {
    const opened = new Promise<Duplex>((resolve, reject) => {
      this.#client.forwardOut('127.0.0.1', 0, host, port, (error, it) => (error ? reject(error) : resolve(it)));
    });
    // The other side waits minutes for a machine that is off.
    const late = fuse(FORWARD_S * 1000, () => new Error('(SSH) Channel open failure: timed out'));
    return Promise.race([opened, late.blown]).finally(late.putOut);
  }

  /** Says farewell, and hangs up when nobody answers. */
  async close(): Promise<void> {
    if (this.gone !== undefined) return;
    const closed = new Promise<void>((resolve) => this.#client.once('close', () => resolve()));
    this.gone = 'closed by mlk8s';
    this.#client.end();
    // Not the client's destroy(): it does nothing once the stream is half closed.
    const timer = setTimeout(() => this.#sock.destroy(), FAREWELL_MS);
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 2 * FAREWELL_MS).unref())]);
    clearTimeout(timer);
    this.#sock.destroy();
  }

  #wire(channel: ClientChannel): Wire {
    let code: number | null = null;
    let signal: string | undefined;
    // Writing to a channel that the other side has closed is an error event; how it ended says `close`.
    channel.on('error', () => {});
    channel.stderr.on('error', () => {});
    channel.on('exit', (status: number | null, name?: string) => {
      code = status;
      signal = name;
    });
    const closed = (it: NodeJS.EventEmitter) => new Promise<void>((resolve) => it.once('close', () => resolve()));
    const ended = Promise.all([
      // A status without an orderly close may come with half of the output.
      closed(channel).then(() => this.gone),
      closed(channel.stderr),
    ]).then(([gone]) =>
      gone === undefined ? ending(code, signal, 'the other side closed the command without a status') : { lost: gone },
    );
    return { stdin: channel, stdout: channel, stderr: channel.stderr, ended, close: () => channel.close() };
  }
}
