import type { Duplex } from 'node:stream';
import type { Loaded } from '../config/load.ts';
import type { Cluster, ClusterNode } from '../config/schema.ts';
import type { Check } from '../engine/check.ts';
import type { Credential } from '../engine/credentials.ts';
import type { Summary } from '../engine/events.ts';
import type { CostOptions, RunOptions, UpOptions } from '../engine/options.ts';
import type { AlertOptions, Delivery } from '../engine/test-alert.ts';
import type { Service, Step } from '../engine/types.ts';
import type { VisitOptions } from '../engine/visit.ts';
import type { Output } from '../render/style.ts';
import type { Hosts } from '../transport/host.ts';
import type { Asker } from './ask.ts';

/** The surroundings of the process. */
export interface Io {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** Which machines a command wants to reach, and how. */
export interface HostsWish {
  readonly file: Cluster;
  readonly rehearsal: boolean;
  readonly acceptNewHostKeys: boolean;
  readonly faults: readonly string[];
  readonly asker: Asker;
  readonly warn: (where: string, text: string) => void;
}

/** What `src/engine` does for commands; tests put another one in its place. */
export interface Engine {
  up(options: UpOptions, checks: readonly Check[]): Promise<Summary>;
  reset(options: UpOptions): Promise<Summary>;
  plan(options: RunOptions): Promise<Summary>;
  status(options: RunOptions): Promise<Summary>;
  verify(options: UpOptions): Promise<Summary>;
  doctor(options: RunOptions): Promise<Summary>;
  authority(options: VisitOptions): Promise<string>;
  credentials(options: VisitOptions, services: readonly Service[]): Promise<readonly Credential[]>;
  wayTo(options: VisitOptions, service: Service): Promise<() => Promise<Duplex>>;
  testAlert(options: AlertOptions, service: Service): Promise<readonly Delivery[]>;
  cost(options: CostOptions): Promise<Summary>;
}

/** The simulated machines of a cluster. */
export interface Rehearsal {
  exec(cluster: string, name: string, argv: readonly string[]): Promise<number>;
  dump(cluster: string): Promise<unknown>;
  /** Without a name: those of all clusters. */
  reset(cluster?: string): Promise<readonly string[]>;
}

/** What commands use of the rest of mlk8s, loaded when it is used. */
export interface Parts {
  find(query: { flag?: string; cwd: string; rehearsal: boolean }): Promise<{ path: string } | undefined>;
  load(path: string): Promise<Loaded>;
  openHosts(wish: HostsWish): Promise<Hosts>;
  /** Public halves of the keys that a login on that machine tries, best first. */
  publicKeys(wish: HostsWish, node: ClusterNode): Promise<readonly { readonly path: string; readonly text: string }[]>;
  installKey(wish: HostsWish, node: ClusterNode, login: { password: string; publicKey: string }): Promise<unknown>;
  steps(): Promise<readonly Step[]>;
  /** What must be right before `up` changes anything. */
  checks(): Promise<readonly Check[]>;
  engine(): Promise<Engine>;
  rehearsal(): Promise<Rehearsal>;
}

/** Handed to every command. */
export interface Context {
  readonly io: Io;
  readonly parts: Parts;
  /** Sets the exit code of the command. */
  readonly finish: (exitCode: number) => void;
}
