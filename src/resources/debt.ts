import type { Declared, Kind, Verdict, World } from '../engine/types.ts';
import { owe, paid } from '../shell/debts.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { ownHost, refused } from './answers.ts';
import type { Placed } from './declare.ts';

/** Pays a debt of its host: something that was changed takes effect only after a restart. */
export type DebtSpec =
  | {
      readonly debt: 'reboot';
      /** What the reboot is for, for people. */
      readonly reason: string;
      /** The machine the user sits at is never rebooted by us. */
      readonly local: boolean;
    }
  | { readonly debt: 'restart-kubelite' };

export function debt({ id, on, needs, ...spec }: Placed & DebtSpec): Declared<DebtSpec> {
  return { kind: 'debt', id, on, needs, spec: spec as DebtSpec };
}

/** The engine asks every host for its debts, so there is nothing more to ask. */
export const debtKind: Kind<DebtSpec> = { kind: 'debt', transient: true, asks: () => [], judge };

function judge(it: Declared<DebtSpec>, world: World): Verdict {
  const host = ownHost(it);
  const { spec } = it;
  if (!world.debts(host).includes(spec.debt)) return { verdict: 'ok', because: `nothing on ${host} waits for it` };
  if (spec.debt === 'restart-kubelite') {
    const because = `settings of kubelite on ${host} were changed and take effect with its restart`;
    return kubeliteRestart(host, world, because);
  }
  const wait = quorum(host, world);
  if (wait) return wait;
  if (spec.local) {
    return refused(
      it.id,
      `${host} must be rebooted: ${spec.reason}`,
      'it is the machine that you sit at, and mlk8s never reboots that',
      'reboot it yourself, then run the same command again',
    );
  }
  return {
    verdict: 'change',
    because: spec.reason,
    disrupts: `${host} is away for a few minutes, with everything that runs on it`,
    moves: [{ does: `reboot ${host}`, on: { host }, reboot: spec.reason }],
    alone: true,
  };
}

/** Another control plane of the cluster that is not in the run, when this one is one too. */
function quorum(host: string, world: World): Verdict | undefined {
  const planes = world.file.nodes.filter((node) => node.role === 'control-plane').map((node) => node.name);
  if (world.identity === undefined || !planes.includes(host)) return undefined;
  const away = planes.find((name) => !world.hosts.includes(name));
  if (away === undefined) return undefined;
  const because = `${away} is away: without ${host} too, the cluster would lose its quorum`;
  return { verdict: 'later', because, after: `microk8s/member@${away}` };
}

/** The debt is paid only when the cluster answers again: the next machine's turn must not come before. */
const restartKubelite: Script = sh`
  snap restart microk8s.daemon-kubelite
  microk8s status --wait-ready --timeout 300 >/dev/null
`;

/** Restarts kubelite on a host. Written down first: a run that is cut off half-way does it again. */
export function kubeliteRestart(host: string, world: World, because: string): Verdict {
  const planes = world.file.nodes.filter((node) => node.role === 'control-plane');
  const away = planes.length < 3 && planes.some((node) => node.name === host);
  const run = lines(owe('restart-kubelite'), restartKubelite, paid('restart-kubelite'));
  return (
    quorum(host, world) ?? {
      verdict: 'change',
      because,
      disrupts: away
        ? `the Kubernetes API is away for about a minute (${planes.length} control plane${planes.length > 1 ? 's' : ''} only); pods go on`
        : `kubelet on ${host} is away for about a minute; pods go on`,
      moves: [{ does: `restart kubelite on ${host}`, on: { host }, run, deadlineS: 420 }],
      alone: true,
    }
  );
}
