import { describe, expect, it } from 'vitest';
import type { Answer, Declared, Recorded, World } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { dns } from '../../src/resources/dns.ts';
import { hostname } from '../../src/resources/hostname.ts';
import { kinds } from '../../src/resources/index.ts';
import { microk8sUser } from '../../src/resources/microk8s-user.ts';
import { nodeMeta } from '../../src/resources/node-meta.ts';
import { rbac } from '../../src/resources/rbac.ts';
import { snap } from '../../src/resources/snap.ts';
import { answerOf, at, cluster, node, worldOf } from './world.ts';

const rig2 = node('rig2', { labels: { disk: 'ssd' }, taints: [{ key: 'gpu', value: '', effect: 'NoSchedule' }] });
const file = cluster([node('rig1', { role: 'control-plane' }), rig2]);
const nodes = (labels: object, taints: object[]) =>
  JSON.stringify({
    items: [{ metadata: { name: 'rig1' } }, { metadata: { name: 'rig2', labels }, spec: { taints } }],
  });

/** The first machine leads and was there before mlk8s: the cluster stays. */
function undo(
  it: Declared,
  told: readonly (readonly [place: 'cluster' | 'rig1', key: string, text: string])[],
  leaving: string[] = [],
) {
  const answers = new Map(
    told.map(([on, key, text]): [string, Answer] => [at(on === 'cluster' ? on : { host: on }, key), answerOf(text)]),
  );
  const record: Recorded = { ...it, origin: 'created', state: 'done' };
  const world: World = { ...worldOf({ file, answers }), lead: 'rig1', identity: 'X', leaving };
  const verdict = undoing(kinds)[it.kind]?.judge(record, world);
  if (verdict?.verdict !== 'change') return verdict;
  return verdict.moves.flatMap((move) => ('run' in move ? move.run.bash.split('\n') : []));
}

const inCluster = { id: 'microk8s/it@cluster', on: 'cluster', needs: [] } as const;
const meta = nodeMeta({ ...inCluster, id: 'microk8s/labels@rig2', node: rig2 }) as Declared;
const all = ['rig1', 'rig2'];

describe('in a cluster that stays', () => {
  it('labels and taints of mlk8s go, other values stay', () => {
    const taint = { key: 'gpu', effect: 'NoSchedule' };
    expect(undo(meta, [['cluster', 'nodes', nodes({ disk: 'ssd', own: 'x' }, [taint])]])).toEqual([
      expect.stringMatching(/label node rig2 --overwrite disk-$/),
      expect.stringMatching(/taint node rig2 --overwrite gpu:NoSchedule-$/),
    ]);
    expect(undo(meta, [['cluster', 'nodes', nodes({ disk: 'hdd' }, [])]])).toMatchObject({ verdict: 'ok' });
  });

  it('dns and RBAC are switched off, and stay off', () => {
    const coredns = dns(inCluster) as Declared;
    expect(undo(coredns, [['cluster', 'coredns', '{"status":{}}']])).toEqual(['microk8s disable dns']);
    expect(undo(coredns, [['cluster', 'coredns', '']])).toMatchObject({ verdict: 'ok' });
    expect(undo(coredns, [])).toMatchObject({ verdict: 'settling' });
    const mode = (text: string) => [['rig1', 'authorization mode', text]] as const;
    const access = rbac({ ...inCluster, planes: ['rig1'] }) as Declared;
    expect(undo(access, mode('RBAC,Node\n'))).toEqual(['microk8s disable rbac']);
    expect(undo(access, mode('AlwaysAllow\n'))).toMatchObject({ verdict: 'ok' });
  });
});

it('all that is in a cluster goes with it, and with its machine', () => {
  const things = [meta, dns(inCluster) as Declared, rbac({ ...inCluster, planes: ['rig1'] }) as Declared];
  for (const thing of things) expect(undo(thing, [], all)).toMatchObject({ verdict: 'ok' });
  expect(undo(meta, [], ['rig2'])).toMatchObject({ verdict: 'ok', because: 'it goes with the node rig2' });
});

