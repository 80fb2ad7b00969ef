import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged, refused } from './answers.ts';
import type { Placed } from './declare.ts';

/** A systemd unit that runs now and after the next boot. */
export type ServiceSpec = { readonly unit: string };

export function service({ id, on, needs, ...spec }: Placed & ServiceSpec): Declared<ServiceSpec> {
  return { kind: 'service', id, on, needs, spec };
}

export const serviceKind: Kind<ServiceSpec> = { kind: 'service', asks, judge };

/** `static` and its kin are started by something else and cannot be enabled. */
const STARTS_AT_BOOT = new Set(['enabled', 'enabled-runtime', 'static', 'alias', 'indirect', 'generated', 'linked']);

function asks(it: Declared<ServiceSpec>): Ask[] {
  const { unit } = it.spec;
  const script = sh`
    echo "enabled=$(systemctl is-enabled ${unit})"
    echo "active=$(systemctl is-active ${unit})"
  `;
  return [{ key: `unit ${unit}`, on: it.on, sh: script, timeoutS: 15 }];
}

function judge(it: Declared<ServiceSpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }) => {
    const { unit } = it.spec;
    const enabled = /^enabled=(.*)$/m.exec(text)?.[1] ?? '';
    const active = /^active=(.*)$/m.exec(text)?.[1] ?? '';
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
    const now = [enabled || 'not known to systemd', active || 'inactive'].join(' and ');
    return {
      verdict: 'change',
      because: `${unit} is ${now}`,
      diff: [{ what: unit, before: now, after: 'enabled and active' }],
      moves: [{ does: `enable and start ${unit}`, on: it.on, run: sh`systemctl enable --now ${unit}`, deadlineS: 120 }],
    };
  });
}
