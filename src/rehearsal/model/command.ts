/**
 * The contract between a simulated machine and the commands that it simulates. A command follows the fact sheets, not
 * what mlk8s happens to send.
 */

import type { RigState, WorldState } from './state.ts';

/** What a simulated command may use. Everything else is out of its reach. */
export interface CommandContext {
  readonly rig: RigState;
  readonly world: WorldState;
  /** Words after the command name. */
  readonly args: readonly string[];
  /** Name it was called by. */
  readonly name: string;
  /** `root` under sudo or in a root shell, else the login user. */
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** All of standard input; resolves at its end. Only read it where the real command does. */
  stdin(): Promise<Buffer>;
  out(text: string): void;
  err(text: string): void;
  /** Model time, milliseconds since the epoch, with the rig's own skew left out. */
  now(): number;
  /** Waits model seconds. Rejects when the caller is gone or the machine goes down: let it pass. */
  sleep(seconds: number): Promise<void>;
  /** Files of the rig, by absolute path inside it. Missing files read as undefined. */
  readonly files: RigFiles;
  /** Files of another rig, for what its daemons would read and write when asked over the network. */
  filesOf(rig: string): RigFiles | undefined;
  /** Runs a real program inside the rig with the caller's standard streams, as `timeout`, `sudo` and `nohup` do. */
  run(
    argv: readonly string[],
    options?: { user?: string; timeoutS?: number; env?: Record<string, string> },
  ): Promise<number>;
  /**
   * Starts a detached bash command in the rig that outlives the caller (systemd-run). Calls back with its exit code,
   * not when the machine goes down. `pid` is 0 until the process has started; `kill` reaches its process group.
   */
  spawn(
    argv: readonly string[],
    env: Record<string, string>,
    done: (code: number) => void,
  ): { readonly pid: number; kill(signal: string): void };
  /** Restarts the machine: all its processes die, a new boot id, services start as enabled. */
  reboot(afterS: number): void;
  /** Tells the host that state was changed and must be stored. */
  changed(): void;
  /** Next number of the world: for ids, tokens, uids that are the same in every equal run. */
  next(): number;
}

/** Files of a machine, by absolute path inside it. */
export interface RigFiles {
  read(path: string): string | undefined;
  write(path: string, content: string, mode?: number): void;
  remove(path: string): void;
  exists(path: string): boolean;
  list(path: string): string[];
  mkdir(path: string, mode?: number): void;
  link(target: string, path: string): void;
}

/** Returns the exit status. */
export type Command = (context: CommandContext) => Promise<number> | number;

/** A machine without anybody who called a command. */
export type MachineSite = Pick<CommandContext, 'rig' | 'world' | 'files' | 'filesOf' | 'now' | 'next' | 'changed'>;
