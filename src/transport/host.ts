import type { Duplex } from 'node:stream';
import type { Problem } from '../errors.ts';

/**
 * Time as one set of machines lives it. Real machines: the wall clock. Rehearsal: scaled, with a grace on top of each
 * deadline, because the work of the machine that simulates is not scaled.
 */
export interface Clock {
  /** Now, as the machines see it. */
  now(): Date;
  /** Waits `seconds` of that time. */
  sleep(seconds: number, signal?: AbortSignal): Promise<void>;
  /** How many real milliseconds a deadline of `seconds` may take. */
  deadlineMs(seconds: number): number;
  /** The same for a whole command: it may be made of many, and nobody else waits for its end. */
  execMs(seconds: number): number;
}

/** Bounds of one call. */
export interface ExecOptions {
  /** Seconds (of the host's clock) after which the call is given up with `deadline`. There is no call without one. */
  readonly deadlineS: number;
  /** Standard output as it comes, besides being collected. */
  readonly onStdout?: (chunk: Buffer) => void;
  /** Bytes of standard output that are kept; more ends the call with `flood`. Default 64 MiB. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/** What a script printed, and how it ended. */
export interface ExecResult {
  readonly stdout: Buffer;
  readonly stderr: string;
  /** Exit status. A lost connection or a killed process is never a status: it throws. */
  readonly code: number;
}

/** A script that goes on running and talks in lines, such as the lock. */
export interface Session {
  /** Writes one line to the script's standard input. */
  write(line: string): void;
  /** The next line of its standard output; undefined when it ended. Rejects with `deadline`. */
  read(deadlineS: number): Promise<string | undefined>;
  /** Resolves when the script or the connection has ended, whatever the reason. */
  readonly closed: Promise<void>;
  close(): void;
}

/**
 * One machine with a root shell (for the workstation: the user's own shell). Connects at the first call and keeps the
 * connection; connects again after it was lost.
 */
export interface Host {
  readonly name: string;
  readonly clock: Clock;
  /** How many scripts were sent: what the promise "one exec per host" is counted by. */
  readonly execs: number;
  /** Runs `script` with bash in one exec. Throws HostError. */
  exec(script: string, options: ExecOptions): Promise<ExecResult>;
  /** Starts `script` and talks to it. Throws HostError. */
  open(script: string): Promise<Session>;
  /** A stream to an address and a port as that machine reaches them. Not counted among `execs`. Throws HostError. */
  connect(address: string, port: number): Promise<Duplex>;
  close(): Promise<void>;
}

/** What went wrong with a machine, for those who go on differently. */
export type HostErrorKind =
  /** no connection could be made */
  | 'unreachable'
  /** the key of the host is not the one that is known, or is unknown and was not accepted */
  | 'host-key'
  /** the host does not let the user in */
  | 'auth'
  /** no root: sudo is missing, wants a password that is not known, or refuses */
  | 'sudo'
  /** it answers, but nothing can be written on it */
  | 'unusable'
  /** the connection went away under a running call: nothing is known about its outcome */
  | 'lost'
  /** the call took longer than its deadline */
  | 'deadline'
  /** the call printed more than may be kept */
  | 'flood';

/** A machine could not be asked, or what became of a call is not known. `problem` is for people. */
export class HostError extends Error {
  override readonly name = 'HostError';
  readonly kind: HostErrorKind;
  readonly problem: Problem;

  constructor(kind: HostErrorKind, problem: Problem) {
    super(`${problem.where}: ${problem.seen}`);
    this.kind = kind;
    this.problem = problem;
  }
}

/** All machines of a run. */
export interface Hosts {
  /** A node of the cluster file, by name. */
  node(name: string): Host;
  /** The machine the user sits at, with the user's own rights. Its execs do not count. */
  readonly workstation: Host;
  /** Set when the machines are simulated: the sentence that says so on every screen. */
  readonly rehearsal?: string;
  close(): Promise<void>;
}
