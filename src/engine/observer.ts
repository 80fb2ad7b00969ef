import { machinesOf } from '../config/machines.ts';
import type { Cluster } from '../config/schema.ts';
import type { Problem } from '../errors.ts';
import { type Membership, parseMembership } from '../resources/membership.ts';
import { placeKey } from '../resources/places.ts';
import { DamagedAnswers, type FramedAsk, observeFrame, parseAnswers } from '../shell/observe.ts';
import { type ExecResult, HostError, type Hosts } from '../transport/host.ts';
import { type Homes, mayKeep } from './homes.ts';
import { parseRecords } from './inventory.ts';
import { findLead, type Lead } from './lead.ts';
import { clusterRecordsAsk, engineAsks, workstationRecordsAsk } from './own-asks.ts';
import { inParallel } from './parallel.ts';
import type { Answer, Ask, InventoryRecord, Where, World } from './types.ts';

/** What an observer is told besides the machines. */
export interface Told {
  /** Machines whose MicroK8s may be removed. */
  readonly wipe?: readonly string[];
  /** Machines that leave. */
  readonly leaving?: readonly string[];
  /** What left the file is taken away. */
  readonly prunes?: boolean;
  /** Databases whose data may be deleted. */
  readonly deletes?: readonly string[];
  readonly homes?: Partial<Homes>;
  /** Secrets that the user gives, by their references. */
  readonly given?: ReadonlyMap<string, string> | undefined;
}

/** Seconds that one host may take to answer everything; each ask has its own deadline besides. */
const OBSERVE_S = 180;

/**
 * Asks the machines and keeps their last answers. One exec per host, however many asks; cluster asks travel with those
 * of the control plane that most likely leads, and only if another one turns out to lead is it asked in a second exec.
 */
export class Observer {
  readonly #file: Cluster;
  readonly #hosts: Hosts;
  readonly #parallel: number;
  readonly #wipe: ReadonlySet<string>;
  readonly #leaving: readonly string[];
  readonly #prunes: boolean;
  readonly #deletes: ReadonlySet<string>;
  readonly #homes: Homes;
  readonly #given: ReadonlyMap<string, string>;
  readonly #answers = new Map<string, Map<string, Answer & { readonly askedAs: number }>>();
  /** Counts the scripts that were sent, so that of two that overlap the later one counts. */
  #sent = 0;
  readonly #dropped = new Map<string, Problem>();
  #lead: Lead | undefined;
  /** Who was last asked about the cluster. */
  #clusterAsked: string | undefined;

  constructor(
    file: Cluster,
    hosts: Hosts,
    parallel: number,
    { wipe = [], leaving = [], prunes = false, deletes = [], homes, given }: Told,
  ) {
    this.#file = file;
    this.#hosts = hosts;
    this.#parallel = parallel;
    this.#wipe = new Set(wipe);
    this.#leaving = leaving;
    this.#given = given ?? new Map();
    this.#prunes = prunes;
    this.#deletes = new Set(deletes);
    const machines = machinesOf(file).map(({ name }) => name);
    this.#homes = { machines, places: new Map(), inCluster: new Set(), ...homes };
  }

  /** Hosts that are out of the run, and why. */
  get dropped(): ReadonlyMap<string, Problem> {
    return this.#dropped;
  }

  get lead(): Lead | undefined {
    return this.#lead;
  }

  /** Who carries out what belongs to the cluster. */
  get leadOrFounder(): string | undefined {
    return this.#lead?.kind === 'refused' ? undefined : this.#lead?.host;
  }

