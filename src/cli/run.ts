import { homedir } from 'node:os';
import type { Loaded } from '../config/load.ts';
import { withLocalPaths } from '../config/local-charts.ts';
import type { Cluster } from '../config/schema.ts';
import type { EngineEvent, Listener, Summary } from '../engine/events.ts';
import { type Journal, openJournal } from '../engine/journal.ts';
import type { RunOptions } from '../engine/options.ts';
import type { Step } from '../engine/types.ts';
import { secrets } from '../redact.ts';
import type { Renderer } from '../render/renderer.ts';
import { programName } from '../render/style.ts';
import { type Asker, createAsker } from './ask.ts';
import type { Context, Engine, HostsWish } from './context.ts';
import { checkDeleteData } from './delete-data.ts';
import { givenSecrets } from './given.ts';
import { type Interrupt, listenForInterrupt } from './interrupt.ts';
import { checkKnown, checkMachines } from './known.ts';
import type { PlanFlags } from './options.ts';
import { chooseRenderer } from './renderer.ts';
import { problemsOf } from './report.ts';
import { eventAsTyped, type Typing } from './typed.ts';

/** A run that is set up: what the engine is handed, and who asks. */
export interface Session {
  readonly options: RunOptions;
  readonly interrupt: Interrupt;
  readonly asker: Asker;
  readonly wish: HostsWish;
}

/** What is run, and for which cluster. */
export interface Job {
  readonly command: string;
  readonly cluster: Loaded;
  readonly flags: PlanFlags;
  /** Whether it may change machines; then Ctrl-C does not simply end it, and says so. */
  readonly changes: boolean;
  /** It cannot do without the secrets that the cluster file gives by reference. */
  readonly needsSecrets?: true;
}

/** Sets up what a run needs, does `work`, and puts everything back, whatever happens. */
export async function inSession(
  context: Context,
  job: Job,
  work: (engine: Engine, session: Session) => Promise<Summary>,
): Promise<Summary> {
  const { cluster, command, flags } = job;
  const steps = await context.parts.steps();
  checkNames(job, steps);
  const renderer = await chooseRenderer(context.io, flags.json === true);
  const journal = journalOf(job, renderer);
  const typing = { rehearsal: flags.rehearse === true, program: programName(context.io.env), file: flags.file };
  const listener = shown(typing, journal.listener, renderer.listener);
  const interrupt = listenForInterrupt((text) => job.changes && listener({ event: 'interrupt', text }));
  const asker = pausing(createAsker(context.io), renderer);
  try {
    for (const { where, seen, why } of cluster.warnings) {
      listener({ event: 'warning', where, text: why ? `${seen} (${why})` : seen });
    }
    const file = withLocal(cluster, typing.rehearsal, listener);
    const wish: HostsWish = {
      file,
      rehearsal: flags.rehearse === true,
      acceptNewHostKeys: flags.acceptNewHostKeys === true,
      faults: flags.fault,
      asker,
      warn: (where, text) => listener({ event: 'warning', where, text }),
    };
    const given = await givenSecrets(context, job, steps, wish.warn);
    const hosts = await context.parts.openHosts(wish);
    const { only, skip, parallel, host: limitHosts, prune = false, deleteData = [] } = flags;
    const options = {
      ...{ command, file, hosts, steps, listener, given },
      ...{ only, skip, limitHosts, parallel, prune, deleteData },
    };
    try {
      return await work(await context.parts.engine(), { options, interrupt, asker, wish });
    } finally {
      await hosts.close();
    }
  } catch (error) {
    // Who ends the process shows it; here it is only kept.
    for (const problem of problemsOf(error) ?? []) shown(typing, journal.listener)({ event: 'problem', problem });
    throw error;
  } finally {
    interrupt.release();
    renderer.close();
    journal.close();
  }
}

/** Throws UserError at a name that is none. */
function checkNames({ cluster, command, flags }: Job, steps: readonly Step[]): void {
  const stepNames = steps.map((step) => step.name);
  checkKnown('--only', flags.only, stepNames);
  checkKnown('--skip', flags.skip, stepNames);
  checkMachines('--host', flags.host, cluster.file, { guesses: command !== 'reset' });
  checkDeleteData(flags, cluster.file);
}

/** The simulated workstation has no folder of the user's. */
function withLocal({ file, path }: Loaded, rehearsal: boolean, listener: Listener): Cluster {
  if (!rehearsal) return withLocalPaths(file, path, homedir());
  const named = Object.keys(file.charts);
  if (named.length > 0) {
    const text = `a rehearsal does not read charts of your own: the pinned ${named.join(', ')} stands in for yours`;
    listener({ event: 'warning', where: 'charts', text });
  }
  const { source, ...kubeflow } = file.kubeflow ?? {};
  if (source === undefined) return { ...file, charts: {} };
  const text = 'a rehearsal does not read manifests of your own: it fetches those that stand in for them';
  listener({ event: 'warning', where: 'kubeflow.source', text });
  return { ...file, charts: {}, kubeflow: kubeflow as Cluster['kubeflow'] };
}

/** Hands every event on without secrets, and with commands that can be typed as they stand. */
function shown(typing: Typing, ...listeners: readonly Listener[]): Listener {
  return (event: EngineEvent) => {
    const safe = secrets.value(eventAsTyped(event, typing));
    for (const listener of listeners) listener(safe);
  };
}

/** A run goes on without a journal when its folder cannot be written. */
function journalOf({ cluster, command, flags }: Job, renderer: Renderer): Pick<Journal, 'listener' | 'close'> {
  try {
    return openJournal({ cluster: cluster.file.name, rehearsal: flags.rehearse === true, command });
  } catch (error) {
    const text = `no journal is kept of this run: ${error instanceof Error ? error.message : String(error)}`;
    renderer.listener({ event: 'warning', where: 'journal', text });
    return { listener: () => {}, close: () => {} };
  }
}

/** Questions stand on a screen where nothing moves. */
function pausing(asker: Asker, renderer: Renderer): Asker {
  const quietly = async <T>(ask: () => Promise<T>): Promise<T> => {
    renderer.pause();
    try {
      return await ask();
    } finally {
      renderer.resume();
    }
  };
  return {
    canAsk: asker.canAsk,
    line: (question, fallback) => quietly(() => asker.line(question, fallback)),
    secret: (question) => quietly(() => asker.secret(question)),
    yes: (question) => quietly(() => asker.yes(question)),
  };
}
