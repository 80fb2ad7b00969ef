import { describe, expect, it } from 'vitest';
import type { Answer, InventoryRecord, Verdict, World } from '../../../src/engine/types.ts';
import { clusterKind, cluster as clusterResource } from '../../../src/resources/cluster.ts';
import { dns, dnsKind } from '../../../src/resources/dns.ts';
import { nodeMeta, nodeMetaKind } from '../../../src/resources/node-meta.ts';
import { rbac, rbacKind } from '../../../src/resources/rbac.ts';
import { snapdSeeded, snapdSeededKind } from '../../../src/resources/snapd-seeded.ts';
import { voters, votersKind } from '../../../src/resources/voters.ts';
import { answerOf, at, cluster, node, type Told, worldOf } from '../../resources/world.ts';

const file = cluster([node('rig1', { role: 'control-plane' }), node('rig2', { role: 'control-plane' }), node('rig4')]);

/** A world with a cluster; `told` by place and key. */
function world(told: Record<string, Told>, more: Partial<World> = {}, records: InventoryRecord[] = []): World {
  const answers = new Map<string, Answer>(Object.entries(told).map(([key, value]) => [key, answerOf(value)]));
  return { ...worldOf({ file, answers, records }), lead: 'rig1', identity: 'X', ...more };
}

const noCluster = { lead: undefined, identity: undefined };
const verdictOf = (verdict: Verdict) => verdict.verdict;

describe('cluster', () => {
  const it1 = clusterResource({ id: 'microk8s/cluster@cluster', on: 'cluster', needs: [] });

  it('is there when somebody leads it', () => {
    expect(clusterKind.judge(it1, world({}))).toEqual({ verdict: 'ok', because: 'rig1 leads the cluster X' });
  });

  it('is begun on the founder; what somebody else made there is adopted', () => {
    const ours = world(
      { 'rig1 mlk8s.membership': 'ours=yes\nmicrok8s=control-plane\n' },
      { ...noCluster, founder: 'rig1' },
    );
    expect(clusterKind.judge(it1, ours)).toMatchObject({
      verdict: 'change',
      moves: [{ does: 'make rig1 the first member' }],
    });
    expect(clusterKind.judge(it1, ours)).not.toHaveProperty('adopts');
    const theirs = world({ 'rig1 mlk8s.membership': 'microk8s=control-plane\n' }, { ...noCluster, founder: 'rig1' });
    expect(clusterKind.judge(it1, theirs)).toMatchObject({ verdict: 'change', adopts: true });
  });
});

describe('rbac', () => {
  const it1 = rbac({ id: 'microk8s/rbac@cluster', on: 'cluster', needs: [], planes: ['rig1', 'rig2'] });
  const member = 'identity=X\nmicrok8s=control-plane\n';
  const all = {
    'rig1 mlk8s.membership': member,
    'rig2 mlk8s.membership': member,
    'rig1 authorization mode': 'RBAC,Node\n',
    'rig2 authorization mode': 'RBAC,Node\n',
    'cluster api ready': 'ok',
  };

  it.each<[string, Record<string, Told>, Partial<World>, string]>([
    ['is on at every member', all, {}, 'ok'],
    ['is off at one', { ...all, 'rig2 authorization mode': 'AlwaysAllow\n' }, {}, 'change'],
    [
      'is not asked of who is no member yet',
      { ...all, 'rig2 mlk8s.membership': 'microk8s=none\n', 'rig2 authorization mode': '' },
      {},
      'ok',
    ],
    [
      'is not asked of who dropped out',
      { ...all, 'rig2 authorization mode': { kind: 'unreachable' } },
      { hosts: ['rig1', 'rig4'] },
      'ok',
    ],
    [
      'cannot be read: nothing is switched',
      { ...all, 'rig2 authorization mode': { text: '', status: 1 } },
      {},
      'settling',
    ],
    [
      'was not answered: nothing is switched',
      { ...all, 'rig2 authorization mode': { kind: 'timeout' } },
      {},
      'refused',
    ],
    [
      'was just switched on, and the API restarts',
      { ...all, 'cluster api ready': { text: '', status: 1 } },
      {},
      'settling',
    ],
    ['has to wait for a cluster', {}, noCluster, 'change'],
  ])('%s', (_, told, more, expected) => {
    expect(verdictOf(rbacKind.judge(it1, world(told, more)))).toBe(expected);
  });
});