  drop(host: string, problem: Problem): void {
    if (this.#dropped.has(host)) return;
    this.#dropped.set(host, problem);
    if (!this.#lead) return;
    this.#findLead();
    // What the old lead said of the cluster is not to be taken for what the new one would say.
    if (this.#leadName() !== this.#clusterAsked) this.#answers.delete('cluster');
  }

  /** Asks `asks` of the named hosts (and of the lead and the workstation, as far as there are asks for them). */
  async observe(asks: readonly Ask[], hosts: readonly string[]): Promise<void> {
    const names = hosts.filter((name) => !this.#dropped.has(name));
    // Nobody is asked about a cluster that is known not to be there.
    const guess = this.#lead ? this.#leadName() : this.#firstPlane(names);
    const cluster = asks.filter((ask) => ask.on === 'cluster');
    await inParallel(this.#parallel, [...names, 'workstation'], async (name) => {
      const own = asks.filter((ask) => placeKey(ask.on) === name);
      const engine = name === 'workstation' ? this.#workstationAsks(own) : engineAsks(name);
      await this.#ask(name, [...engine, ...own], name === guess ? cluster : []);
    });
    this.#clusterAsked = guess;
    this.#findLead();
    const lead = this.#leadName();
    if (lead === undefined) this.#answers.delete('cluster');
    else if (lead !== this.#clusterAsked && cluster.length > 0) {
      await this.#ask(lead, [], cluster);
      this.#clusterAsked = lead;
    }
  }

  /** What is known now. `hosts` are those of the run; the dropped ones are taken out. */
  world(hosts: readonly string[]): World {
    const lead = this.#lead;
    const records = new Map(this.records().map(({ record }) => [record.id, record]));
    const answer = (on: Where, key: string): Answer => this.#answers.get(placeKey(on))?.get(key) ?? { kind: 'absent' };
    return {
      file: this.#file,
      hosts: hosts.filter((name) => !this.#dropped.has(name)),
      lead: lead?.kind === 'lead' ? lead.host : undefined,
      founder: lead?.kind === 'founder' ? lead.host : undefined,
      identity: lead?.kind === 'lead' ? lead.identity : undefined,
      answer,
      text: (on, key) => {
        const it = answer(on, key);
        return it.kind === 'bytes' ? it.text : undefined;
      },
      record: (id) => records.get(id),
      debts: (host) => this.#lines(host, 'mlk8s.debts'),
      mayWipe: (host) => this.#wipe.has(host),
      mayDelete: (database) => this.#deletes.has(database),
      given: (ref) => this.#given.get(ref),
      leaving: this.#leaving,
      prunes: this.#prunes,
    };
  }

  /** All records, and the place that keeps each. */
  records(): { readonly place: string; readonly record: InventoryRecord }[] {
    return [...this.#answers].flatMap(([place, answers]) => {
      const it = answers.get('mlk8s.inventory');
      if (it?.kind !== 'bytes') return [];
      const on: Where = place === 'cluster' || place === 'workstation' ? place : { host: place };
      const known = parseRecords(on, it.text).filter((record) => mayKeep(on, record, this.#homes));
      return known.map((record) => ({ place, record }));
    });
  }

  /** Jobs of the host that have not ended, and whether they still run. */
  openJobs(host: string): { id: string; running: boolean }[] {
    return this.#lines(host, 'mlk8s.jobs').map((line) => {
      const [id = '', state] = line.split(' ');
      return { id, running: state === 'running' };
    });
  }

  #lines(place: string, key: string): string[] {
    const it = this.#answers.get(place)?.get(key);
    return it?.kind === 'bytes' ? it.text.split('\n').filter((line) => line !== '') : [];
  }

  async #ask(name: string, own: readonly Ask[], cluster: readonly Ask[]): Promise<void> {
    const asks = unique([...own, ...(cluster.length > 0 ? [...cluster, clusterRecordsAsk] : [])]);
    if (asks.length === 0) return;
    const host = name === 'workstation' ? this.#hosts.workstation : this.#hosts.node(name);
    const framed = asks.map(
      (ask): FramedAsk => ({
        key: ask.key,
        sh: ask.sh,
        seconds: host.clock.deadlineMs(ask.timeoutS) / 1000,
        cluster: ask.on === 'cluster',
      }),
    );
    this.#sent += 1;
    const askedAs = this.#sent;
    let askedAtS = 0;
    try {
      const result = await execOnceMore(() => {
        askedAtS = host.clock.now().getTime() / 1000;
        return host.exec(observeFrame(framed), { deadlineS: OBSERVE_S });
      });
      const answers = parseAnswers(result.stdout, framed);
      for (const [i, ask] of asks.entries()) this.#keep(ask, at(askedAtS, answers[i] as Answer), askedAs);
    } catch (error) {
      if (!(error instanceof HostError) && !(error instanceof DamagedAnswers)) throw error;
      for (const ask of asks) this.#keep(ask, { kind: 'unreachable' }, askedAs);
      this.drop(name, error instanceof HostError ? error.problem : damaged(name, error));
    }
  }

  /** An answer to a question that was put before the last one is old, even if it comes later. */
  #keep(ask: Ask, answer: Answer, askedAs: number): void {
    const key = placeKey(ask.on);
    const answers = this.#answers.get(key) ?? new Map();
    this.#answers.set(key, answers);
    if ((answers.get(ask.key)?.askedAs ?? 0) < askedAs) answers.set(ask.key, { ...answer, askedAs });
  }

  #workstationAsks(own: readonly Ask[]): Ask[] {
    return own.length === 0 ? [] : [workstationRecordsAsk(this.#file)];
  }

  #findLead(): void {
    const facts = new Map<string, Membership>();
    for (const { name } of this.#file.nodes) {
      const it = this.#answers.get(name)?.get('mlk8s.membership');
      if (it?.kind === 'bytes' && !this.#wipe.has(name)) facts.set(name, parseMembership(it.text));
    }
    this.#lead = findLead(this.#file, facts, new Set(this.#dropped.keys()), this.#wipe);
  }

  #leadName(): string | undefined {
    return this.#lead?.kind === 'lead' && !this.#dropped.has(this.#lead.host) ? this.#lead.host : undefined;
  }

  #firstPlane(names: readonly string[]): string | undefined {
    return this.#file.nodes.find((n) => n.role === 'control-plane' && names.includes(n.name))?.name;
  }
}

function at(askedAtS: number, answer: Answer): Answer {
  return answer.kind === 'bytes' ? { ...answer, askedAtS } : answer;
}

function unique(asks: readonly Ask[]): Ask[] {
  return [...new Map(asks.map((ask) => [`${placeKey(ask.on)} ${ask.key}`, ask])).values()];
}

/** A connection that was lost under a question is tried once more: asking changes nothing. */
async function execOnceMore(run: () => Promise<ExecResult>): Promise<ExecResult> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof HostError && error.kind === 'lost') return await run();
    throw error;
  }
}

function damaged(name: string, error: DamagedAnswers): Problem {
  return {
    where: name,
    seen: `the answers that came back cannot be read: ${error.message}`,
    why: 'the connection was cut, or a login script of that machine prints text into it',
    next: [`ssh ${name} true   should print nothing`, 'run the same command again'],
  };
}
