import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { type Given, judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { foundAt, keptTheirs, whereIs } from './elsewhere.ts';
import { changesAsk, hold, patiently, rowOf, SNAP_DEADLINE_S, snapAsk } from './snap.ts';
import { gone } from './stays.ts';

/** A program from the snap store, which signs what it hands out. Who has the program already keeps it. */
export type SnapToolSpec = {
  readonly snap: string;
  readonly command: string;
  readonly channel: string;
  readonly classic: boolean;
  /** It never moves by itself: its version belongs to that of the cluster. */
  readonly held: boolean;
  /** Account whose own programs count as well. */
  readonly user: string;
};

export function snapTool({ id, on, needs, ...spec }: Placed & SnapToolSpec): Declared<SnapToolSpec> {
  return { kind: 'snap-tool', id, on, needs, spec };
}

export const snapToolKind: Kind<SnapToolSpec> = { kind: 'snap-tool', asks, judge, undo };

function asks({ on, spec: { snap, command, user } }: Declared<SnapToolSpec>): Ask[] {
  const found: Ask = { key: `tool ${command}`, on, sh: whereIs(command, user), timeoutS: 10 };
  return [snapAsk(on, snap), changesAsk(on, snap), found];
}

function judge(it: Declared<SnapToolSpec>, world: World): Verdict {
  return judged(it, world, asks(it), (list, changes, found) => {
    const { snap, command, channel, held } = it.spec;
    const row = rowOf(snap, list, changes);
    if (typeof row === 'object') return row;
    const isOurs = world.record(it.id) !== undefined;
    if (row === '') {
      const at = foundAt(found.text);
      if (at && !isOurs) return keptTheirs(command, at);
      return change(it, `snap ${snap} is not installed`, `install ${snap} ${channel}`, install(it.spec));
    }
    const [, version = '', , tracking = '', , notes = ''] = row.split(/\s+/);
    if (!isOurs) return keptTheirs(command, `snap ${snap} ${version}`);
    if (tracking !== channel) {
      const move = patiently(sh`snap refresh ${snap} ${`--channel=${channel}`}`);
      return change(
        it,
        `snap ${snap} follows ${tracking}`,
        `move ${snap} to ${channel}`,
        lines(move, ...kept(it.spec)),
      );
    }
    if (notes.includes('disabled'))
      return change(it, `snap ${snap} is disabled`, `enable ${snap}`, sh`snap enable ${snap}`);
    if (held && !notes.includes('held')) {
      return change(it, `snap ${snap} is not held and may move at any time`, `hold ${snap}`, hold(snap));
    }
    return { verdict: 'ok', because: `${snap} ${version} from ${channel}${held ? ', held' : ''}` };
  });
}

function change(it: Declared<SnapToolSpec>, because: string, does: string, run: Script): Verdict {
  return { verdict: 'change', because, moves: [{ does, on: it.on, run, deadlineS: SNAP_DEADLINE_S }] };
}

function install(spec: SnapToolSpec): Script {
  const words = [spec.snap, ...(spec.classic ? ['--classic'] : []), `--channel=${spec.channel}`];
  return lines(patiently(sh`snap install ${words}`), ...kept(spec));
}

function kept({ snap, held }: SnapToolSpec): Script[] {
  return held ? [hold(snap)] : [];
}

function undo(it: Recorded<SnapToolSpec>, world: World): Verdict {
  const [list, changes] = asks(it) as [Ask, Ask];
  return judged(it, world, [list, changes], (listed: Given, busy: Given) => {
    const { snap } = it.spec;
    const row = rowOf(snap, listed, busy);
    if (typeof row === 'object') return row;
    if (row === '') return gone(`snap ${snap} is not installed`);
    // What it kept in homes is the user's: a snapshot of snapd has it.
    const moves = [
      { does: `remove ${snap}`, on: it.on, run: patiently(sh`snap remove ${snap}`), deadlineS: SNAP_DEADLINE_S },
    ];
    return { verdict: 'change', because: 'it was installed by mlk8s', moves };
  });
}
