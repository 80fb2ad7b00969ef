import type { ChildProcess } from 'node:child_process';
import type { Run } from '../acceptance/user.ts';
import type { Point, Sample } from './points.ts';

export type CutKind = 'drop' | 'freeze' | 'power';

/** Something that happens to the network or the power of one machine, with an exec or byte of a run that begins. */
export interface Cut {
  readonly machine: string;
  readonly what: CutKind;
  readonly at: { readonly unit: 'exec' | 'byte'; readonly count: number };
}

/** What went to the machines so far. */
export interface Sent {
  readonly execs: number;
  /** By machine. */
  readonly bytes: Readonly<Record<string, number>>;
  readonly execsOf: Readonly<Record<string, number>>;
}

/** What happened to one machine since it was made. */
export interface Happened {
  readonly joinsBegun: number;
  readonly joinsDone: number;
  /** The most apt processes that ever ran at a time. */
  readonly aptAtOnce: number;
}

/** The state of all machines, normalised: equal for two worlds that ended alike. */
export interface Dump {
  /** Machine → path → content and mode. */
  readonly files: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Everything that is no file, as text. */
  readonly model: string;
}

export interface How {
  readonly cuts?: readonly Cut[];
  /** Another program holds apt's lock on that machine, for so many of its seconds. */
  readonly aptHeld?: { readonly machine: string; readonly seconds: number };
  readonly lockWaitS?: number;
}

export interface StartedRun {
  readonly child: ChildProcess;
  readonly end: Promise<Run>;
}

/** Fresh machines and the people who work on them. */
export interface World {
  readonly machines: readonly string[];
  /** Those that join the first machine. */
  readonly joiners: readonly string[];
  /** Starts `up`. Not awaited: whoever started it may kill it. */
  up(who: Point['next'], how?: How): StartedRun;
  /** The same now. */
  cut(machine: string, what: CutKind): Promise<void>;
  sent(): Promise<Sent>;
  happened(): Promise<Readonly<Record<string, Happened>>>;
  /** A bash script on a machine, as root. Rejects when it fails there or the machine is off. */
  exec(machine: string, script: string): Promise<string>;
  dump(next: Point['next']): Promise<Dump>;
  /** Whether a process of a machine, by its command line, is there without any run of mlk8s. */
  isOrdinary(commandLine: string): boolean;
  /** Where to look when something is wrong. */
  readonly place: string;
  leave(): Promise<void>;
}

/** Where the proof is played. */
export interface Stage {
  /** Machines as they are before the first `up`. */
  fresh(sample: Sample): Promise<World>;
}
