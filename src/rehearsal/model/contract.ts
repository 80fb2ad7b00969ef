import type { FaultValue } from '../faults.ts';
import type { Command, MachineSite } from './command.ts';
import type { RigState } from './state.ts';

/** What a new machine is made of; the rest follows from the samples of the model. */
export interface NewRigOptions {
  purpose: 'node' | 'workstation';
  user: string;
  /** Kubernetes labels of the node in the cluster file: hints at the hardware. */
  labels: Readonly<Record<string, string>>;
  role?: 'control-plane' | 'worker';
  /** A machine that is used as a desktop: the node is `local`. */
  local: boolean;
  /** Model time, milliseconds. */
  now: number;
  bootId: string;
}

/** What the host process takes from the model. */
export interface Model {
  /** Every simulated command by its name. */
  readonly commands: Readonly<Record<string, Command>>;
  /**
   * Names of those that are not there on a fresh machine: they are linked where the model puts them with `files.link`
   * (`/snap/bin/microk8s`, `/usr/local/bin/nvidia-smi`). All others are in PATH from the start.
   */
  readonly optional: readonly string[];
  /** The faults that it knows (`--fault rig2:<name>[:value]`); they come as marks in `RigState.faults`. */
  readonly faults: Readonly<Record<string, FaultValue>>;
  newRig(name: string, address: string, options: NewRigOptions): RigState;
  /** Files of a fresh machine besides those that every Ubuntu has here (hosts, passwd, os-release …). */
  files?(rig: RigState): Record<string, { content: string; mode?: number }>;
  /**
   * The machine was switched on again or rebooted: `bootId` and `bootedAt` are new, /run is empty, nothing runs in it.
   * Services start as enabled. Not called when it is made.
   */
  boot?(site: MachineSite): void;
  /** The machine lost its power or went down; as long as it is off, `RigState.faults` has the mark `down`. */
  down?(site: MachineSite): void;
  /** Who answers HTTP at an address that the machine reaches; undefined: the connection is refused. */
  reach?(site: MachineSite, address: string, port: number): WebHandler | undefined;
}

/** A simulated service. */
export type WebHandler = (request: { method: string; path: string; body: string }) => WebAnswer;

/** HTTP status, content type, and what it says. */
export interface WebAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}
