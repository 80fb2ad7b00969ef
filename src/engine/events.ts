import type { CostReport } from '../cost/report.ts';
import type { Problem } from '../errors.ts';
import type { Finding } from '../health/diagnose.ts';
import type { Diff, Id } from './types.ts';

/** One line of a plan. */
export interface PlanItem {
  readonly id: Id;
  /** `stays`: something that reset leaves on purpose. */
  readonly verdict: 'ok' | 'stays' | 'change' | 'settling' | 'later' | 'refused' | 'dropped';
  readonly because: string;
  readonly does?: readonly string[];
  readonly diff?: readonly Diff[];
  readonly disrupts?: string;
  readonly warning?: string;
  /** A change that takes something away, with its record. */
  readonly removes?: true;
  /** Nothing is done but that its record goes: mlk8s has nothing more to do with it. */
  readonly forgets?: true;
  /** It is not done in this run: what it waits for is refused. */
  readonly blocked?: true;
  /** `because` is to be read in `status` although the verdict is ok. */
  readonly shown?: true;
  readonly problem?: Problem;
}

/** How a proof stands when `verify` ends. `open`: it was not tried, or has no result yet. */
export interface Proof {
  readonly id: Id;
  readonly what: string;
  readonly result: 'proved' | 'failed' | 'open';
  readonly because: string;
}

/** Counts and times at the end of every command that looked at machines. `seconds` are real. */
export interface Summary {
  readonly command: string;
  readonly cluster: string;
  readonly exitCode: number;
  /** Changes that were found to be needed. */
  readonly changes: number;
  readonly applied: number;
  readonly failed: number;
  readonly refused: number;
  /** Hosts that dropped out, and everything that was left undone because of it has no more lines of its own. */
  readonly dropped: readonly string[];
  readonly execs: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly rehearsal: boolean;
  /** `--prune` was given. */
  readonly prune?: true;
  /** Databases that `--delete-data` named. */
  readonly deleteData?: readonly string[];
  /** The cluster file, as the user named it with -f. */
  readonly file?: string;
  /** Of `doctor`: known failures and unknown trouble. */
  readonly findings?: number;
  /** What is there now and what to do next, one sentence each, for people. */
  readonly notes: readonly string[];
}

/** What the engine says while it works. Renderers and the journal listen; none of them decides anything. */
export type EngineEvent =
  | {
      readonly event: 'start';
      readonly command: string;
      readonly cluster: string;
      readonly hosts: readonly string[];
      readonly rehearsal?: string;
    }
  /** What the run is busy with as a whole: "asking 5 machines", "preflight", "taking the lock". */
  | { readonly event: 'phase'; readonly text: string }
  | { readonly event: 'plan'; readonly items: readonly PlanItem[] }
  | { readonly event: 'proofs'; readonly proofs: readonly Proof[] }
  | { readonly event: 'warning'; readonly where: string; readonly text: string }
  | { readonly event: 'problem'; readonly problem: Problem }
  | ({ readonly event: 'finding' } & Finding)
  /** The bill of the cluster; `by`: people want these rows only. */
  | { readonly event: 'cost'; readonly report: CostReport; readonly by?: 'node' | 'namespace' }
  | { readonly event: 'locked'; readonly host: string; readonly holder: string; readonly waiting: boolean }
  /** A job of an earlier run is followed to its end. */
  | { readonly event: 'follow'; readonly host: string; readonly job: string }
  | { readonly event: 'change'; readonly id: Id; readonly host: string; readonly does: string }
  /** One line of the output of the move that runs on that host. */
  | { readonly event: 'output'; readonly host: string; readonly id: Id; readonly line: string }
  | { readonly event: 'applied'; readonly id: Id; readonly host: string; readonly seconds: number }
  | { readonly event: 'settling'; readonly id: Id; readonly because: string }
  | { readonly event: 'ok'; readonly id: Id; readonly because: string }
  /** `tail`: last lines of the failing command's own output. */
  | { readonly event: 'failed'; readonly id: Id; readonly problem: Problem; readonly tail: readonly string[] }
  | { readonly event: 'dropped'; readonly host: string; readonly problem: Problem }
  | { readonly event: 'interrupt'; readonly text: string }
  | ({ readonly event: 'summary' } & Summary);

/** Hears everything of a run, in order: renderers and the journal. */
export type Listener = (event: EngineEvent) => void;
