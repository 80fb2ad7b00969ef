import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged, ownHost, refused } from './answers.ts';
import type { Placed } from './declare.ts';

/**
 * The machine's own name, which becomes its name in Kubernetes. Set before MicroK8s is installed, never after:
 * microk8s sheet 6, number 6.
 */
export type HostnameSpec = {
  readonly name: string;
  /** The machine the user sits at keeps its name. */
  readonly local: boolean;
};

export function hostname({ id, on, needs, ...spec }: Placed & HostnameSpec): Declared<HostnameSpec> {
  return { kind: 'hostname', id, on, needs, spec };
}

export const hostnameKind: Kind<HostnameSpec> = { kind: 'hostname', asks, judge };

/** Is MicroK8s there, or what it left? Prints `yes`. Also asked by the preflight. */
export function microk8sDataAsk(on: Ask['on']): Ask {
  return { key: 'microk8s data', on, sh: sh`[ -d /var/snap/microk8s ] && echo yes`, timeoutS: 10 };
}

function asks(it: Declared<HostnameSpec>): Ask[] {
  return [
    { key: 'hostname', on: it.on, sh: sh`hostnamectl --static || cat /etc/hostname`, timeoutS: 15 },
    microk8sDataAsk(it.on),
  ];
}

function judge(it: Declared<HostnameSpec>, world: World): Verdict {
  return judged(it, world, asks(it), (answer, microk8s) => {
    const { name, local } = it.spec;
    const now = answer.text.trim();
    if (now === name) return { verdict: 'ok', because: `its name is ${name}` };
    const seen = `the machine's name is "${now}", not "${name}"`;
    const rename = `give the node the name it has: name: ${now}`;
    // Named by us before MicroK8s came: that is the name that MicroK8s knows, and the machine gets it back.
    const record = world.record(it.id);
    const isOurs = record?.state === 'done' && (record.spec as HostnameSpec).name === name;
    if (microk8s.text.trim() === 'yes' && !isOurs) {
      return refused(
        it.id,
        seen,
        'MicroK8s is installed there under that name, and a renamed member breaks the cluster',
        `in the cluster file, ${rename}`,
        `or give the machine its old name back: sudo hostnamectl set-hostname ${name}`,
      );
    }
    if (local) {
      const why = 'it is the machine that you sit at, and mlk8s leaves its name alone';
      return refused(
        it.id,
        seen,
        why,
        `in the cluster file, ${rename}`,
        `or type: sudo hostnamectl set-hostname ${name}`,
      );
    }
    return {
      verdict: 'change',
      because: seen,
      diff: [{ what: 'host name', before: now, after: name }],
      disrupts: `${ownHost(it)} is called ${name} from then on, in its prompt and on the network too`,
      moves: [{ does: `name it ${name}`, on: it.on, run: sh`hostnamectl set-hostname ${name}`, deadlineS: 60 }],
    };
  });
}
