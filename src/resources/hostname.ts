import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { noteOnce } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged, ownHost, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { microk8sDataAsk, microk8sStays, remainsAsks } from './microk8s-data.ts';
import { gone, noteAsk, stays } from './stays.ts';

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

export const hostnameKind: Kind<HostnameSpec> = {
  kind: 'hostname',
  asks,
  judge,
  undo,
  undoAsks: (it) => [noteAsk(it), ...remainsAsks(it)],
};

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
      moves: [{ does: `name it ${name}`, on: it.on, run: nameIt(it, now), deadlineS: 60 }],
    };
  });
}

function nameIt({ id, spec }: Declared<HostnameSpec>, earlier: string): Script {
  return lines(noteOnce(id, sh`printf '%s\n' ${earlier}`), sh`hostnamectl set-hostname ${spec.name}`);
}

/** A MicroK8s keeps the name that it was installed under, so the machine keeps it as long. */
function undo(it: Recorded<HostnameSpec>, world: World): Verdict {
  const [current] = asks(it) as [Ask];
  return judged(it, world, [current, noteAsk(it)], (answer, note) => {
    const earlier = note.text.trim();
    const now = answer.text.trim();
    if (now === earlier) return gone(`its name is ${earlier}`);
    if (now !== it.spec.name && earlier === '') return gone(`its name is ${now}`);
    if (now !== it.spec.name) return stays(`it was renamed to ${now} after mlk8s named it`);
    if (earlier === '') return stays('its earlier name is not known');
    const kept = microk8sStays(it, world);
    if (kept) return kept;
    return {
      verdict: 'change',
      because: `it was called ${earlier} before mlk8s`,
      diff: [{ what: 'host name', before: now, after: earlier }],
      moves: [
        { does: `name it ${earlier} again`, on: it.on, run: sh`hostnamectl set-hostname ${earlier}`, deadlineS: 60 },
      ],
    };
  });
}
