import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import { claimsAsk, inUse } from './claims.ts';
import type { Placed } from './declare.ts';
import { helmAsk } from './helm-sight.ts';
import { kubectl } from './kube.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { listOf, type ObjectRef, objectsAsk, objectsOf, titleOf, unready } from './objects.ts';
import { gone } from './stays.ts';

/**
 * What an addon of MicroK8s brings is there. By its objects: `enable` does nothing for what it takes for enabled, and
 * its exit status says little. facts: microk8s sheet, 2.5 and 4; storage-and-databases sheet, 1
 */
export type AddonSpec = {
  readonly addon: string;
  readonly args: readonly string[];
  /** What it brings. The first one is what `microk8s status` knows it by. */
  readonly objects: readonly ObjectRef[];
  /** Seconds until the pods of its Deployments and DaemonSets must be ready, slow image pulls included. */
  readonly readyS: number;
};

export function addon({ id, on, needs, ...spec }: Placed & AddonSpec): Declared<AddonSpec> {
  return { kind: 'addon', id, on, needs, spec };
}

export const addonKind: Kind<AddonSpec> = {
  kind: 'addon',
  asks,
  judge,
  undo,
  undoAsks: () => [claimsAsk],
  lives: 'cluster',
  leaves: ({ spec }) => spec.objects.flatMap(({ metadata }) => metadata.namespace ?? []),
};

const ENABLE_S = 600;

function asks({ id, spec }: Declared<AddonSpec>): Ask[] {
  return [objectsAsk(id, spec.objects), helmAsk];
}

function judge(it: Declared<AddonSpec>, world: World): Verdict {
  const { addon, objects, readyS } = it.spec;
  if (world.identity === undefined) return enable(it, 'there is no cluster yet');
  return judged(it, world, asks(it), (answer) => {
    const found = objectsOf(answer);
    if (!found) return unseen(world);
    const there = new Set(found.map(titleOf));
    const missing = objects.filter((o) => !there.has(titleOf(o)));
    if (missing.length > 0) {
      const because = missing.map((o) => `${titleOf(o)} does not exist`).join(', ');
      // All of it was there before us, but for what somebody lost of it.
      return { ...enable(it, because), ...(found.length > 0 && !world.record(it.id) ? { adopts: true } : {}) };
    }
    const late = unready(found, world);
    if (late.length > 0) return { verdict: 'settling', because: late.join(', '), deadlineS: readyS };
    return { verdict: 'ok', because: `${addon}: ${objects.map(titleOf).join(', ')}` };
  });
}

const unseen = (world: World): Verdict => ({
  verdict: 'settling',
  because: `the API on ${world.lead} does not answer`,
  deadlineS: 300,
});

/** What it is known by goes first, or `enable` does nothing. How it ends counts for nothing: the objects are looked at. */
function enable({ on, spec }: Declared<AddonSpec>, because: string) {
  const run = sh`
    printf %s ${listOf(spec.objects.slice(0, 1))} | ${kubectl} delete --ignore-not-found -f -
    microk8s enable ${spec.addon} ${spec.args} || echo "microk8s enable ended with status $?"
  `;
  const does = `enable the addon ${spec.addon}`;
  return { verdict: 'change', because, moves: [{ does, on, run, deadlineS: ENABLE_S }] } as const;
}

/** By its objects: `microk8s disable` takes data with it, or asks a question that nobody answers. */
function undo(it: Recorded<AddonSpec>, world: World): Verdict {
  const { addon, objects } = it.spec;
  if (clusterEnds(world)) return gone('it goes with the cluster');
  return judged(it, world, [objectsAsk(it.id, objects), claimsAsk], (answer) => {
    const found = objectsOf(answer);
    if (!found) return unseen(world);
    if (found.length === 0) return gone(`nothing of the addon ${addon} is there`);
    const classes = objects.filter((o) => o.kind === 'StorageClass').map((o) => o.metadata.name);
    const there = found.map(titleOf);
    const drop = objects.filter((o) => there.includes(titleOf(o))).reverse();
    const run = sh`printf %s ${listOf(drop)} | ${kubectl} delete --ignore-not-found -f -`;
    const does = `delete ${drop.map(titleOf).join(', ')}`;
    const moves = [{ does, on: it.on, run, deadlineS: 120 }];
    return (
      inUse(it.id, classes, world, objects[0]?.metadata.namespace ?? '') ?? {
        verdict: 'change',
        because: 'enabled by mlk8s',
        moves,
      }
    );
  });
}
