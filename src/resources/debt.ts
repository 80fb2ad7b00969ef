import type { Declared, Kind, Verdict, World } from '../engine/types.ts';
import { paid } from '../shell/debts.ts';
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
  const away = missingPlane(world, host);
  if (away) {
    const because = `${away} is away: without ${host} too, the cluster would lose its quorum`;
    return { verdict: 'later', because, after: `microk8s/member@${away}` };
  }
  if (spec.debt === 'restart-kubelite') return restart(it, world);
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
function missingPlane(world: World, host: string): string | undefined {
  const planes = world.file.nodes.filter((node) => node.role === 'control-plane').map((node) => node.name);
  if (world.identity === undefined || !planes.includes(host)) return undefined;
  return planes.find((name) => !world.hosts.includes(name));
}

/** The debt is paid only when the cluster answers again: the next machine's turn must not come before. */
const restartKubelite: Script = sh`
  snap restart microk8s.daemon-kubelite
  microk8s status --wait-ready --timeout 300 >/dev/null
`;

function restart(it: Declared<DebtSpec>, world: World): Verdict {
  const host = ownHost(it);
  const planes = world.file.nodes.filter((node) => node.role === 'control-plane');
  const away = planes.length < 3 && planes.some((node) => node.name === host);
  return {
    verdict: 'change',
    because: `settings of kubelite on ${host} were changed and take effect with its restart`,
    disrupts: away
      ? `the Kubernetes API is away for about a minute (${planes.length} control plane${planes.length > 1 ? 's' : ''} only); pods go on`
      : `kubelet on ${host} is away for about a minute; pods go on`,
    moves: [
      {
        does: `restart kubelite on ${host}`,
        on: { host },
        run: lines(restartKubelite, paid('restart-kubelite')),
        deadlineS: 420,
      },
    ],
    alone: true,
  };
}