it('only those whom mlk8s let in leave the group', () => {
  const it = microk8sUser({ id: 'microk8s/user@rig1', on: { host: 'rig1' }, needs: [] }) as Declared;
  const told = (group: string, note: string) =>
    [
      ['rig1', 'note microk8s/user@rig1', note],
      ['rig1', 'microk8s group', group],
      ['rig1', 'login user', 'root\n'],
    ] as const;
  const script = undo(it, told('lab,anna\n', '/home/lab/.kube\nmember lab\n'));
  expect(script).toContain('gpasswd -d lab microk8s');
  expect(`${script}`).not.toContain('anna');
  expect(undo(it, told('anna\n', 'member lab\n'))).toMatchObject({ verdict: 'ok' });
  expect(undo(it, told('lab\n', ''))).toMatchObject({ verdict: 'ok' });
});

it('a MicroK8s that is removed takes its volumes with it, and the plan says so', () => {
  const on = { host: 'rig1' };
  const it = snap({ id: 'microk8s/snap@rig1', on, needs: [], snap: 'microk8s', channel: '1.35/stable' });
  const told = [
    ['rig1', 'mlk8s.membership', 'ours=yes\nmicrok8s=control-plane'],
    ['rig1', 'snap microk8s', 'microk8s v1.35.5 8888 1.35/stable\n'],
    ['rig1', 'snap changes microk8s', ''],
    ['rig1', 'note microk8s/snap@rig1', ''],
  ] as const;
  const answers = new Map(told.map(([host, key, text]): [string, Answer] => [at({ host }, key), answerOf(text)]));
  const world: World = { ...worldOf({ file, answers }), leaving: all };
  const record: Recorded = { ...(it as Declared), origin: 'created', state: 'done' };
  expect(undoing(kinds).snap?.judge(record, world)).toMatchObject({
    verdict: 'change',
    disrupts: expect.stringContaining('all that MicroK8s keeps on rig1 is lost, volumes too'),
  });
});

describe('a removal of MicroK8s that was cut off', () => {
  const on = { host: 'rig1' };
  const installed = snap({ id: 'microk8s/snap@rig1', on, needs: [], snap: 'microk8s', channel: '1.35/stable' });
  const name = hostname({ id: 'node/hostname@rig1', on, needs: [], name: 'rig1', local: false });
  const told = (list: string, more: readonly (readonly ['rig1', string, string])[]) =>
    [
      ['rig1', 'mlk8s.membership', 'ours=yes\nmicrok8s=none'],
      ['rig1', 'snap microk8s', list],
      ['rig1', 'snap changes microk8s', ''],
      ...more,
    ] as const;
  const NONE = 'error: no matching snaps installed\n';

  it('is ended: what the snap left outside its folders goes', () => {
    const noted = (note: string) => told(NONE, [['rig1', 'note microk8s/snap@rig1', note]]);
    expect(`${undo(installed as Declared, noted('group microk8s\n'), all)}`).toContain('groupdel microk8s');
    expect(undo(installed as Declared, noted(''), all)).toMatchObject({ verdict: 'ok' });
  });

  it('does not keep the machine from its earlier name when folders are left', () => {
    const named = (list: string) =>
      told(list, [
        ['rig1', 'hostname', 'rig1\n'],
        ['rig1', 'note node/hostname@rig1', 'ubuntu\n'],
        ['rig1', 'microk8s data', 'yes\n'],
      ]);
    expect(undo(name as Declared, named(NONE), all)).toEqual(['hostnamectl set-hostname ubuntu']);
    expect(undo(name as Declared, named('microk8s v1.35.5 8888 1.35/stable\n'), all)).toMatchObject({
      verdict: 'later',
    });
  });
});
