import { machinesOf } from '../config/machines.ts';
import { ExitCode } from '../errors.ts';
import { kinds } from '../resources/index.ts';
import { placeOf, stepOf } from '../resources/places.ts';
import type { PlanItem } from './events.ts';
import { groundsOf } from './grounds.ts';
import { type Judged, judgeAll, kindOf } from './judge.ts';
import type { RunOptions } from './options.ts';
import { clusterRecordsAsk, recordAsks } from './own-asks.ts';
import { isWanted, Prepared } from './prepare.ts';
import type { Ask, Declared, Id, InventoryRecord, Recorded } from './types.ts';
import { LEFT, pruning, toUndo } from './undo.ts';

/** Of Kubernetes itself. */
const SYSTEM = 'kube-system';

/**
 * What the file asks for, and what mlk8s made for what left it, sections and others: that is taken away with `prune`, else told of.
 * It is only in the records, so where there is any, a second look follows that asks what has become of it.
 */
export class PreparedUp extends Prepared {
  /** Each as its record was when it was first seen: the record goes with it. */
  readonly #left = new Map<Id, Recorded>();
  readonly #grounds: readonly Declared[];
  #isTold = false;
  #isChecked = false;

  constructor(options: RunOptions, wipe: readonly string[] = []) {
    const { file, prune = false, deleteData = [] } = options;
    super(options, { ...kinds, ...pruning(kinds, recordAsks(file)) }, { wipe, prunes: prune, deletes: deleteData });
    const isShown = options.command === 'status';
    this.#grounds = isShown ? [] : groundsOf(this.resources, this.all, options, this.names);
  }

