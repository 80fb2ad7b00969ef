import type { HostContext } from './context.ts';
import type { Machine } from './machine.ts';
import type { Command } from './model/command.ts';
import type { Model } from './model/contract.ts';
import type { Layout, Sockets } from './paths.ts';
import type { World } from './world.ts';

/** What all machines of a rehearsal share. */
export interface Site {
  readonly world: World;
  readonly model: Model;
  /** The model's commands and those of the machines themselves. */
  readonly commands: Readonly<Record<string, Command | HostCommand>>;
  /** Names whose real programs stay at their full path. */
  readonly keep: ReadonlySet<string>;
  readonly layout: Layout;
  readonly sockets: Sockets;
  /** Public key that may log in to fresh machines. */
  readonly authorizedKey: string;
  next(): number;
  machine(rig: string): Machine | undefined;
  log(text: string): void;
}

/** A simulated program that needs more than the model may have. */
export type HostCommand = (context: HostContext) => Promise<number> | number;
