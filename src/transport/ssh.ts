import type { Duplex } from 'node:stream';
import { remoteLauncher } from '../shell/launcher.ts';
import { userKey } from './file-keys.ts';
import type { Clock, ExecOptions, ExecResult, Host, Session } from './host.ts';
import { HostError } from './host.ts';
import type { HostKeyVerifier } from './host-keys.ts';
import { Runner } from './runner.ts';
import { connect, preload, type SshTarget, whereIs } from './ssh-connect.ts';
import type { Link } from './ssh-link.ts';
import { notForwarded } from './streams.ts';
import { noPasswords, type SudoPasswords } from './sudo.ts';
import type { Wire } from './wire.ts';

/** What a connection is made of; nothing is looked up elsewhere. */
export interface ConnectionOptions {
  readonly name: string;
  readonly clock: Clock;
  /** Known now, or found out at the first connect. */
  readonly target: SshTarget | (() => Promise<SshTarget>);
  readonly hostKeys: HostKeyVerifier;
}

/** A machine that is reached by SSH. */
export interface SshHostOptions extends ConnectionOptions {
  /** For users who need a password for sudo; default: there is none. */
  readonly passwords?: SudoPasswords;
  /** Whose shell; default root. */
  readonly rights?: 'root' | 'user';
}

/** One connection that is made when it is needed, shared by all who need it, and made again when it was lost. */
export class Connection {
  readonly #o: ConnectionOptions;
  #target: SshTarget | undefined;
  #link: Promise<Link> | undefined;
  readonly #closed = new AbortController();

  constructor(options: ConnectionOptions) {
    this.#o = options;
    if (typeof options.target !== 'function') this.#target = options.target;
  }

  /** Name and, once known, login and address. */
  get where(): string {
    return this.#target ? whereIs(this.#o.name, this.#target) : this.#o.name;
  }

  get user(): string {
    return this.#target?.user ?? 'the user';
  }

  /** The living link; connects when there is none. Throws HostError. */
  async link(): Promise<Link> {
    for (;;) {
      this.#closed.signal.throwIfAborted();
      const known = this.#link;
      const link = await (known ?? this.#connect());
      if (link.gone === undefined) return link;
      // Another caller may have begun a new one meanwhile.
      if (this.#link === known) this.#link = undefined;
    }
  }

  /** Says farewell; nothing can be started any more. */
  async close(): Promise<void> {
    this.#closed.abort(new Error(`${this.#o.name} was closed`));
    const link = await this.#link?.catch(() => undefined);
    await link?.close();
  }

  async #resolve(): Promise<Link> {
    const { target, ...rest } = this.#o;
    // It takes as long to load as ssh takes to read its configuration.
    preload();
    this.#target ??= typeof target === 'function' ? await target() : target;
    return connect({ ...rest, target: this.#target }, this.#closed.signal);
  }

  #connect(): Promise<Link> {
    const link = this.#resolve();
    this.#link = link;
    link.catch(() => {
      if (this.#link === link) this.#link = undefined;
    });
    return link;
  }
}

/** A machine reached over SSH, with a root shell. */
export class SshHost implements Host {
  readonly name: string;
  readonly clock: Clock;
  readonly #connection: Connection;
  readonly #runner: Runner;

  constructor(options: SshHostOptions) {
    const { name, clock, passwords = noPasswords, rights = 'root' } = options;
    this.name = name;
    this.clock = clock;
    const connection = new Connection(options);
    this.#connection = connection;
    this.#runner = new Runner({
      name,
      where: () => connection.where,
      user: () => connection.user,
      clock,
      rights,
      passwords,
      prepare: async () => void (await connection.link()),
      start: () => this.#start(remoteLauncher(rights)),
    });
  }

  get execs(): number {
    return this.#runner.execs;
  }

  exec(script: string, options: ExecOptions): Promise<ExecResult> {
    return this.#runner.exec(script, options);
  }

  open(script: string): Promise<Session> {
    return this.#runner.open(script);
  }

  async connect(address: string, port: number): Promise<Duplex> {
    const link = await this.#connection.link();
    try {
      return await link.forward(address, port);
    } catch (error) {
      throw notForwarded(error, { where: this.#connection.where, address, port, gone: link.gone });
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #start(command: string): Promise<Wire> {
    for (let retried = false; ; retried = true) {
      const link = await this.#connection.link();
      try {
        return await link.exec(command);
      } catch (error) {
        // It died while it lay idle, and nothing of the script was sent: a new connection may carry it.
        if (link.gone !== undefined && !retried) continue;
        if (error instanceof HostError) throw error;
        throw this.#notStarted(error, link.gone);
      }
    }
  }

  #notStarted(error: unknown, gone: string | undefined): HostError {
    const message = gone ?? (error instanceof Error ? error.message : String(error));
    if (gone !== undefined) {
      return new HostError('lost', {
        where: this.#connection.where,
        seen: `the connection went away before the command was started: ${message}`,
        why: 'the network, the machine or its SSH server went down',
        next: ['run the same mlk8s command again: it looks at what is there and goes on'],
      });
    }
    if (/Channel open failure/.test(message)) {
      return new HostError('unreachable', {
        where: this.#connection.where,
        seen: `the SSH server takes no further command on this connection: ${message}`,
        why: 'its MaxSessions is too low; mlk8s runs up to four commands at once',
        next: ['on that machine: set MaxSessions 10 in /etc/ssh/sshd_config and sudo systemctl reload ssh'],
      });
    }
    return new HostError('auth', {
      where: this.#connection.where,
      seen: `the SSH server lets the user in but runs no command: ${message}`,
      why: 'the account is restricted, for example to file transfers',
      next: [`change ${userKey(this.#connection.where)} to one with a normal shell`],
    });
  }
}