  override async observe(more: readonly Ask[] = []): Promise<void> {
    const { file, prune, listener } = this.options;
    const asks = this.#grounds.flatMap((it) => kindOf(kinds, it).asks(it));
    // Where nothing else is asked of the cluster, because all of a step is gone, nobody would hear what it keeps.
    const wants = prune || this.absentSections().length > 0;
    await super.observe([...(wants ? recordAsks(file) : []), ...asks, ...more]);
    this.#stopAtRefused();
    const left = this.#records();
    this.#checkNames(left);
    if (prune) {
      const found = toUndo(left, kinds).filter(({ id }) => !this.#left.has(id));
      for (const it of found) this.#left.set(it.id, { ...it, kind: `${LEFT}${it.kind}` });
      // Before all else: what comes instead may want its name, its port or its card.
      this.resources = [...this.#left.values(), ...this.resources.filter(({ id }) => !this.#left.has(id))];
      if (found.length > 0) await super.observe();
    } else if (left.length > 0 && !this.#isTold) {
      this.#isTold = true;
      listener({ event: 'warning', where: file.name, text: stillThere(left) });
    }
  }

  /** What is refused in a step that the run leaves out is part of it, so that what rests on it waits. */
  #stopAtRefused(): void {
    const judged = judgeAll(this.#grounds, kinds, this.world, new Set(this.observer.dropped.keys()));
    const refused = this.#grounds.filter(({ id }) => judged.get(id)?.verdict.verdict === 'refused');
    this.resources = [...refused, ...this.resources.filter((it) => !this.#grounds.includes(it))];
  }

  /** A slip in a name would delete nothing, and nobody would notice. */
  #checkNames(left: readonly InventoryRecord[]): void {
    const { deleteData = [], listener } = this.options;
    const answer = this.world.answer('cluster', clusterRecordsAsk.key);
    if (this.#isChecked || answer.kind !== 'bytes' || answer.status !== 0) return;
    this.#isChecked = true;
    const known = new Set(left.flatMap(dataIn));
    for (const name of deleteData.filter((it) => !known.has(it))) {
      const others = known.size === 0 ? '' : `; there is: ${[...known].join(', ')}`;
      const text = `--delete-data ${name}: nothing that left the file is called that, so nothing of it is deleted${others}`;
      listener({ event: 'warning', where: 'command line', text });
    }
  }

  override recording(it: Declared): 'write' | 'remove' | 'none' {
    return this.#left.has(it.id) ? 'remove' : super.recording(it);
  }

  /** A database that is not given up is not taken to pieces: what was built on it, in the same step, stays with it. */
  override judge(): ReadonlyMap<Id, Judged> {
    const judged = new Map(super.judge());
    for (const { it, verdict } of [...judged.values()]) {
      if (verdict.verdict !== 'refused' || !this.#left.has(it.id)) continue;
      for (const id of this.#builtOn(it)) {
        const above = judged.get(id);
        if (above) judged.set(id, { ...above, ready: false, waitsFor: [it.id], blockedBy: [it.id] });
      }
    }
    return judged;
  }

  /** What is undone before it, as far as it is of the same step. */
  #builtOn(it: Declared, found: Set<Id> = new Set()): Set<Id> {
    for (const id of it.needs) {
      const above = this.#left.get(id);
      if (!above || found.has(id) || stepOf(id) !== stepOf(it.id)) continue;
      found.add(id);
      this.#builtOn(above, found);
    }
    return found;
  }

  override plan(): PlanItem[] {
    return super
      .plan()
      .map((item) => (this.#left.has(item.id) && item.verdict === 'change' ? { ...item, removes: true } : item));
  }

  override notes(exitCode: ExitCode, shown: readonly PlanItem[]): readonly string[] {
    const said = super.notes(exitCode, shown);
    const left = exitCode === ExitCode.done ? this.#namespaces(shown) : [];
    if (left.length === 0) return said;
    const [stay, them] = left.length === 1 ? ['a namespace stays', 'it'] : ['namespaces stay', 'them'];
    return [...said, `${stay}, with what else is in ${them}: ${left.join(', ')}`];
  }

  /** Those that what was removed lived in, and nothing else of ours lives in. */
  #namespaces(shown: readonly PlanItem[]): string[] {
    const removed = new Set(shown.filter(({ removes }) => removes).map(({ id }) => id));
    const namesOf = (all: readonly Declared[]) => all.flatMap((it) => kindOf(this.kinds, it).leaves?.(it) ?? []);
    const left = namesOf(this.resources.filter(({ id }) => removed.has(id)));
    const used = new Set([SYSTEM, ...namesOf(this.resources.filter(({ id }) => !this.#left.has(id)))]);
    return [...new Set(left)].filter((name) => !used.has(name)).sort();
  }

  /** Records of what no step lists. Those of a machine that left the file are left alone: it is a member still. */
  #records(): InventoryRecord[] {
    const places = ['cluster', 'workstation', ...machinesOf(this.options.file).map(({ name }) => name)];
    return this.observer
      .records()
      .map(({ record }) => record)
      .filter((it) => !this.lists(it.id) && isPruned(it, places) && isWanted(it as Declared, this.options));
  }
}

/** Names of data that goes, if given up, with what a record is about. Whatever is in a record may be damaged. */
function dataIn({ spec }: InventoryRecord): string[] {
  const { data, holds } = (spec ?? {}) as { data?: { name?: unknown }; holds?: { name?: unknown } };
  return [data?.name, holds?.name].flatMap((name) => (typeof name === 'string' ? [name] : []));
}

/** What is about one of these places or kept on the workstation; in the cluster also proofs and their like, which nothing rests on. */
export function isPruned(
  { id, kind, on }: Pick<InventoryRecord, 'id' | 'kind' | 'on'>,
  places: readonly string[],
): boolean {
  return places.includes(placeOf(id)) || on === 'workstation' || (on === 'cluster' && kinds[kind]?.aside === true);
}

/** Most things that are named. */
const NAMED = 5;

function stillThere(left: readonly InventoryRecord[]): string {
  const things = left.length === 1 ? '1 thing' : `${left.length} things`;
  const are = left.length === 1 ? 'is' : 'are';
  const named = left.slice(0, NAMED).map(({ id }) => id);
  const more = left.length > named.length ? [`${left.length - named.length} more`] : [];
  return `${things} that the file does not ask for any more ${are} still there (${[...named, ...more].join(', ')}): mlk8s up --prune removes what may go, and says why the rest stays`;
}
