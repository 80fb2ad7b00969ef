import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged, ownHost, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { kubectl, SNAP_DATA } from './kube.ts';

/** MicroK8s runs on its machine: services up, and on a control plane the API answers. */
export type MicroK8sReadySpec = Record<string, never>;

export function microk8sReady(at: Placed): Declared<MicroK8sReadySpec> {
  return { kind: 'microk8s-ready', ...at, spec: {} };
}

export const microk8sReadyKind: Kind<MicroK8sReadySpec> = { kind: 'microk8s-ready', transient: true, asks, judge };

/** Minutes, not seconds: the first start pulls images over the line of a home. */
const START_S = 900;

/**
 * Reads the lock files instead of `microk8s status`, which exits 0 with a sentence when it is stopped, and on a worker.
 * facts: microk8s sheet, 2 (common preambles) and 3.
 */
function asks(it: Declared<MicroK8sReadySpec>): Ask[] {
  const script = sh`
    [ -e ${SNAP_DATA} ] || exit 0
    echo installed
    cd ${SNAP_DATA}/var/lock
    for lock in clustered stopped low-memory-guard; do [ -e $lock.lock ] && echo $lock; done
    systemctl show -p Id,ActiveState,UnitFileState snap.microk8s.daemon-containerd snap.microk8s.daemon-kubelite
    [ -e /var/snap/microk8s/common/etc/launcher/install.yaml ] && echo launching
    [ -e clustered.lock ] || ${kubectl} get --raw /readyz
  `;
  return [{ key: 'microk8s services', on: it.on, sh: script, timeoutS: 30 }];
}

function judge(it: Declared<MicroK8sReadySpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }) => {
    const host = ownHost(it);
    const facts = text.split('\n');
    if (!facts.includes('installed')) {
      return { verdict: 'later', because: 'MicroK8s is not installed yet', after: `microk8s/snap@${host}` };
    }
    if (facts.includes('low-memory-guard')) {
      return refused(
        it.id,
        `MicroK8s refuses to start on ${host}: its low-memory guard is set`,
        'the machine has 512 MB of memory or less',
        'give it more memory, or make it a worker in the cluster file',
      );
    }
    const worker = facts.includes('clustered');
    // A service that starts is "activating"; one that is inactive was stopped, and nothing starts it by itself.
    const off = ['UnitFileState=disabled', 'ActiveState=inactive', 'ActiveState=failed', 'stopped'];
    if (off.some((fact) => facts.includes(fact))) return start(it, host, worker);
    const states = facts.filter((fact) => fact.startsWith('ActiveState=')).map((fact) => fact.slice(12));
    if (states.some((state) => state !== 'active')) {
      return { verdict: 'settling', because: `its services do not run yet: ${states.join(', ')}`, deadlineS: START_S };
    }
    if (facts.includes('launching')) {
      const because = 'MicroK8s is still at its own first settings';
      return { verdict: 'settling', because, deadlineS: START_S };
    }
    if (!worker && !facts.includes('ok')) {
      return { verdict: 'settling', because: 'the Kubernetes API does not answer yet', deadlineS: START_S };
    }
    return { verdict: 'ok', because: worker ? 'its services run' : 'its services run and the API answers' };
  });
}

/** On a worker `microk8s start` only prints a sentence (microk8s sheet, 2). */
function start(it: Declared<MicroK8sReadySpec>, host: string, worker: boolean): Verdict {
  const run = sh`
    rm -f ${SNAP_DATA}/var/lock/stopped.lock
    snap start --enable microk8s
    ${worker ? sh`true` : sh`microk8s start`}
  `;
  const because = `MicroK8s on ${host} is stopped`;
  return { verdict: 'change', because, moves: [{ does: `start MicroK8s on ${host}`, on: it.on, run, deadlineS: 300 }] };
}
