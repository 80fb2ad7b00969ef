import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { ownHost, refused, unanswered } from './answers.ts';
import type { Placed } from './declare.ts';

/** snapd has finished its first start, before which it refuses everything ("not yet seeded"). */
export type SnapdSeededSpec = { readonly after: `${string}/${string}@${string}` };

/** `after`: the resource that installs snapd where it is missing. */
export function snapdSeeded({ id, on, needs, ...spec }: Placed & SnapdSeededSpec): Declared<SnapdSeededSpec> {
  return { kind: 'snapd-seeded', id, on, needs, spec };
}

export const snapdSeededKind: Kind<SnapdSeededSpec> = { kind: 'snapd-seeded', transient: true, asks, judge };

/** `snap wait` has no timeout of its own; that of the ask is the answer "not yet". */
function asks(it: Declared<SnapdSeededSpec>): Ask[] {
  return [
    {
      key: 'snapd seeded',
      on: it.on,
      sh: sh`command -v snap >/dev/null || exit 127; snap wait system seed.loaded`,
      timeoutS: 10,
    },
  ];
}

function judge(it: Declared<SnapdSeededSpec>, world: World): Verdict {
  const [ask] = asks(it) as [Ask];
  const answer = world.answer(ask.on, ask.key);
  if (answer.kind === 'timeout')
    return { verdict: 'settling', because: 'snapd is still busy with its first start', deadlineS: 900 };
  if (answer.kind !== 'bytes') return { verdict: 'refused', problem: unanswered(it.id, ask, answer) };
  if (answer.status === 0) return { verdict: 'ok', because: 'snapd is seeded' };
  if (answer.status === 127) return { verdict: 'later', because: 'snapd is not installed yet', after: it.spec.after };
  return refused(
    it.id,
    `snapd on ${ownHost(it)} does not say that it is seeded (status ${answer.status})`,
    'snapd is broken or switched off',
    'on that machine: systemctl status snapd.service snapd.seeded.service',
  );
}
