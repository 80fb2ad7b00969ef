import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { InventoryRecord, Json, Verdict, World } from '../../src/engine/types.ts';
import { type BlockDisk, blockDiskAsk, blockDiskOf } from '../../src/resources/block-disk.ts';
import { claimsAsk } from '../../src/resources/claims.ts';
import { type DiskPoolsSpec, diskPools, diskPoolsKind } from '../../src/resources/disk-pools.ts';
import { answersTo, cluster, node, type Told, worldOf } from './world.ts';

const file = cluster([node('rig1', { role: 'control-plane' }), node('rig2'), node('rig3')]);
const seen = (verdict: Verdict): string =>
  verdict.verdict === 'refused' ? `refused: ${verdict.problem.seen}` : `${verdict.verdict}: ${verdict.because}`;
const scripts = (verdict: Verdict): string =>
  verdict.verdict === 'change' ? verdict.moves.map((move) => ('run' in move ? move.run.bash : '')).join('\n') : '';

describe('disk-pools', () => {
  const [A, B] = ['/dev/disk/by-id/ata-A', '/dev/disk/by-id/ata-B'];
  const pools = [
    { name: 'rig2-a', node: 'rig2', disk: A },
    { name: 'rig3-b', node: 'rig3', disk: B },
  ];
  const it1 = diskPools({
    ...{ id: 'storage/pools@cluster', on: 'cluster', needs: [] },
    ...{ namespace: 'openebs', pools, classes: ['openebs-single-replica'] },
  });
  const lsblk = (more: object = {}) =>
    JSON.stringify({
      blockdevices: [
        { path: '/dev/sdb', type: 'disk', size: 9, fstype: null, pttype: null, mountpoint: null, ...more },
      ],
    });
  const ZEROS = '\uFFFD'.repeat(8);
  const EMPTY = `${lsblk()}\n----\n${ZEROS}\n----\n0\n`;
  const POOL = `${lsblk()}\n----\nSPDKBLOB\n----\n1\n`;
  const holds = (more: object) => `${lsblk(more)}\n----\nabcdefgh\n----\n1\n`;
  const NONE: Told = { text: 'error: the server doesn\'t have a resource type "diskpools"\n', status: 1 };
  const live = (
    ...items: readonly (readonly [name: string, node: string, disk: string, status?: string, more?: object])[]
  ) =>
    JSON.stringify({
      items: items.map(([name, on, disk, status, more = {}]) => ({
        metadata: { name, namespace: 'openebs', ...more },
        spec: { node: on, disks: [disk] },
        status: { cr_state: status === undefined ? 'Creating' : 'Created', pool_status: status ?? null },
      })),
    });
  const UP = live(['rig2-a', 'rig2', A, 'Online'], ['rig3-b', 'rig3', B, 'Online']);

  function world(told: readonly Told[], more: Partial<World> = {}, earlier?: DiskPoolsSpec): World {
    const records: InventoryRecord[] = earlier
      ? [{ ...it1, spec: earlier as unknown as Json, origin: 'created', state: 'done' }]
      : [];
    const [list = '', ...disks] = told;
    const answers = answersTo(diskPoolsKind.asks(it1), [list, ...disks]);
    return { ...worldOf({ file, answers, records }), identity: 'X', lead: 'rig1', ...more };
  }
  const judge = (...given: Parameters<typeof world>) => diskPoolsKind.judge(it1, world(...given));

  it.each<[string, readonly Told[], string]>([
    ['are Online', [UP, POOL, POOL], 'ok: 2 of 2 pools are Online'],
    [
      'are Online, and kubectl says something beside it',
      [`E1121 20:00:00.000000 42 memcache.go:287] metrics\nWarning: old\n${UP}`, POOL, POOL],
      'ok: 2 of 2 pools are Online',
    ],
    ['are not there, nor is their type', [NONE, EMPTY, EMPTY], `change: ${A} of rig2, ${B} of rig3: no pool yet`],
    ['one is missing', [live(['rig2-a', 'rig2', A, 'Online']), POOL, EMPTY], `change: ${B} of rig3: no pool yet`],
    [
      'one is still being made',
      [live(['rig2-a', 'rig2', A, 'Online'], ['rig3-b', 'rig3', B]), POOL, EMPTY],
      `settling: 1 of 2 pools are Online; rig3-b is Unknown (${B} of rig3)`,
    ],
    [
      'nobody lists them',
      [{ text: 'Unable to connect\n', status: 1 }, EMPTY, EMPTY],
      'settling: the API on rig1 does not list its disk pools',
    ],
    ['a disk is not there', [NONE, 'missing\n', EMPTY], `refused: ${A} of rig2: there is no such disk`],
    ['a disk holds a file system', [NONE, holds({ fstype: 'ext4' }), EMPTY], `refused: ${A} of rig2: it holds ext4`],
    [
      'two disks are used, one of them now',
      [
        NONE,
        holds({ pttype: 'gpt' }),
        holds({ pttype: 'gpt', children: [{ path: '/dev/sdb1', fstype: 'xfs', mountpoint: '/srv' }] }),
      ],
      `refused: ${A} of rig2: it has a partition table (gpt); ${B} of rig3: on it are /dev/sdb1 (xfs); mounted at /srv`,
    ],
    [
      'a disk is a partition',
      [NONE, holds({ type: 'part' }), EMPTY],
      `refused: ${A} of rig2: it is a partition, not a whole disk`,
    ],
    [
      'a disk is the pool of another cluster',
      [NONE, POOL, EMPTY],
      `refused: ${A} of rig2: a pool of Mayastor is on it, which this cluster does not know`,
    ],
    [
      'a disk holds what nobody knows',
      [NONE, holds({}), `${lsblk()}\n----\n${ZEROS}\n----\n1\n`],
      `refused: ${A} of rig2: its first MiB holds data that lsblk does not know; ${B} of rig3: its first MiB holds data that lsblk does not know`,
    ],
    [
      'a disk does not answer',
      [NONE, { text: `${lsblk()}\n----\n\n----\n0\n`, status: 1 }, EMPTY],
      `refused: ${A} of rig2: what is on it cannot be read`,
    ],
    [
      'a disk was taken out',
      [live(['rig2-a', 'rig2', A, 'Unknown'], ['rig3-b', 'rig3', B, 'Online']), 'missing\n', POOL],
      `refused: 1 of 2 pools are Online; rig2-a: ${A} of rig2 is not there any more`,
    ],
    [
      'a disk is in a pool of somebody else',
      [live(['mine', 'rig2', A, 'Online']), POOL, EMPTY],
      `refused: ${A} of rig2 belongs to the pool mine already`,
    ],
    [
      'a pool was moved to another disk',
      [live(['rig2-a', 'rig2', '/dev/sdx', 'Online']), EMPTY, EMPTY],
      `refused: the pool rig2-a is on /dev/sdx of rig2, not on ${A} of rig2`,
    ],
    [
      'a pool is being deleted',
      [live(['rig2-a', 'rig2', A, 'Online', { deletionTimestamp: '2026-11-21T20:00:00Z' }]), POOL, EMPTY],
      `refused: the pool rig2-a (${A} of rig2) is being deleted`,
    ],
  ])('%s', (_, told, verdict) => expect(seen(judge(told))).toBe(verdict));

  it('look at the disks before there is a cluster', () => {
    const none = { identity: undefined };
    expect(seen(judge(['', EMPTY, EMPTY], none))).toBe('change: there is no cluster yet');
    expect(seen(judge(['', EMPTY, 'missing\n'], none))).toBe(`refused: ${B} of rig3: there is no such disk`);
  });

  it.each(['timeout', 'unreachable'] as const)('conclude nothing from %s', (kind) => {
    expect(judge([NONE, EMPTY, { kind }]).verdict).toBe('refused');
    expect(judge([{ kind }, EMPTY, EMPTY]).verdict).toBe('refused');
  });

  it('make only what is missing, and take no field of others', () => {
    const run = scripts(judge([live(['rig2-a', 'rig2', A, 'Online']), POOL, EMPTY]));
    const list = JSON.parse(/printf %s '(.*)' \|/.exec(run)?.[1] ?? '') as { items: object[] };
    expect(list.items).toEqual([
      {
        ...{ apiVersion: 'openebs.io/v1beta3', kind: 'DiskPool' },
        metadata: { name: 'rig3-b', namespace: 'openebs', labels: { 'app.kubernetes.io/managed-by': 'mlk8s' } },
        spec: { node: 'rig3', disks: [B] },
      },
    ]);
    expect(run).toContain('apply --server-side --field-manager=mlk8s -f -');
    expect(run).not.toContain('--force-conflicts');
  });

  it('of a machine that is out of the run are left alone, and said', () => {
    const told: Told[] = [
      live(['rig2-a', 'rig2', A, 'Online'], ['rig3-b', 'rig3', B, 'Unknown']),
      POOL,
      { kind: 'unreachable' },
    ];
    const verdict = judge(told, { hosts: ['rig1', 'rig2'] });
    expect(verdict).toEqual({
      ...{ verdict: 'ok', because: '1 of 2 pools are Online' },
      warning: `1 of 2 pools are Online; rig3-b is Unknown (${B} of rig3): out of this run`,
    });
  });

  it('that the file does not list any more are neither removed nor forgotten', () => {
    const old = { name: 'rig1-c', node: 'rig1', disk: '/dev/disk/by-id/ata-C' };
    const more = live(
      ['rig2-a', 'rig2', A, 'Online'],
      ['rig3-b', 'rig3', B, 'Online'],
      ['rig1-c', 'rig1', old.disk, 'Online'],
    );
    const earlier = { ...it1.spec, pools: [...pools, old] };
    expect(seen(judge([more, POOL, POOL], {}, earlier))).toBe(
      `refused: the file does not list ${old.disk} of rig1 any more, and the pool is there: rig1-c`,
    );
    expect(seen(judge([UP, POOL, POOL], {}, earlier))).toBe('ok: 2 of 2 pools are Online');
  });

  it('are made for a new disk before the old one goes, and the old one is known without its record', () => {
    const labels = { 'app.kubernetes.io/managed-by': 'mlk8s' };
    const old = ['rig2-x', 'rig2', '/dev/disk/by-id/ata-X', 'Unknown', { labels }] as const;
    const other = ['other', 'rig1', '/dev/disk/by-id/ata-Y', 'Online'] as const;
    const b = ['rig3-b', 'rig3', B, 'Online'] as const;
    expect(seen(judge([live(old, other, b), EMPTY, POOL]))).toBe(`change: ${A} of rig2: no pool yet`);
    expect(seen(judge([live(old, other, b, ['rig2-a', 'rig2', A, 'Online']), POOL, POOL]))).toBe(
      'refused: the file does not list /dev/disk/by-id/ata-X of rig2 any more, and the pool is there: rig2-x',
    );
  });

  describe('undone', () => {
    const undo = (list: Told, claims: string, more: Partial<World> = {}): Verdict => {
      const answers = answersTo([...diskPoolsKind.asks(it1), claimsAsk], [list, EMPTY, EMPTY, `${claims}----\n`]);
      const world = { ...worldOf({ file, answers }), identity: 'X', lead: 'rig1', ...more };
      const record = { ...it1, origin: 'created', state: 'done' } as const;
      if (diskPoolsKind.transient) throw new Error('it leaves pools behind');
      return diskPoolsKind.undo(record, world);
    };

    it('goes only when no volume is left, and names those that are', () => {
      expect(seen(undo(UP, 'shop\tdata\topenebs-single-replica\tpvc-1\n----\n----\n'))).toBe(
        'refused: data is in volumes of openebs-single-replica: shop/data',
      );
      const verdict = undo(UP, 'shop\tdata\topenebs-hostpath\tpvc-1\n----\n----\n');
      expect(seen(verdict)).toBe('change: made by mlk8s');
      expect(scripts(verdict)).toContain(
        'delete diskpools.openebs.io -n openebs --ignore-not-found --timeout=180s rig2-a rig3-b',
      );
    });

    it('stays for volumes of other classes that lie in the pools, also when the class is gone', () => {
      const [MAYASTOR, LOCAL] = ['io.openebs.csi-mayastor', 'openebs.io/local'];
      const classes = `openebs-single-replica\t${MAYASTOR}\ntwo\t${MAYASTOR}\nopenebs-etcd\t${LOCAL}\n`;
      const etcd = 'openebs\tdata-etcd-0\topenebs-etcd\tpvc-0\n';
      const volumes = `pvc-0\topenebs-etcd\t${LOCAL}\npvc-1\tfour\t${MAYASTOR}\n`;
      expect(seen(undo(UP, `${etcd}shop\tdata\ttwo\tpvc-7\n----\n----\n${classes}`))).toBe(
        'refused: data is in volumes of two: shop/data',
      );
      expect(seen(undo(UP, `${etcd}shop\tdata\tfour\tpvc-1\n----\n${volumes}----\n${classes}`))).toBe(
        'refused: data is in volumes of four: shop/data',
      );
      // A claim of the same name is not the one that the volume was made for.
      expect(seen(undo(UP, `${etcd}shop\tdata\tother\tpvc-9\n----\n${volumes}----\n${classes}`))).toBe(
        'refused: data is in volumes of four: volume pvc-1',
      );
      expect(seen(undo(UP, `${etcd}----\npvc-0\topenebs-etcd\t${LOCAL}\n----\n${classes}`))).toMatch(/^change/);
    });

    it('has nothing to do when they are gone, or go with the cluster', () => {
      expect(seen(undo(live(), '----\n----\n'))).toBe('ok: none of its pools is there');
      expect(seen(undo(UP, '----\n----\n', { leaving: ['rig1', 'rig2', 'rig3'] }))).toMatch(
        /^ok: they go with the cluster/,
      );
    });
  });
});

