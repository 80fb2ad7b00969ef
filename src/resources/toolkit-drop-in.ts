import type { Ask, Declared, Kind, Move, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { kubectl, SNAP_DATA } from './kube.ts';

/**
 * What the operator's toolkit wrote for containerd names the revision of the snap that is installed. A snap refresh
 * changes the revision behind `current`, and the pod that mounted it goes on with the old one. facts: gpu-and-nodes
 * sheet, 1.4; platform sheet, 5 (15, 16).
 */
export type ToolkitDropInSpec = {
  /** Where the toolkit's DaemonSet is. */
  readonly namespace: string;
  readonly machines: readonly string[];
};

export function toolkitDropIn({ id, on, needs, ...spec }: Placed & ToolkitDropInSpec): Declared<ToolkitDropInSpec> {
  return { kind: 'toolkit-drop-in', id, on, needs, spec };
}

export const toolkitDropInKind: Kind<ToolkitDropInSpec> = { kind: 'toolkit-drop-in', transient: true, asks, judge };

const DROP_IN = '/etc/containerd/conf.d/99-nvidia.toml';
const DAEMONSET = 'nvidia-container-toolkit-daemonset';

/** Docker brings a containerd of its own, which may import the same folder. */
const OTHERS = ['containerd', 'docker'];

function dropInAsk(host: string): Ask {
  const script = sh`
    echo "revision $(readlink ${SNAP_DATA})"
    if [ -e ${DROP_IN} ]; then grep -o '/var/snap/microk8s/[0-9]*/' ${DROP_IN} | sort -u; fi
    for unit in ${OTHERS}; do if systemctl is-active -q "$unit"; then echo "active $unit"; fi; done
  `;
  return { key: 'drop-in of the NVIDIA toolkit', on: { host }, sh: script, timeoutS: 10 };
}

function asks({ spec }: Declared<ToolkitDropInSpec>): Ask[] {
  return spec.machines.map(dropInAsk);
}

function judge(it: Declared<ToolkitDropInSpec>, world: World): Verdict {
  const machines = it.spec.machines.filter((name) => world.hosts.includes(name));
  return judged(it, world, machines.map(dropInAsk), (...answers) => {
    const found = answers.map(({ text }, i) => ({ name: machines[i] ?? '', ...readIn(text) }));
    const written = found.filter(({ named }) => named.length > 0);
    const stale = written.filter(({ revision, named }) => named.some((it) => it !== revision));
    if (stale.length > 0) return renew(it, stale);
    const shared = written.filter(({ others }) => others.length > 0);
    const because =
      written.length === 0
        ? 'the toolkit has written nothing for containerd yet'
        : `containerd has the runtimes of NVIDIA on ${written.map(({ name }) => name).join(', ')}`;
    const warning = shared.map(({ name, others }) => `${name}: ${others.join(' and ')} may read ${DROP_IN}, too`);
    return { verdict: 'ok', because, ...(shared.length === 0 ? {} : { warning: warning.join('; ') }) };
  });
}

interface Found {
  readonly name: string;
  /** Of the snap that is installed. */
  readonly revision: string;
  /** Revisions that the drop-in names. */
  readonly named: readonly string[];
  readonly others: readonly string[];
}

function readIn(text: string): Omit<Found, 'name'> {
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '');
  return {
    revision: all(/^revision (.*)$/gm)[0] ?? '',
    named: all(/^\/var\/snap\/microk8s\/(\d+)\/$/gm),
    others: all(/^active (.*)$/gm),
  };
}

/** Not done before each file is written anew: until then pods on that machine start with paths that are gone. */
function renew({ on, spec: { namespace } }: Declared<ToolkitDropInSpec>, stale: readonly Found[]): Verdict {
  const restart: Move = {
    does: `restart ${DAEMONSET}`,
    on,
    run: sh`${kubectl} -n ${namespace} rollout restart ${`daemonset/${DAEMONSET}`}`,
    deadlineS: 60,
  };
  const waits = stale.map(({ name, revision }): Move => {
    const written = sh`"$(grep -o '/var/snap/microk8s/[0-9]*/' ${DROP_IN} | sort -u)"`;
    const run = sh`
      until systemctl is-active -q snap.microk8s.daemon-containerd && [ ${written} = ${`/var/snap/microk8s/${revision}/`} ]; do
        sleep 3
      done
    `;
    return {
      does: `wait until containerd has the paths of revision ${revision}`,
      on: { host: name },
      run,
      deadlineS: 600,
    };
  });
  const because = stale.map(({ name, revision, named }) => `${name}: revision ${named.join(', ')}, not ${revision}`);
  return {
    verdict: 'change',
    because: `containerd has paths of a snap that was refreshed since: ${because.join('; ')}`,
    disrupts: 'containerd restarts on machines with a GPU: no pod starts there for a moment',
    moves: [restart, ...waits],
    alone: true,
  };
}
