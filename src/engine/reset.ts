import { machinesOf } from '../config/machines.ts';
import { ExitCode, type Problem } from '../errors.ts';
import { kinds } from '../resources/index.ts';
import { refuseLeaving } from '../resources/microk8s-leave.ts';
import { hostOf, placeKey, placeOf } from '../resources/places.ts';
import { MACHINE_STATE } from '../shell/job.ts';
import type { PlanItem } from './events.ts';
import { hasDamagedRecord, parseRecords } from './inventory.ts';
import { nameOf } from './judge.ts';
import { machineState, machineStateKind } from './machine-state.ts';
import type { RunOptions } from './options.ts';
import { recordAsks } from './own-asks.ts';
import { isWanted, Prepared } from './prepare.ts';
import { strangeMachine } from './stranger.ts';
import type { Ask, Declared, Id, Where } from './types.ts';
import { toUndo, undoing } from './undo.ts';

/**
 * What there is to undo. It is not in the cluster file but in the records, so each look is two: one for the records,
 * one for what has become of what they are about.
 */
export class PreparedUndo extends Prepared {
  constructor(options: RunOptions) {
    const { file, limitHosts } = options;
    const names = file.nodes.map((node) => node.name);
    const leaving = limitHosts.length === 0 ? names : names.filter((name) => limitHosts.includes(name));
    super(options, { ...undoing(kinds), [machineStateKind.kind]: machineStateKind }, { leaving });
    this.resources = [];
  }

  override async observe(more: readonly Ask[] = []): Promise<void> {
    await super.observe([...recordAsks(this.options.file), ...more]);
    const records = this.observer.records().map(({ record }) => record);
    const known = toUndo(records, this.kinds).filter((it) => isWanted(it, this.options));
    this.resources = [...known, ...this.#states(known)];
    await super.observe();
  }

  override recording(it: Declared): 'remove' | 'none' {
    return super.recording(it) === 'none' ? 'none' : 'remove';
  }

  /** Who leads is not asked: what was recorded on a machine can be undone there alone. */
  override refusal(): Problem | undefined {
    const { lead } = this.observer;
    if (lead?.kind === 'refused' && lead.why === 'two-clusters') return lead.problem;
    return refuseLeaving(this.world);
  }

  /**
   * A machine whose records are about another name is not the one that the file means, and one with a damaged record
   * would keep what that was about for good: nothing is undone there.
   */
  protected override strange(name: string, kept: string): Problem | undefined {
    const { file } = this.options;
    const other = super.strange(name, kept) ?? strangeMachine(file, name, parseRecords({ host: name }, kept));
    return other ?? (hasDamagedRecord({ host: name }, kept) ? damagedRecord(name) : undefined);
  }

  override notes(exitCode: ExitCode, shown: readonly PlanItem[]): readonly string[] {
    const { limitHosts } = this.options;
    if (exitCode === ExitCode.pending) return [];
    const stays = new Map<string, string[]>();
    for (const { id, verdict, because } of shown) {
      if (verdict !== 'stays') continue;
      const text = `${nameOf(id)}: ${because}`;
      stays.set(text, [...(stays.get(text) ?? []), placeOf(id)]);
    }
    const left = [...stays].map(([text, places]) => `Left on ${places.join(', ')}: ${text}`);
    if (exitCode !== ExitCode.done || !shown.some(({ verdict }) => verdict === 'change')) return left;
    if (limitHosts.length === 0) return [...left, 'mlk8s up builds the cluster anew.'];
    const names = limitHosts.join(', ');
    return [...left, `Take ${names} out of the cluster file, or the next mlk8s up brings it back.`];
  }

  /** The folder of mlk8s goes last: after all that was done on its machine, and where the lock is first, last. */
  #states(known: readonly Declared[]): Declared[] {
    const { file, limitHosts } = this.options;
    const isIn = (name: string) => limitHosts.length === 0 || limitHosts.includes(name);
    const planes = file.nodes.filter((node) => node.role === 'control-plane' && isIn(node.name));
    const others = machinesOf(file).filter(({ name }) => isIn(name) && !planes.some((plane) => plane.name === name));
    const places: Where[] = [
      ...(limitHosts.length === 0 ? (['workstation', 'cluster'] as const) : []),
      ...[...others, ...planes.reverse()].map(({ name }) => ({ host: name })),
    ];
    const states: Declared[] = [];
    for (const on of places) {
      const own = known.filter((it) => placeKey(it.on) === placeKey(on) || hostOf(it) === placeKey(on));
      const before = typeof on === 'object' && planes.some(({ name }) => name === on.host) ? states : [];
      const needs = [...own, ...before].map((it): Id => it.id);
      states.push(machineState(on, file.name, needs));
    }
    return states;
  }
}

function damagedRecord(name: string): Problem {
  return {
    where: name,
    seen: `a record of what mlk8s did on ${name} cannot be read`,
    why: 'its disk lost it, or something else wrote into the folder',
    next: [
      `find it on ${name}: sudo tail -n +1 ${MACHINE_STATE}/inventory/*.json   each file holds one line of JSON`,
      'undo by hand what its name says, remove the file, and run the same command again',
    ],
  };
}
