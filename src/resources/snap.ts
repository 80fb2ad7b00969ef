import type { Ask, Declared, Kind, Move, Recorded, Verdict, World } from '../engine/types.ts';
import { missing, noteOnce } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { type Given, judged, ownHost, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { forgetIdentity } from './leave-moves.ts';
import { leaveAsks, leaveCluster } from './microk8s-leave.ts';
import { GROUP, REMAINS, remains } from './microk8s-remains.ts';
import { gone, noteAsk } from './stays.ts';

/** A classic snap at a channel, held so that it never refreshes by itself. */
export type SnapSpec = { readonly snap: string; readonly channel: string };

export function snap({ id, on, needs, ...spec }: Placed & SnapSpec): Declared<SnapSpec> {
  return { kind: 'snap', id, on, needs, spec };
}

export const snapKind: Kind<SnapSpec> = {
  kind: 'snap',
  asks,
  judge,
  undo,
  undoAsks: (it) => [...leaveAsks(ownHost(it)), noteAsk(it)],
};

/** Seconds for a download of some hundred MB over a slow line, and its hooks. */
export const SNAP_DEADLINE_S = 1800;

/** What snapd says of a snap, errors included. Nothing where there is no snapd. */
export function snapAsk(on: Ask['on'], snap: string): Ask {
  const script = sh`command -v snap >/dev/null || exit 0; snap list ${snap} 2>&1`;
  return { key: `snap ${snap}`, on, sh: script, timeoutS: 20 };
}

/** What snapd is doing with a snap. */
export function changesAsk(on: Ask['on'], snap: string): Ask {
  return { key: `snap changes ${snap}`, on, sh: sh`snap changes ${snap} | awk '$2 == "Doing"'`, timeoutS: 20 };
}

/** Its row in what snapd says; undefined when it is not installed. */
function rowIn(list: Given, snap: string): string | undefined {
  return list.text.split('\n').find((line) => line.startsWith(`${snap} `));
}

/** Only snapd's own words prove that it is not there: a snapd that restarts says nothing, and fails as well. */
export function isAbsent(list: Given, snap: string): boolean {
  return rowIn(list, snap) === undefined && (list.status === 0 || list.text.includes('no matching snaps'));
}

function asks(it: Declared<SnapSpec>): Ask[] {
  const { snap } = it.spec;
  return [snapAsk(it.on, snap), changesAsk(it.on, snap)];
}

function judge(it: Declared<SnapSpec>, world: World): Verdict {
  return judged(it, world, asks(it), (list, changes) => {
    const { snap, channel } = it.spec;
    const row = rowOf(snap, list, changes);
    if (typeof row === 'object') return row;
    if (row === '') {
      const run = lines(noteOnce(it.id, whatIsNew), install(it.spec));
      return change(it, `snap ${snap} is not installed`, `install ${snap} ${channel} and hold it`, run);
    }
    const [, version = '', , tracking = '', , notes = ''] = row.split(/\s+/);
    if (tracking !== channel) return refuseChannel(it, tracking);
    if (notes.includes('disabled'))
      return change(it, `snap ${snap} is disabled`, `enable ${snap}`, sh`snap enable ${snap}`);
    if (!notes.includes('held')) {
      return change(it, `snap ${snap} is not held and may refresh at any time`, `hold ${snap}`, hold(snap));
    }
    return { verdict: 'ok', because: `${snap} ${version} from ${channel}, held` };
  });
}

/** Its row in `snap list`, empty when it is not installed; a verdict when snapd does not say. */
export function rowOf(snap: string, list: Given, changes: Given): string | Verdict {
  if (changes.text.trim() !== '') {
    const summary = changes.text
      .trim()
      .split(/\s{2,}/)
      .at(-1);
    return { verdict: 'settling', because: `snapd is busy: ${summary}`, deadlineS: SNAP_DEADLINE_S };
  }
  if (isAbsent(list, snap)) return '';
  return rowIn(list, snap) ?? { verdict: 'settling', because: 'snapd does not answer', deadlineS: 180 };
}

function change(it: Declared<SnapSpec>, because: string, does: string, run: Script): Verdict {
  const adopts = !because.includes('not installed');
  return {
    verdict: 'change',
    because,
    moves: [{ does, on: it.on, run, deadlineS: SNAP_DEADLINE_S }],
    ...(adopts ? { adopts } : {}),
  };
}

/** Prints what the snap brings along and leaves behind, as far as it is not there yet. */
const whatIsNew = lines(
  ...REMAINS.map(missing),
  sh`getent group ${GROUP} >/dev/null || printf '%s\n' ${`group ${GROUP}`}`,
);

/** Installs a classic snap and holds it at its revision. */
export function install({ snap, channel }: SnapSpec): Script {
  return lines(patiently(sh`snap install ${snap} --classic ${`--channel=${channel}`}`), hold(snap));
}

/**
 * Exit code 10 of snap means that another change of snapd is in the way: worth another try. snapd goes on with an
 * installation whose client died, which then shows as such a change. facts: microk8s sheet, 1.3.
 */
export function patiently(order: Script): Script {
  return sh`
    for try in $(seq 60); do
      status=0
      ${order} || status=$?
      [ "$status" = 10 ] || break
      sleep 10
    done
    [ "$status" = 0 ]
  `;
}

/** It never refreshes by itself any more. */
export function hold(snap: string): Script {
  return sh`snap refresh --hold ${snap}`;
}

function refuseChannel(it: Declared<SnapSpec>, tracking: string): Verdict {
  const { snap, channel } = it.spec;
  return refused(
    it.id,
    `snap ${snap} on ${ownHost(it)} follows ${tracking}, the cluster file says ${channel}`,
    'a change of track is an upgrade: one minor version at a time, one machine at a time, which up never does by itself',
    `put  channel: ${tracking}  into the cluster file to keep what is there`,
    `or upgrade by hand, one minor version after the other: snap refresh ${snap} --channel=${channel}`,
  );
}

/** MicroK8s leaves its cluster first, and only what mlk8s installed is removed. */
function undo(it: Recorded<SnapSpec>, world: World): Verdict {
  return judged(it, world, [...asks(it), noteAsk(it)], (list, changes, note) => {
    const { snap } = it.spec;
    const row = rowOf(snap, list, changes);
    if (typeof row === 'object') return row;
    const leave = leaveCluster(it, world);
    if (!leave.free) return leave.verdict;
    if (row === '' && leave.moves.length === 0)
      return note.text === '' ? gone(`snap ${snap} is not installed`) : clear(it);
    const { moves, alone } = leave;
    // Among it the volumes of hostpath-storage (microk8s sheet, 3).
    const lost = `all that MicroK8s keeps on ${ownHost(it)} is lost, volumes too`;
    return {
      verdict: 'change',
      because: 'it was installed by mlk8s',
      disrupts: leave.disrupts === '' ? lost : `${leave.disrupts}; ${lost}`,
      moves: [...moves, remove(it)],
      ...(alone ? { alone } : {}),
    };
  });
}

/** Without `--purge` snapd first saves gigabytes, which can fail (microk8s sheet, 1.3). */
function remove(it: Recorded<SnapSpec>): Move {
  const { snap } = it.spec;
  const run = lines(forgetIdentity, patiently(sh`snap remove --purge ${snap}`), remains(it.id));
  return { does: `remove ${snap} with all its data`, on: it.on, run, deadlineS: SNAP_DEADLINE_S };
}

/** Somebody else removed it, or a removal was cut off: what it leaves outside its folders is there still. */
function clear(it: Recorded<SnapSpec>): Verdict {
  const { snap } = it.spec;
  const run = lines(forgetIdentity, remains(it.id));
  const moves = [{ does: `clear what ${snap} left`, on: it.on, run, deadlineS: 60 }];
  return { verdict: 'change', because: `snap ${snap} is not installed any more`, moves };
}
