import type { ExitCode, Problem } from '../errors.ts';
import type { SuddenFault } from './faults.ts';

/** What is said over the control socket of a rehearsal: one JSON value a line, requests from the client. */
export type Request =
  | { readonly op: 'ensure'; readonly rigs: readonly RigRequest[]; readonly faults: readonly string[] }
  /** Runs a program; lines of ExecInput follow. */
  | { readonly op: 'exec'; readonly rig: string; readonly argv: readonly string[] }
  | { readonly op: 'dump' }
  /** What happened to each machine so far. */
  | { readonly op: 'counts' }
  /** Something goes wrong with a machine now. */
  | { readonly op: 'fault'; readonly rig: string; readonly what: SuddenFault }
  /** Which program the server is. */
  | { readonly op: 'build' }
  | { readonly op: 'stop' };

/** A machine that the client wants to be there. */
export interface RigRequest {
  /** Name in the cluster file. */
  readonly name: string;
  readonly address: string;
  readonly purpose: 'node' | 'workstation';
  readonly user: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly role?: 'control-plane' | 'worker';
  readonly local: boolean;
  /** Names below /dev/disk/by-id of disks that the file wants to use. */
  readonly disks?: readonly string[];
}

/** How one machine is reached. */
export interface RigAnswer {
  /** Name in the cluster file; the machine may be known by another one. */
  readonly name: string;
  readonly rig: string;
  readonly user: string;
  /** Unix socket of its SSH server. */
  readonly socket: string;
  /** Public host key as the server shows it, base64. */
  readonly hostKey: string;
}

/** All machines that were asked for, and the clock that they go by. */
export interface EnsureAnswer {
  readonly rigs: readonly RigAnswer[];
  /** Private key that fresh machines let in. */
  readonly key: string;
  readonly time: { readonly model: number; readonly real: number; readonly scale: number };
}

/** To a request: its result, or what went wrong. */
export type Answer =
  | { readonly ok: unknown }
  | { readonly problems: readonly Problem[]; readonly message: string; readonly exitCode: ExitCode };

/** Bytes as base64, or their end. */
export type ExecInput = { readonly in: string } | { readonly eof: true };
/** Bytes as base64. */
export type ExecOutput = { readonly out: string } | { readonly err: string } | { readonly exit: number };

/** Calls `take` with each line of a stream. */
export function onLines(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}
