import * as z from 'zod';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { type Script, sh } from '../shell/script.ts';
import { type Given, judged, refused } from './answers.ts';
import { type BlockDisk, blockDiskAsk, blockDiskOf } from './block-disk.ts';
import { claimsAsk, inUse } from './claims.ts';
import type { Placed } from './declare.ts';
import { jsonOf, kubectl, withoutNoise } from './kube.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { gone } from './stays.ts';

/** `node`: name of the machine; `disk`: its path there, below /dev/disk/by-id. */
export type Pool = { readonly name: string; readonly node: string; readonly disk: string };

/**
 * Each of these disks is a pool of Mayastor, and works. A pool is never made over data, never moved to another disk and
 * never removed while volumes are left. storage sheet 2.3 and failure 12.
 */
export type DiskPoolsSpec = {
  readonly namespace: string;
  readonly pools: readonly Pool[];
  /** Storage classes whose volumes lie in the pools. */
  readonly classes: readonly string[];
};

export function diskPools({ id, on, needs, ...spec }: Placed & DiskPoolsSpec): Declared<DiskPoolsSpec> {
  return { kind: 'disk-pools', id, on, needs, spec };
}

export const diskPoolsKind: Kind<DiskPoolsSpec> = {
  kind: 'disk-pools',
  asks: (it) => [poolsAsk, ...it.spec.pools.map(({ node, disk }) => blockDiskAsk(node, disk))],
  judge,
  undo,
  undoAsks: () => [claimsAsk],
  lives: 'cluster',
};

/** Seconds until a pool is Online: io-engine writes to its disk first. */
const ONLINE_S = 600;

/** Errors come with the answer: only by their words a type that is not there differs from an API that is away. */
const poolsAsk: Ask = {
  key: 'disk pools',
  on: 'cluster',
  sh: sh`${kubectl} get diskpools.openebs.io -A -o json 2>&1`,
  timeoutS: 20,
};

/** On every pool that mlk8s made: its record knows only those that the file lists now. */
const OURS = { 'app.kubernetes.io/managed-by': 'mlk8s' };

const text = z.string();
const livePool = z
  .object({
    metadata: z.object({
      ...{ name: text, namespace: text, deletionTimestamp: text.optional() },
      labels: z.record(text, text).optional(),
    }),
    spec: z.object({ node: text, disks: z.array(text) }),
    status: z.object({ cr_state: text.optional(), pool_status: text.nullish() }).nullish(),
  })
  .transform(({ metadata, spec: { node, disks }, status }) => ({
    ...{ name: metadata.name, namespace: metadata.namespace, isLeaving: metadata.deletionTimestamp !== undefined },
    isOurs: Object.entries(OURS).every(([key, value]) => metadata.labels?.[key] === value),
    ...{ node, disks, state: status?.cr_state ?? 'new', status: status?.pool_status ?? 'Unknown' },
  }));
const listed = z.object({ items: z.array(livePool) });
type LivePool = z.infer<typeof livePool>;

/** Undefined: the API does not say. */
function livePools({ text, status }: Given): readonly LivePool[] | undefined {
  if (status !== 0) return /the server doesn't have a resource type/.test(text) ? [] : undefined;
  return jsonOf(withoutNoise(text), listed)?.items;
}

/** What an earlier run wrote into the cluster, where others may write too. */
const earlier = z.object({ pools: z.array(z.object({ name: text, node: text, disk: text })) });

function judge(it: Declared<DiskPoolsSpec>, world: World): Verdict {
  const present = it.spec.pools.filter(({ node }) => world.hosts.includes(node));
  const diskAsks = present.map(({ node, disk }) => blockDiskAsk(node, disk));
  if (world.identity === undefined) {
    return judged(it, world, diskAsks, (...answers) => {
      const bad = unusable(it, present, answers.map(blockDiskOf));
      return bad ?? create(it, present, 'there is no cluster yet');
    });
  }
  return judged(it, world, [poolsAsk, ...diskAsks], (answer, ...answers) => {
    const live = livePools(answer);
    if (!live) return unseen(world);
    const mine = (pool: Pool) => live.find((o) => o.name === pool.name && o.namespace === it.spec.namespace);
    const disks = new Map(present.map((pool, i) => [pool.name, blockDiskOf(answers[i] as Given)]));
    const missing = present.filter((pool) => !mine(pool));
    const diskOf = (pool: Pool) => disks.get(pool.name) ?? 'unknown';
    const bad = contradiction(it, live) ?? unusable(it, missing, missing.map(diskOf));
    if (bad) return bad;
    // New ones first: copies that lie in a pool that is to go may need them.
    if (missing.length > 0) return create(it, missing, `${missing.map(titleOf).join(', ')}: no pool yet`);
    return leftOver(it, live, world) ?? health(it, mine, diskOf, world);
  });
}

