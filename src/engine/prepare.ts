import { misfits } from '../charts/fit.ts';
import { DEVBOX, machinesOf } from '../config/machines.ts';
import { type Cluster, clusterSchema } from '../config/schema.ts';
import { ExitCode, type Problem } from '../errors.ts';
import { hostOf, placeKey, placeOf, stepOf } from '../resources/places.ts';
import type { PlanItem } from './events.ts';
import { parseRecords } from './inventory.ts';
import { checkNeeds, type Judged, judgeAll, type Kinds, kindOf, planItems } from './judge.ts';
import { Observer, type Told } from './observer.ts';
import type { RunOptions } from './options.ts';
import type { Outcome } from './runner.ts';
import { strangeDevbox } from './stranger.ts';
import type { Ask, Declared, Id, World } from './types.ts';
import { lastingNeeds } from './undo.ts';

/** What a run is about: its resources, the machines it asks, and what is known of them. */
export class Prepared {
  readonly options: RunOptions;
  readonly kinds: Kinds;
  readonly observer: Observer;
  /** The machines that are asked: those of the run, and all control planes. */
  readonly names: readonly string[];
  /** All that the file asks for, of all steps. */
  protected readonly all: readonly Declared[];
  resources: readonly Declared[];

  constructor(options: RunOptions, kinds: Kinds, told: Omit<Told, 'homes'> = {}) {
    this.options = options;
    this.kinds = kinds;
    this.names = askedHosts(options);
    this.all = options.steps.flatMap((step) => step.resources(options.file));
    checkNeeds(this.all);
    this.resources = this.all.filter((it) => isWanted(it, options));
    const places = new Map(this.all.map((it) => [it.id, placeKey(it.on)]));
    const inCluster = new Set(
      Object.values(kinds).flatMap((it) => (!it.transient && it.lives === 'cluster' ? it.kind : [])),
    );
    this.observer = new Observer(options.file, options.hosts, options.parallel, {
      ...told,
      given: options.given,
      homes: { places, inCluster },
    });
  }

  /** True for what a step lists, wanted in this run or not. */
  lists(id: Id): boolean {
    return this.all.some((it) => it.id === id);
  }

  /** Its host stays in the run when it fails or is refused. */
  standsAside(it: Declared): boolean {
    const ofStep = () => this.options.steps.some(({ name, aside }) => aside && name === stepOf(it.id));
    return kindOf(this.kinds, it).aside === true || ofStep();
  }

  /** What becomes of the record of a changed resource: see `Surroundings`. */
  recording(it: Declared): 'write' | 'remove' | 'none' {
    return kindOf(this.kinds, it).transient ? 'none' : 'write';
  }

  /** What the record of a resource says it was built on. */
  needsOf(it: Declared): Id[] {
    return lastingNeeds(it, this.all, this.kinds);
  }

  /** What forbids the run as a whole. */
  refusal(): Problem | undefined {
    const { lead } = this.observer;
    return lead?.kind === 'refused' ? lead.problem : misfits(this.options.file, this.resources);
  }

  /** Sentences for people at the end; `shown` is the plan that was carried out. */
  notes(exitCode: ExitCode, _shown: readonly PlanItem[]): readonly string[] {
    const absent = this.absentSections();
    if (exitCode !== ExitCode.done || !this.whole) return absent;
    return this.options.steps.flatMap((step) => step.notes?.(this.world) ?? []);
  }

  /** Steps that the run is limited to by name, and that the file does not ask for. */
  protected absentSections(): string[] {
    const { only, file } = this.options;
    const isAbsent = (name: string) => name in clusterSchema.shape && file[name as keyof Cluster] === undefined;
    return only.filter(isAbsent).map((name) => `the file has no section ${name}`);
  }

  /** The last word before the summary. */
  end(_outcome: Outcome | undefined): void {}

  /** Asks everything, and what the caller wants to know besides. Says who does not answer. */
  async observe(more: readonly Ask[] = []): Promise<void> {
    const before = new Set(this.observer.dropped.keys());
    this.options.listener({
      event: 'phase',
      text: `asking ${this.names.length} ${this.names.length === 1 ? 'machine' : 'machines'}`,
    });
    const asks = this.resources.flatMap((it): readonly Ask[] => kindOf(this.kinds, it).asks(it));
    await this.observer.observe([...asks, ...more], this.names);
    for (const name of this.live) {
      const problem = this.strange(name, this.world.text({ host: name }, 'mlk8s.inventory') ?? '');
      if (problem) this.observer.drop(name, problem);
    }
    for (const [host, problem] of this.observer.dropped) {
      if (!before.has(host)) this.options.listener({ event: 'dropped', host, problem });
    }
  }

  /** Why a machine must be left alone because of the records that it keeps. */
  protected strange(name: string, kept: string): Problem | undefined {
    return strangeDevbox(this.options.file, name, parseRecords({ host: name }, kept));
  }

  /** Machines that are still in the run. */
  get live(): string[] {
    return this.names.filter((name) => !this.observer.dropped.has(name));
  }

  /** Nothing was left out by --only, --skip or --host. */
  get whole(): boolean {
    const { only, skip, limitHosts } = this.options;
    return only.length + skip.length + limitHosts.length === 0;
  }

  /** Takes a machine out of the run and says so. */
  drop(host: string, problem: Problem): void {
    this.observer.drop(host, problem);
    this.options.listener({ event: 'dropped', host, problem });
  }

  get world(): World {
    return this.observer.world(this.names);
  }

  judge(): ReadonlyMap<Id, Judged> {
    const dropped = new Set(this.observer.dropped.keys());
    return judgeAll(this.resources, this.kinds, this.world, dropped);
  }

  plan(): PlanItem[] {
    return planItems(this.resources, this.judge());
  }
}

/** Control planes are always asked: they know whether there is a cluster. A devbox that is no member has one step only. */
function askedHosts(options: RunOptions): string[] {
  const { file, limitHosts, steps } = options;
  const isDevboxWanted = steps.some(({ name }) => name === DEVBOX) && isStepWanted(DEVBOX, options);
  const planes = file.nodes.filter(({ role }) => role === 'control-plane').map(({ name }) => name);
  const names = machinesOf(file).map(({ name }) => name);
  const wanted = names.filter((it) => limitHosts.length === 0 || limitHosts.includes(it) || planes.includes(it));
  return wanted.filter((it) => it !== DEVBOX || isDevboxWanted);
}

/** What the flags of the run let through. */
export function isWanted(it: Declared, options: RunOptions): boolean {
  if (!isStepWanted(stepOf(it.id), options)) return false;
  return options.limitHosts.length === 0 || options.limitHosts.includes(hostOf(it) ?? placeOf(it.id));
}

function isStepWanted(step: string, { only, skip }: RunOptions): boolean {
  return (only.length === 0 || only.includes(step)) && !skip.includes(step);
}
