import type { Ask, Declared, Id, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged, ownHost } from './answers.ts';
import { kubeliteRestart } from './debt.ts';
import type { Placed } from './declare.ts';
import { nodesAsk, nodesOf } from './kube.ts';

/**
 * The kubelet of this machine offers its hugepages to pods. It counts them only when it starts: what it does not see, and
 * what was written down as a debt before it was caused, is a restart. storage sheet 2.3 and failure 8.
 */
export type KubeletSeesSpec = {
  /** Hugepages of 2 MiB that pods can ask for, in MiB. */
  readonly hugepagesMiB: number;
  /** Makes the machine a member, and its pages. */
  readonly member: Id;
};

export function kubeletSees({ id, on, needs, ...spec }: Placed & KubeletSeesSpec): Declared<KubeletSeesSpec> {
  return { kind: 'kubelet-sees', id, on, needs, spec };
}

export const kubeletSeesKind: Kind<KubeletSeesSpec> = { kind: 'kubelet-sees', transient: true, asks, judge };

const RESOURCE = 'hugepages-2Mi';
/** Seconds after its start in which a kubelet may not have told the API yet what it found. */
const FRESH_S = 90;

function asks(it: Declared<KubeletSeesSpec>): Ask[] {
  return [nodesAsk, ageAsk(ownHost(it))];
}

/** Seconds since kubelite was started. */
function ageAsk(host: string): Ask {
  const script = sh`
    since=$(systemctl show --property=ActiveEnterTimestamp --value snap.microk8s.daemon-kubelite.service)
    if [ -n "$since" ]; then echo $(($(date +%s) - $(date -d "$since" +%s))); else echo never; fi
  `;
  return { key: 'age of kubelite', on: { host }, sh: script, timeoutS: 10 };
}

function judge(it: Declared<KubeletSeesSpec>, world: World): Verdict {
  const host = ownHost(it);
  const { hugepagesMiB, member } = it.spec;
  const nodes = nodesOf(world);
  if (world.identity !== undefined && !nodes) {
    return { verdict: 'settling', because: `${world.lead} does not list its nodes`, deadlineS: 300 };
  }
  const node = nodes?.find(({ name }) => name === host);
  if (!node) return { verdict: 'later', because: `${host} is not in the cluster yet`, after: member };
  const offered = mebibytes(node.allocatable[RESOURCE]);
  const seen = `kubelet on ${host} offers ${offered} of ${hugepagesMiB} MiB of hugepages`;
  if (world.debts(host).includes('restart-kubelite')) {
    const because = `the hugepages of ${host} were changed, and kubelet counts them only when it starts`;
    return kubeliteRestart(host, world, because);
  }
  if (offered >= hugepagesMiB)
    return { verdict: 'ok', because: `pods on ${host} can have ${offered} MiB of hugepages` };
  return judged(it, world, [ageAsk(host)], ({ text }) => {
    const isFresh = /^\d+$/.test(text.trim()) && Number(text) < FRESH_S;
    if (!isFresh) return kubeliteRestart(host, world, `${seen}: it counts them only when it starts`);
    return { verdict: 'settling', because: `${seen}; it started ${text.trim()} s ago`, deadlineS: 2 * FRESH_S };
  });
}

const UNITS: Readonly<Record<string, number>> = { '': 1 / 1024 ** 2, Ki: 1 / 1024, Mi: 1, Gi: 1024, Ti: 1024 ** 2 };

/** An amount of Kubernetes (`2Gi`, `2048Mi`, `0`) in MiB; what is not there or is no amount is 0. */
function mebibytes(amount: string | undefined): number {
  const [, number, unit = ''] = /^(\d+)(Ki|Mi|Gi|Ti)?$/.exec(amount ?? '') ?? [];
  return number === undefined ? 0 : Number(number) * (UNITS[unit] ?? 0);
}
