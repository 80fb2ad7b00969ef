import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { noteOnce } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { gone, noteAsk, stays } from './stays.ts';

/** A systemd unit that runs now and after the next boot. */
export type ServiceSpec = { readonly unit: string };

export function service({ id, on, needs, ...spec }: Placed & ServiceSpec): Declared<ServiceSpec> {
  return { kind: 'service', id, on, needs, spec };
}

export const serviceKind: Kind<ServiceSpec> = {
  kind: 'service',
  asks,
  judge,
  undo,
  undoAsks: (it) => [noteAsk(it)],
};

/** `static` and its kin are started by something else and cannot be enabled. */
const STARTS_AT_BOOT = new Set(['enabled', 'enabled-runtime', 'static', 'alias', 'indirect', 'generated', 'linked']);

function asks(it: Declared<ServiceSpec>): Ask[] {
  return [stateAsk(it.on, it.spec.unit)];
}

/** Does a unit run, and does it start at boot? */
export function stateAsk(on: Ask['on'], unit: string): Ask {
  return { key: `unit ${unit}`, on, sh: printState(unit), timeoutS: 15 };
}

/** By the answer to `stateAsk`: it runs, or was told to start at boot. */
export function isOn(text: string): boolean {
  const { enabled, active } = stateIn(text);
  return enabled.startsWith('enabled') || active === 'active' || active === 'activating';
}

function printState(unit: string): Script {
  return sh`systemctl show -p UnitFileState,ActiveState ${unit}`;
}

function stateIn(text: string): { enabled: string; active: string } {
  const property = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  return { enabled: property('UnitFileState'), active: property('ActiveState') };
}

function judge(it: Declared<ServiceSpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }) => {
    const { unit } = it.spec;
    const { enabled, active } = stateIn(text);
    if (enabled.startsWith('masked')) {
      return refused(
        it.id,
        `${unit} is masked`,
        'somebody switched it off for good',
        `systemctl unmask ${unit}`,
        'then run the same command again',
      );
    }
    const boots = STARTS_AT_BOOT.has(enabled);
    if (boots && active === 'active') return { verdict: 'ok', because: `${unit} is ${enabled} and active` };
    if (boots && active === 'activating') return { verdict: 'settling', because: `${unit} is starting`, deadlineS: 90 };
    // Noted when it runs: before that its package may not be there.
    const run = lines(noteOnce(it.id, printState(unit)), sh`systemctl enable --now ${unit}`);
    const now = [enabled || 'not known to systemd', active || 'inactive'].join(' and ');
    return {
      verdict: 'change',
      because: `${unit} is ${now}`,
      diff: [{ what: unit, before: now, after: 'enabled and active' }],
      moves: [{ does: `enable and start ${unit}`, on: it.on, run, deadlineS: 120 }],
    };
  });
}

/** As it was before: its package stays. */
function undo(it: Recorded<ServiceSpec>, world: World): Verdict {
  return judged(it, world, [...asks(it), noteAsk(it)], ({ text }, note) => {
    const { unit } = it.spec;
    const now = stateIn(text);
    const before = stateIn(note.text);
    const wasOff = !STARTS_AT_BOOT.has(before.enabled) && now.enabled === 'enabled';
    const wasStill = before.active !== 'active' && now.active === 'active';
    if (!wasOff && !wasStill) return gone(`${unit} is as it was before mlk8s enabled it`);
    if (note.text === '') return stays(`how ${unit} was before mlk8s is not known`);
    const words = [...(wasOff ? ['disable'] : []), ...(wasStill ? ['stop'] : [])];
    const run = lines(...words.map((word) => sh`systemctl ${word} ${unit}`));
    const moves = [{ does: `${words.join(' and ')} ${unit}`, on: it.on, run, deadlineS: 120 }];
    return { verdict: 'change', because: `before mlk8s it was ${before.enabled} and ${before.active}`, moves };
  });
}