describe('what is on a disk', () => {
  const dir = mkdtempSync(join(tmpdir(), 'mlk8s-disk-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const told = JSON.stringify({ blockdevices: [{ path: '/dev/sdb', type: 'disk' }] });

  it.each<[string, Buffer, BlockDisk]>([
    ['nothing', Buffer.alloc(4 << 20), 'empty'],
    ['a pool', Buffer.concat([Buffer.from('SPDKBLOB'), Buffer.alloc(4096)]), 'pool'],
    [
      'something somewhere in its first MiB',
      Buffer.concat([Buffer.alloc(70_000), Buffer.from('\xffmine', 'latin1'), Buffer.alloc(4096)]),
      { holds: 'its first MiB holds data that lsblk does not know' },
    ],
    ['it cannot be read', Buffer.alloc(0), 'unknown'],
  ])('%s', (_, content, found) => {
    const path = join(dir, 'disk');
    writeFileSync(path, content);
    const script = `lsblk() { echo '${told}'; }\n${blockDiskAsk('rig1', path).sh.bash}`;
    const text = execFileSync('bash', ['-c', script], { encoding: 'utf8' }).replaceAll('\0', '\uFFFD');
    expect(blockDiskOf({ kind: 'bytes', text, status: 0, cut: false })).toEqual(found);
  });
});
