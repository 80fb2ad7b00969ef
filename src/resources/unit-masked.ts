import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { noteLines } from '../shell/originals.ts';
import { lines, sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { gone, noteAsk } from './stays.ts';

/** systemd units that nothing can start. */
export type UnitMaskedSpec = {
  readonly units: readonly string[];
  /** What no longer happens, for people. */
  readonly prevents: string;
};

export function unitMasked({ id, on, needs, ...spec }: Placed & UnitMaskedSpec): Declared<UnitMaskedSpec> {
  return { kind: 'unit-masked', id, on, needs, spec };
}

export const unitMaskedKind: Kind<UnitMaskedSpec> = {
  kind: 'unit-masked',
  asks,
  judge,
  undo,
  undoAsks: (it) => [noteAsk(it)],
};

function asks(it: Declared<UnitMaskedSpec>): Ask[] {
  const { units } = it.spec;
  const script = sh`systemctl is-enabled ${units}`;
  return [{ key: `masked ${units.join(' ')}`, on: it.on, sh: script, timeoutS: 15 }];
}

/** One line a unit, in their order; a unit that systemd does not know may print none or "not-found". */
function statesOf({ units }: UnitMaskedSpec, text: string): Map<string, string> {
  const rows = text.trim().split('\n');
  return new Map(units.map((unit, i) => [unit, rows.length === units.length ? (rows[i] ?? '') : '']));
}

function judge(it: Declared<UnitMaskedSpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }) => {
    const { units, prevents } = it.spec;
    const states = statesOf(it.spec, text);
    const open = units.filter((unit) => states.get(unit) !== 'masked');
    if (open.length === 0) return { verdict: 'ok', because: `masked: ${units.join(', ')}` };
    const run = lines(noteLines(it.id, open), sh`systemctl mask ${open}`);
    return {
      verdict: 'change',
      because: `not masked: ${open.join(', ')}`,
      diff: open.map((unit) => ({ what: unit, before: states.get(unit) ?? '', after: 'masked' })),
      disrupts: prevents,
      moves: [{ does: `mask ${open.join(', ')}`, on: it.on, run, deadlineS: 60 }],
    };
  });
}

/** Those that mlk8s masked; others were masked before. */
function undo(it: Recorded<UnitMaskedSpec>, world: World): Verdict {
  return judged(it, world, [...asks(it), noteAsk(it)], ({ text }, note) => {
    const states = statesOf(it.spec, text);
    const ours = note.text.trim().split('\n');
    const masked = it.spec.units.filter((unit) => states.get(unit) === 'masked' && ours.includes(unit));
    if (masked.length === 0) return gone('none of them is masked by mlk8s');
    const run = sh`systemctl unmask ${masked}`;
    const moves = [{ does: `unmask ${masked.join(', ')}`, on: it.on, run, deadlineS: 60 }];
    return { verdict: 'change', because: 'they were masked by mlk8s', moves };
  });
}
