import { connect as connectSocket, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { NodeSSH } from 'node-ssh';
import { type Clock, HostError } from './host.ts';
import type { HostKeyVerifier } from './host-keys.ts';
import { AuthQueue, type Credential } from './ssh-auth.ts';
import { Link } from './ssh-link.ts';
import { connectProblem, type Stage } from './ssh-problems.ts';
import { abortable, Countdown } from './waiting.ts';

const READY_S = 20;
const KEEPALIVE_S = 10;
const KEEPALIVE_COUNT = 3;
/** Connections made in a row to get through a long list of keys. */
const MOST_ROUNDS = 4;
/** Node gives each of several addresses 250 ms, less than a round trip over some links. */
const ADDRESS_ATTEMPT_MS = 5000;

/** Where to and as whom. */
export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** In the order in which they are tried. Called at the first connect. */
  credentials(): Promise<readonly Credential[]>;
  /** The byte stream to speak SSH over, instead of TCP to host and port: a unix socket, a jump host. */
  sock?(): Promise<Duplex>;
}

/** What one connection is made with. */
export interface LinkOptions {
  /** Name of the machine, for people. */
  readonly name: string;
  readonly clock: Clock;
  readonly target: SshTarget;
  readonly hostKeys: HostKeyVerifier;
}

/** How a machine is called in a problem: name, login and address. */
export function whereIs(name: string, target: Pick<SshTarget, 'host' | 'port' | 'user'>): string {
  return `${name} (${target.user}@${target.host}${target.port === 22 ? '' : `:${target.port}`})`;
}

/** Begins to load what a connection is made with, which happens at the first connect only. */
export function preload(): void {
  // Whoever needs it is told when it cannot be loaded.
  import('node-ssh').catch(() => undefined);
}

/** Connects, checks the host key and logs in. Throws HostError, or the reason of `signal`. */
export async function connect(options: LinkOptions, signal: AbortSignal): Promise<Link> {
  const { target } = options;
  const auth = new AuthQueue(target.user, await target.credentials());
  for (let round = 1; ; round++) {
    const attempt = new Attempt(options, auth);
    try {
      return await attempt.run(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (round < MOST_ROUNDS && attempt.worthAnother(error)) continue;
      if (error instanceof HostError) throw error;
      throw connectProblem(error, {
        where: whereIs(options.name, target),
        ...target,
        stage: attempt.stage,
        auth,
        seconds: READY_S,
      });
    }
  }
}

/** One try to get a connection. */
class Attempt {
  stage: Stage = 'connect';
  readonly #o: LinkOptions;
  readonly #auth: AuthQueue;
  readonly #limit: Countdown;
  #refusal: HostError | undefined;
  #question: Promise<unknown> = Promise.resolve();
  #heldMs = 0;

  constructor(options: LinkOptions, auth: AuthQueue) {
    this.#o = options;
    this.#auth = auth;
    this.#limit = new Countdown(options.clock.deadlineMs(READY_S), () => new Error('Timed out'));
  }

  async run(signal: AbortSignal): Promise<Link> {
    const { NodeSSH } = await import('node-ssh');
    const ssh = new NodeSSH();
    let sock: Duplex | undefined;
    try {
      // Before there is a socket: one that fails while files are read would have nobody to listen to it.
      const algorithms = await abortable(this.#o.hostKeys.algorithms(), signal);
      sock = await abortable(this.#socket(), signal);
      return await abortable(Promise.race([this.#handshake(ssh, sock, algorithms), this.#limit.over]), signal);
    } catch (error) {
      if (this.stage === 'banner' && sock && (sock as Partial<Socket>).bytesRead) this.stage = 'handshake';
      sock?.destroy();
      // The server may have hung up under an open question: its answer still counts, for the next attempt.
      if (!signal.aborted) await this.#question.catch(() => {});
      throw this.#refusal ?? error;
    } finally {
      this.#limit.stop();
    }
  }

  /** The server hung up because a person took long to answer, or had seen enough of our keys: a new connection helps. */
  worthAnother(error: unknown): boolean {
    const message = error instanceof Error ? error.message : '';
    if (/Too many authentication failures/i.test(message)) return !this.#auth.exhausted;
    return this.#heldMs > 1000 && /No response from server|Connection lost|ECONNRESET/.test(message);
  }

  async #socket(): Promise<Duplex> {
    const { host, port, sock } = this.#o.target;
    if (!sock) return connectSocket({ host, port, autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS });
    // Stops the clock: a jump host has a time limit and questions of its own.
    return this.#held(sock());
  }

  async #handshake(
    ssh: NodeSSH,
    sock: Duplex,
    algorithms: Awaited<ReturnType<HostKeyVerifier['algorithms']>>,
  ): Promise<Link> {
    const { target, clock } = this.#o;
    const connecting = ssh.connect({
      host: target.host,
      username: target.user,
      sock: sock as Socket,
      // Ours stands still while a person is asked.
      readyTimeout: 0,
      keepaliveInterval: Math.ceil(clock.deadlineMs(KEEPALIVE_S)),
      keepaliveCountMax: KEEPALIVE_COUNT,
      authHandler: this.#auth.handler((work) => this.#held(work)),
      hostVerifier: (key: Buffer, done: (ok: boolean) => void) => this.#verify(key, done),
      ...(algorithms && { algorithms: { serverHostKey: algorithms } }),
    });
    const client = ssh.connection;
    if (!client) return connecting.then(() => Promise.reject(new Error('Not connected to server')));
    // Before the wait: an error in the very packet that ends it would find no listener.
    const link = new Link(client, sock);
    if (isConnecting(sock)) client.once('connect', () => this.#reached('banner'));
    else this.#reached('banner');
    client.once('handshake', () => this.#reached('auth'));
    await connecting;
    client.setNoDelay(true);
    return link;
  }

  #reached(stage: Stage): void {
    this.stage = stage;
  }

  #verify(key: Buffer, done: (ok: boolean) => void): void {
    this.#held(this.#o.hostKeys.verify(key)).then(
      () => done(true),
      (error) => {
        if (error instanceof HostError) this.#refusal = error;
        done(false);
      },
    );
  }

  async #held<T>(work: Promise<T>): Promise<T> {
    const since = performance.now();
    this.#question = work;
    try {
      return await this.#limit.held(work);
    } finally {
      this.#heldMs += performance.now() - since;
    }
  }
}

function isConnecting(sock: Duplex): boolean {
  return (sock as Partial<Socket>).connecting === true;
}