const titleOf = ({ node, disk }: Pick<Pool, 'node' | 'disk'>): string => `${disk} of ${node}`;

const unseen = (world: World): Verdict => ({
  verdict: 'settling',
  because: `the API on ${world.lead} does not list its disk pools`,
  deadlineS: 300,
});

/** Pools of that name elsewhere, or other pools on that disk. */
function contradiction(it: Declared<DiskPoolsSpec>, live: readonly LivePool[]): Verdict | undefined {
  const { pools, namespace } = it.spec;
  for (const pool of pools) {
    const other = live.find((o) => o.node === pool.node && o.disks.includes(pool.disk) && o.name !== pool.name);
    if (other) {
      const seen = `${titleOf(pool)} belongs to the pool ${other.name} already`;
      const next = `look at it: microk8s kubectl -n ${other.namespace} get diskpool ${other.name} -o yaml`;
      return refused(it.id, seen, 'somebody else made that pool, and volumes may lie in it', next, ...LEAVE_OUT);
    }
    const same = live.find((o) => o.name === pool.name && o.namespace === namespace);
    if (same?.isLeaving) {
      const seen = `the pool ${pool.name} (${titleOf(pool)}) is being deleted`;
      const why = 'somebody deleted it, and it stays until the last copy of a volume on it is gone';
      const next = [`move or delete these volumes; see: microk8s kubectl get pv`, 'then run the same command again'];
      return refused(
        it.id,
        seen,
        why,
        ...next,
        'do not remove its finalizer: Mayastor would remember the pool for ever',
      );
    }
    if (same && (same.node !== pool.node || !same.disks.includes(pool.disk))) {
      const seen = `the pool ${pool.name} is on ${same.disks.join(', ')} of ${same.node}, not on ${titleOf(pool)}`;
      return refused(it.id, seen, 'somebody changed it, and a pool is never moved to another disk', ...LEAVE_OUT);
    }
  }
  return undefined;
}

const LEAVE_OUT = ['or take that disk out of storage.mayastor.pools'];

/** Disks that no pool may be made on. All of them at once. */
function unusable(
  it: Declared<DiskPoolsSpec>,
  pools: readonly Pool[],
  disks: readonly BlockDisk[],
): Verdict | undefined {
  const bad = pools.flatMap((pool, i) => {
    const why = obstacle(disks[i] ?? 'unknown');
    return why === undefined ? [] : [{ pool, why }];
  });
  const [first] = bad;
  if (!first) return undefined;
  const { node, disk } = first.pool;
  return refused(
    it.id,
    bad.map(({ pool, why }) => `${titleOf(pool)}: ${why}`).join('; '),
    'Mayastor takes whole, empty disks, and mlk8s never makes a pool over data',
    `see the disks of ${node}: ssh ${node} 'ls -l /dev/disk/by-id/; lsblk -f'`,
    `if nothing on it is needed any more: ssh ${node} 'sudo wipefs -a ${disk}; sudo dd if=/dev/zero of=${disk} bs=1M count=16'`,
    'or name another disk in storage.mayastor.pools',
  );
}

function obstacle(disk: BlockDisk): string | undefined {
  if (typeof disk === 'object') return disk.holds;
  if (disk === 'missing') return 'there is no such disk';
  if (disk === 'pool') return 'a pool of Mayastor is on it, which this cluster does not know';
  return disk === 'unknown' ? 'what is on it cannot be read' : undefined;
}

