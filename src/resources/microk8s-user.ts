import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { missing, noteLines, noteOnce, removeMade } from '../shell/originals.ts';
import { lines, sh } from '../shell/script.ts';
import { judged, ownHost } from './answers.ts';
import type { Placed } from './declare.ts';
import { GROUP } from './microk8s-remains.ts';
import { gone, noteAsk } from './stays.ts';

/** The login user of the machine may use MicroK8s without sudo: member of its group, owner of ~/.kube. */
export type MicroK8sUserSpec = Record<string, never>;

export function microk8sUser(at: Placed): Declared<MicroK8sUserSpec> {
  return { kind: 'microk8s-user', ...at, spec: {} };
}

export const microk8sUserKind: Kind<MicroK8sUserSpec> = {
  kind: 'microk8s-user',
  asks: (it) => [userAsk(it)],
  judge,
  undo,
  undoAsks: (it) => [noteAsk(it), groupAsk(it)],
};

/** Who that is, sudo says: the cluster file need not name the user. facts: microk8s sheet, 3 (user access). */
function userAsk(it: Declared<MicroK8sUserSpec>): Ask {
  const script = sh`
    user=\${SUDO_USER:-root}
    echo "$user"
    id -nG "$user"
    home=$(getent passwd "$user" | cut -d: -f6)
    echo "$home"
    stat -c %U "$home/.kube"
  `;
  return { key: 'login user', on: it.on, sh: script, timeoutS: 10 };
}

function judge(it: Declared<MicroK8sUserSpec>, world: World): Verdict {
  return judged(it, world, [userAsk(it)], ({ text }) => {
    const [user = 'root', groups = '', home = '', owner] = text.trim().split('\n');
    if (user === 'root') return { verdict: 'ok', because: 'root needs no group' };
    const inGroup = groups.split(' ').includes(GROUP);
    if (inGroup && owner === user) return { verdict: 'ok', because: `${user} may use MicroK8s` };
    const kube = `${home}/.kube`;
    const note = [noteOnce(it.id, missing(kube)), ...(inGroup ? [] : [noteLines(it.id, [`member ${user}`])])];
    const allow = sh`
      usermod -a -G ${GROUP} ${user}
      mkdir -p -m 0700 ${kube}
      chown -R ${`${user}:`} ${kube}
    `;
    const because = inGroup ? `${kube} does not belong to ${user}` : `${user} is not in the group microk8s`;
    const does = `let ${user} on ${ownHost(it)} use MicroK8s without sudo`;
    return { verdict: 'change', because, moves: [{ does, on: it.on, run: lines(...note, allow), deadlineS: 30 }] };
  });
}

/** Prints the members of the group, separated by commas. */
function groupAsk({ on }: Recorded<MicroK8sUserSpec>): Ask {
  return { key: 'microk8s group', on, sh: sh`getent group ${GROUP} | cut -d: -f4`, timeoutS: 10 };
}

/** Only those whom mlk8s let in, whoever logs in now. */
function undo(it: Recorded<MicroK8sUserSpec>, world: World): Verdict {
  return judged(it, world, [noteAsk(it), groupAsk(it)], (note, group) => {
    const members = group.text.trim().split(',');
    const noted = [...note.text.matchAll(/^member (.+)$/gm)].map(([, user = '']) => user);
    const users = noted.filter((user) => members.includes(user));
    if (users.length === 0) return gone('nobody is in the group because of mlk8s');
    // What kubectl left in ~/.kube stays.
    const run = lines(removeMade(it.id), ...users.map((user) => sh`gpasswd -d ${user} ${GROUP}`));
    const moves = [{ does: `take ${users.join(', ')} out of the group ${GROUP}`, on: it.on, run, deadlineS: 30 }];
    return { verdict: 'change', because: 'they were let in by mlk8s', moves };
  });
}