describe('dns', () => {
  const it1 = dns({ id: 'microk8s/dns@cluster', on: 'cluster', needs: [] });
  const coredns = (available?: number) =>
    JSON.stringify({ status: available === undefined ? {} : { availableReplicas: available } });

  it.each<[string, Record<string, Told>, string]>([
    ['is available', { 'cluster coredns': coredns(1) }, 'ok'],
    ['is there without a pod', { 'cluster coredns': coredns() }, 'settling'],
    ['is gone', { 'cluster coredns': '', 'cluster launcher': 'install.yaml.applied\n' }, 'change'],
    [
      'is still being set up by MicroK8s itself',
      { 'cluster coredns': '', 'cluster launcher': 'install.yaml\n' },
      'settling',
    ],
    ['cannot be asked for: the API is away', { 'cluster coredns': { text: '', status: 1 } }, 'settling'],
    ['was not answered', { 'cluster coredns': { kind: 'timeout' } }, 'settling'],
  ])('%s', (_, told, expected) => {
    expect(verdictOf(dnsKind.judge(it1, world(told)))).toBe(expected);
  });
});

describe('voters', () => {
  const it1 = voters({ id: 'microk8s/voters@cluster', on: 'cluster', needs: [] });
  const rows = (...roles: number[]) =>
    roles.map((role, i) => `- Address: 10.0.0.${i}:19001\n  ID: ${i}\n  Role: ${role}\n`).join('');

  it.each<[string, Told, string]>([
    ['one machine, one voter', rows(0), 'ok'],
    ['two machines, still one voter', rows(0, 2), 'ok'],
    ['three machines, three voters', rows(0, 0, 0), 'ok'],
    ['three machines, roles not given out yet', rows(0, 2, 2), 'settling'],
    ['four machines, three voters and a standby', rows(0, 0, 0, 1), 'ok'],
    ['a row without a role is a voter', '- Address: 10.0.0.1:19001\n  ID: 7\n', 'ok'],
    ['nobody says', { kind: 'timeout' }, 'settling'],
  ])('%s', (_, told, expected) => {
    expect(verdictOf(votersKind.judge(it1, world({ 'cluster dqlite members': told })))).toBe(expected);
  });
});

describe('labels and taints', () => {
  const wanted = node('rig4', {
    labels: { disk: 'ssd' },
    taints: [{ key: 'gpu', value: 'present', effect: 'NoSchedule' }],
  });
  const it1 = nodeMeta({ id: 'microk8s/labels@rig4', on: 'cluster', needs: [], node: wanted });
  const kube = (labels: object, taints: object[] = []) =>
    JSON.stringify({ items: [{ metadata: { name: 'rig4', labels }, spec: { taints } }] });
  const taint = { key: 'gpu', value: 'present', effect: 'NoSchedule' };
  const does = (verdict: Verdict) =>
    verdict.verdict === 'change' ? verdict.moves.map((move) => move.does) : verdict.verdict;

  it('are as in the file; what others set is left alone', () => {
    const told = {
      'cluster nodes': kube({ disk: 'ssd', theirs: 'x' }, [taint, { key: 'theirs', effect: 'NoExecute' }]),
    };
    expect(does(nodeMetaKind.judge(it1, world(told)))).toBe('ok');
  });

  it('are set when they differ', () => {
    const told = { 'cluster nodes': kube({ disk: 'hdd' }) };
    expect(does(nodeMetaKind.judge(it1, world(told)))).toEqual(['set disk=ssd, gpu=present:NoSchedule']);
  });

  it('that an earlier file asked for are taken away', () => {
    const before = { node: 'rig4', labels: { disk: 'ssd', old: 'y' }, taints: [{ ...taint, key: 'old' }] };
    const record = {
      id: it1.id,
      kind: 'node-meta',
      on: 'cluster',
      spec: before,
      origin: 'created',
      state: 'done',
    } as InventoryRecord;
    const told = { 'cluster nodes': kube({ disk: 'ssd', old: 'y' }, [taint, { ...taint, key: 'old' }]) };
    expect(does(nodeMetaKind.judge(it1, world(told, {}, [record])))).toEqual(['set old-, old=present:NoSchedule-']);
  });

  it('are not judged while the API does not answer', () => {
    expect(does(nodeMetaKind.judge(it1, world({ 'cluster nodes': { text: '', status: 1 } })))).toBe('settling');
  });
});

describe('snapd', () => {
  const it1 = snapdSeeded({ id: 'microk8s/snapd@rig1', on: { host: 'rig1' }, needs: [], after: 'node/packages@rig1' });

  it.each<[string, Told, string]>([
    ['is seeded', '', 'ok'],
    ['is still at its first start', { kind: 'timeout' }, 'settling'],
    ['is not installed yet', { text: '', status: 127 }, 'later'],
    ['is broken', { text: '', status: 1 }, 'refused'],
    ['cannot be asked', { kind: 'unreachable' }, 'refused'],
  ])('%s', (_, told, expected) => {
    expect(verdictOf(snapdSeededKind.judge(it1, world({ [at({ host: 'rig1' }, 'snapd seeded')]: told })))).toBe(
      expected,
    );
  });
});