/** Pools that the file does not list any more: volumes may lie there. */
function leftOver(it: Declared<DiskPoolsSpec>, live: readonly LivePool[], world: World): Verdict | undefined {
  const before = earlier.safeParse(world.record(it.id)?.spec).data?.pools ?? [];
  const isWanted = (name: string) => it.spec.pools.some((pool) => pool.name === name);
  const isOurs = (o: LivePool) => o.isOurs || before.some(({ name }) => name === o.name);
  const left = live.filter((o) => o.namespace === it.spec.namespace && isOurs(o) && !isWanted(o.name));
  if (left.length === 0) return undefined;
  const names = left.map(({ name }) => name).join(' ');
  return refused(
    it.id,
    `the file does not list ${left.map(({ node, disks }) => titleOf({ node, disk: disks.join(', ') })).join(', ')} any more, and the pool is there: ${names}`,
    'copies of volumes may lie in it, and a pool that goes takes them along',
    'put the disk back into storage.mayastor.pools',
    `or see what is in it (microk8s kubectl -n ${it.spec.namespace} get diskpools: USED), and remove it yourself: microk8s kubectl -n ${it.spec.namespace} delete diskpool ${names}`,
  );
}

function create(
  { on, spec: { namespace } }: Declared<DiskPoolsSpec>,
  pools: readonly Pool[],
  because: string,
): Verdict {
  const items = pools.map(({ name, node, disk }) => ({
    ...{ apiVersion: 'openebs.io/v1beta3', kind: 'DiskPool', metadata: { name, namespace, labels: OURS } },
    spec: { node, disks: [disk] },
  }));
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const run: Script = sh`printf %s ${list} | ${kubectl} apply --server-side --field-manager=mlk8s -f -`;
  const does = `make pools of ${pools.map(titleOf).join(', ')}`;
  return { verdict: 'change', because, moves: [{ does, on, run, deadlineS: 120 }], settled: true };
}

function health(
  { id, spec: { pools } }: Declared<DiskPoolsSpec>,
  mine: (pool: Pool) => LivePool | undefined,
  diskOf: (pool: Pool) => BlockDisk,
  world: World,
): Verdict {
  const isUp = (pool: Pool) => mine(pool)?.status === 'Online' && mine(pool)?.state === 'Created';
  const up = pools.filter(isUp);
  const counted = `${up.length} of ${pools.length} pools are Online`;
  if (up.length === pools.length) return { verdict: 'ok', because: counted };
  const down = pools.filter((pool) => !isUp(pool));
  const away = down.filter(({ node }) => !world.hosts.includes(node));
  const lost = down.filter((pool) => !away.includes(pool) && diskOf(pool) === 'missing');
  if (lost.length > 0) {
    const seen = `${counted}; ${lost.map((pool) => `${pool.name}: ${titleOf(pool)} is not there any more`).join('; ')}`;
    const why = 'the disk was taken out or has failed; volumes with copies elsewhere go on';
    return refused(id, seen, why, 'put the disk back in, or replace it: docs/mayastor.md tells how');
  }
  const words = down.map((pool) => `${pool.name} is ${mine(pool)?.status ?? 'not made'} (${titleOf(pool)})`);
  const because = `${counted}; ${words.join('; ')}`;
  if (away.length === down.length) return { verdict: 'ok', because: counted, warning: `${because}: out of this run` };
  return { verdict: 'settling', because, deadlineS: ONLINE_S };
}

/** Only what is empty. The operator takes its label off the disk before the object goes. */
function undo(it: Recorded<DiskPoolsSpec>, world: World): Verdict {
  if (clusterEnds(world)) return gone('they go with the cluster; what is on the disks stays there');
  return judged(it, world, [poolsAsk], (answer) => {
    const live = livePools(answer);
    if (!live) return unseen(world);
    const { pools, namespace, classes } = it.spec;
    const isOurs = (o: LivePool) => o.isOurs || pools.some(({ name }) => name === o.name);
    const left = live.filter((o) => o.namespace === namespace && isOurs(o));
    if (left.length === 0) return gone('none of its pools is there');
    const kept = inUse(it.id, classes, world, namespace);
    if (kept) return kept;
    const names = left.map(({ name }) => name);
    const run = sh`${kubectl} delete diskpools.openebs.io -n ${namespace} --ignore-not-found --timeout=180s ${names}`;
    const does = `delete the empty pools ${names.join(', ')}`;
    return { verdict: 'change', because: 'made by mlk8s', moves: [{ does, on: it.on, run, deadlineS: 240 }] };
  });
}
