import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged, ownHost } from './answers.ts';
import type { Placed } from './declare.ts';

/** The login user of the machine may use MicroK8s without sudo: member of its group, owner of ~/.kube. */
export type MicroK8sUserSpec = Record<string, never>;

export function microk8sUser(at: Placed): Declared<MicroK8sUserSpec> {
  return { kind: 'microk8s-user', ...at, spec: {} };
}

export const microk8sUserKind: Kind<MicroK8sUserSpec> = { kind: 'microk8s-user', asks, judge };

/** Who that is, sudo says: the cluster file need not name the user. facts: microk8s sheet, 3 (user access). */
function asks(it: Declared<MicroK8sUserSpec>): Ask[] {
  const script = sh`
    user=\${SUDO_USER:-root}
    echo "$user"
    id -nG "$user"
    home=$(getent passwd "$user" | cut -d: -f6)
    echo "$home"
    stat -c %U "$home/.kube"
  `;
  return [{ key: 'login user', on: it.on, sh: script, timeoutS: 10 }];
}

function judge(it: Declared<MicroK8sUserSpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }) => {
    const [user = 'root', groups = '', home = '', owner] = text.trim().split('\n');
    if (user === 'root') return { verdict: 'ok', because: 'root needs no group' };
    const inGroup = groups.split(' ').includes('microk8s');
    if (inGroup && owner === user) return { verdict: 'ok', because: `${user} may use MicroK8s` };
    const kube = `${home}/.kube`;
    const run = sh`
      usermod -a -G microk8s ${user}
      mkdir -p -m 0700 ${kube}
      chown -R ${`${user}:`} ${kube}
    `;
    const because = inGroup ? `${kube} does not belong to ${user}` : `${user} is not in the group microk8s`;
    const does = `let ${user} on ${ownHost(it)} use MicroK8s without sudo`;
    return { verdict: 'change', because, moves: [{ does, on: it.on, run, deadlineS: 30 }] };
  });
}
