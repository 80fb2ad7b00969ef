import type { Cluster } from '../config/schema.ts';
import type { CostReport } from '../cost/report.ts';
import type { Hosts } from '../transport/host.ts';
import type { Listener, PlanItem } from './events.ts';
import type { Step } from './types.ts';

/** What a command wants of the engine. */
export interface RunOptions {
  readonly command: string;
  readonly file: Cluster;
  readonly hosts: Hosts;
  readonly steps: readonly Step[];
  readonly listener: Listener;
  /** Names of steps to take alone, or to leave out. Empty: all. */
  readonly only: readonly string[];
  readonly skip: readonly string[];
  /** Names of hosts to work on; the lead is always asked. Empty: all. */
  readonly limitHosts: readonly string[];
  /** Most hosts worked on at the same time. */
  readonly parallel: number;
  /** What mlk8s made and the file does not ask for any more is taken away. */
  readonly prune?: boolean;
  /** Databases, and namespaces of users of Kubeflow, that left the file and whose data is given up. */
  readonly deleteData?: readonly string[];
  /** Values of secrets that the user gives by reference, by their references. */
  readonly given?: ReadonlyMap<string, string>;
}

/** Further wishes of `cost`. */
export interface CostOptions extends RunOptions {
  /** The rows that people want to see; both tables without it. */
  readonly by?: 'node' | 'namespace';
  /** Keeps the report somewhere, and says so in a sentence each. */
  readonly keep?: (report: CostReport) => Promise<readonly string[]>;
}

/** Further wishes of a command that changes something. */
export interface UpOptions extends RunOptions {
  /** Seconds to wait for the lock of another run; 0: exit 5 at once. */
  readonly lockWaitS: number;
  /** Hosts whose own MicroK8s may be removed with all that it holds before they join. */
  readonly wipeNodes: readonly string[];
  /** Shown the plan, says whether to go on. */
  readonly confirm: (items: readonly PlanItem[]) => Promise<boolean>;
  /** First Ctrl-C: finish what runs, then stop. */
  readonly stop: AbortSignal;
  /** Second Ctrl-C: let go at once; the jobs on the machines go on. */
  readonly letGo: AbortSignal;
}
