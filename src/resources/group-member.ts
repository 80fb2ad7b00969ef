import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { owe, paid } from '../shell/debts.ts';
import { isNoted, noteLines } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged, ownHost, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { readTool, type Tool, toolAsk } from './elsewhere.ts';
import { gone } from './stays.ts';

/** An account is in a group besides its own. */
export type GroupMemberSpec = {
  readonly user: string;
  readonly group: string;
  /** The group comes with this program. */
  readonly of?: Tool;
  /** A unit that runs as this account: it learns of the group only when it starts. */
  readonly restarts?: string;
};

export function groupMember({ id, on, needs, ...spec }: Placed & GroupMemberSpec): Declared<GroupMemberSpec> {
  return { kind: 'group-member', id, on, needs, spec };
}

export const groupMemberKind: Kind<GroupMemberSpec> = {
  kind: 'group-member',
  asks,
  judge,
  undo,
  undoAsks: (it) => [madeAsk(it)],
};

function groupsAsk({ on, spec: { user } }: Declared<GroupMemberSpec>): Ask {
  return { key: `groups of ${user}`, on, sh: sh`id -nG ${user}`, timeoutS: 10 };
}

function asks(it: Declared<GroupMemberSpec>): Ask[] {
  const { on, spec } = it;
  const { group, of } = spec;
  const there: Ask = { key: `group ${group}`, on, sh: sh`getent group ${group}`, timeoutS: 10 };
  return [groupsAsk(it), ...(of ? [there, toolAsk(on, of)] : [])];
}

const MADE = 'made a member';

/** Prints `yes` when it became a member by mlk8s. */
function madeAsk({ id, on }: Recorded<GroupMemberSpec>): Ask {
  return { key: `note ${id}`, on, sh: sh`if ${isNoted(id, MADE)}; then echo yes; fi`, timeoutS: 10 };
}

/** Of the restart that is left to do. */
function debtOf({ id }: Declared<GroupMemberSpec>): string {
  return `after-${id.slice(0, id.indexOf('@')).replaceAll('/', '-')}`;
}

function judge(it: Declared<GroupMemberSpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }, there, program) => {
    const { user, group, of, restarts } = it.spec;
    const elsewhere = of && program ? readTool(program.text, of)?.elsewhere : undefined;
    if (there?.text === '' && elsewhere) return withoutGroup(it, elsewhere);
    const isIn = text.trim().split(' ').includes(group);
    const isLate = restarts !== undefined && world.debts(ownHost(it)).includes(debtOf(it));
    if (isIn && !isLate) return { verdict: 'ok', because: `${user} is in the group ${group}` };
    const join = `put ${user} into the group ${group}`;
    const restart = `restart ${restarts}`;
    return {
      verdict: 'change',
      because: isIn ? `an interruption left out: ${restart}` : `${user} is not in the group ${group}`,
      moves: [
        {
          does: restarts === undefined ? join : `${join}, then ${restart}`,
          on: it.on,
          run: add(it, isIn),
          deadlineS: 90,
        },
      ],
    };
  });
}

/** One that is still to come brings the group; one that is there already may never have had it. */
function withoutGroup({ id, spec: { group } }: Declared<GroupMemberSpec>, program: string): Verdict {
  return refused(
    id,
    `there is no group ${group} on this machine`,
    `${program} was there before mlk8s and works without one, as a snap or for one account alone does`,
    `take the group out of the cluster file`,
    `or make it (sudo groupadd --system ${group}), have the program notice, and run the same command again`,
  );
}

function add(it: Declared<GroupMemberSpec>, isIn: boolean): Script {
  const { user, group, restarts } = it.spec;
  return lines(
    ...(restarts === undefined ? [] : [owe(debtOf(it))]),
    ...(isIn ? [] : [noteLines(it.id, [MADE]), sh`usermod -a -G ${group} ${user}`]),
    ...(restarts === undefined ? [] : [sh`systemctl try-restart ${restarts}`, paid(debtOf(it))]),
  );
}

/** Who was in the group before stays in it. */
function undo(it: Recorded<GroupMemberSpec>, world: World): Verdict {
  return judged(it, world, [groupsAsk(it), madeAsk(it)], ({ text }, made) => {
    const { user, group } = it.spec;
    const isOurs = made.text.trim() === 'yes' && text.trim().split(' ').includes(group);
    if (!isOurs) return gone(`${user} is not in the group ${group} because of mlk8s`);
    const moves = [
      {
        does: `take ${user} out of the group ${group}`,
        on: it.on,
        run: sh`gpasswd -d ${user} ${group}`,
        deadlineS: 30,
      },
    ];
    return { verdict: 'change', because: 'it was put there by mlk8s', moves };
  });
}
