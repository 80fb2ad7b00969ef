import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';

/** systemd units that nothing can start. */
export type UnitMaskedSpec = {
  readonly units: readonly string[];
  /** What no longer happens, for people. */
  readonly prevents: string;
};

export function unitMasked({ id, on, needs, ...spec }: Placed & UnitMaskedSpec): Declared<UnitMaskedSpec> {
  return { kind: 'unit-masked', id, on, needs, spec };
}

export const unitMaskedKind: Kind<UnitMaskedSpec> = { kind: 'unit-masked', asks, judge };

function asks(it: Declared<UnitMaskedSpec>): Ask[] {
  const { units } = it.spec;
  const script = sh`systemctl is-enabled ${units}`;
  return [{ key: `masked ${units.join(' ')}`, on: it.on, sh: script, timeoutS: 15 }];
}

function judge(it: Declared<UnitMaskedSpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }) => {
    const { units, prevents } = it.spec;
    // One line a unit, in their order; a unit that systemd does not know may print none or "not-found".
    const rows = text.trim().split('\n');
    const states = new Map(units.map((unit, i) => [unit, rows.length === units.length ? (rows[i] ?? '') : '']));
    const open = units.filter((unit) => states.get(unit) !== 'masked');
    if (open.length === 0) return { verdict: 'ok', because: `masked: ${units.join(', ')}` };
    return {
      verdict: 'change',
      because: `not masked: ${open.join(', ')}`,
      diff: open.map((unit) => ({ what: unit, before: states.get(unit) ?? '', after: 'masked' })),
      disrupts: prevents,
      moves: [{ does: `mask ${open.join(', ')}`, on: it.on, run: sh`systemctl mask ${open}`, deadlineS: 60 }],
    };
  });
}
