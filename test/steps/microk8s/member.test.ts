import { describe, expect, it } from 'vitest';
import type { Answer, InventoryRecord, World } from '../../../src/engine/types.ts';
import { member, memberKind } from '../../../src/resources/member.ts';
import { answerOf, at, cluster, doings, node, worldOf } from '../../resources/world.ts';

const file = cluster([node('rig1', { role: 'control-plane' }), node('rig2', { role: 'control-plane' }), node('rig4')]);
const declared = (host: string) => {
  const { name, address, role } = file.nodes.find((n) => n.name === host) as (typeof file.nodes)[number];
  return member({
    id: `microk8s/member@${host}`,
    on: { host },
    needs: [],
    name,
    address,
    role,
    channel: '1.35/stable',
  });
};

const kubeNode = (name: string, more: { ready?: boolean; worker?: boolean; address?: string } = {}) => ({
  metadata: { name, labels: more.worker ? { 'node.kubernetes.io/microk8s-worker': 'microk8s-worker' } : {} },
  status: {
    addresses: [{ type: 'InternalIP', address: more.address ?? file.nodes.find((n) => n.name === name)?.address }],
    conditions: [
      { type: 'Ready', status: more.ready === false ? 'False' : 'True', message: 'cni plugin not initialized' },
    ],
  },
});

interface Sight {
  /** What the machine says of itself. */
  me: string;
  nodes?: object[];
  /** Addresses in the datastore. */
  dqlite?: string[];
  record?: 'pending' | 'done';
  wipe?: boolean;
  identity?: string | undefined;
}

function judge(host: string, { me, nodes = [], dqlite = [], record, wipe = false, ...rest }: Sight) {
  const identity = 'identity' in rest ? rest.identity : 'X';
  const it = declared(host);
  const answers = new Map<string, Answer>([
    [at({ host }, 'mlk8s.membership'), answerOf(me.trim().split(/\s+/).join('\n'))],
  ]);
  if (identity !== undefined) {
    answers.set(at('cluster', 'nodes'), answerOf(JSON.stringify({ items: nodes })));
    answers.set(
      at('cluster', 'dqlite members'),
      answerOf(dqlite.map((a) => `- Address: ${a}:19001\n  ID: 1\n  Role: 0\n`).join('')),
    );
  }
  const records = record
    ? [{ id: it.id, kind: 'member', on: it.on, spec: it.spec, origin: 'created', state: record } as InventoryRecord]
    : [];
  const world: World = {
    ...worldOf({ file, answers, records }),
    lead: identity && 'rig1',
    identity,
    mayWipe: () => wipe,
    given: () => undefined,
  };
  const verdict = memberKind.judge(it, world);
  return { verdict, does: doings(verdict) };
}

const rig2 = (me: string, more: Partial<Sight> = {}) => judge('rig2', { me, ...more });
const MEMBER = 'identity=X ours=yes microk8s=control-plane peers=2 namespaces=kube-system=X';
const LONE = 'identity= ours=yes microk8s=control-plane peers=1 namespaces=kube-system=own';
const GONE = 'identity= microk8s=none';
const listed = { nodes: [kubeNode('rig2')], dqlite: ['192.168.1.12'] };
const JOIN = [
  'clear what an earlier join left',
  'ask for a token for rig2',
  'join as control-plane',
  'wait until the cluster lists rig2',
];

describe('a member', () => {
  it('is ok when it says so, the lead lists it and it is Ready', () => {
    expect(rig2(MEMBER, listed).verdict).toEqual({ verdict: 'ok', because: 'Ready, control plane, voter' });
    const worker = judge('rig4', {
      me: 'identity=X ours=yes microk8s=worker',
      nodes: [kubeNode('rig4', { worker: true })],
    });
    expect(worker.verdict).toEqual({ verdict: 'ok', because: 'Ready, worker' });
  });

  it('settles while it is not Ready, with what its kubelet says', () => {
    const { verdict } = rig2(MEMBER, { ...listed, nodes: [kubeNode('rig2', { ready: false })] });
    expect(verdict).toMatchObject({ verdict: 'settling', because: 'rig2 is not Ready: cni plugin not initialized' });
  });

  it('registers again when somebody deleted its Node', () => {
    expect(rig2(MEMBER, { dqlite: ['192.168.1.12'] }).does).toEqual([
      'restart kubelite on rig2, so that it registers',
      'wait until the cluster lists rig2',
    ]);
  });

  it('is not doubted because its own API is down', () => {
    expect(rig2('identity=X ours=yes microk8s=control-plane peers=2 namespaces=', listed).verdict.verdict).toBe('ok');
  });

  it('is doubted when its API is down and its datastore has one member: a fresh MicroK8s under an old note', () => {
    const me = 'identity=X ours=yes microk8s=control-plane peers=1 namespaces=';
    expect(rig2(me, listed).verdict).toMatchObject({
      verdict: 'refused',
      problem: { why: 'the machine or its MicroK8s was reinstalled' },
    });
    expect(rig2(me, { ...listed, wipe: true }).does).toContain('join as control-plane');
  });

  it('is refused in another role, and at another address', () => {
    expect(judge('rig4', { me: MEMBER, nodes: [kubeNode('rig4')] }).verdict).toMatchObject({
      verdict: 'refused',
      problem: { seen: 'rig4 is a control-plane of the cluster, the cluster file says worker' },
    });
    expect(rig2(MEMBER, { nodes: [kubeNode('rig2', { address: '192.168.1.99' })] }).verdict).toMatchObject({
      verdict: 'refused',
      problem: { seen: 'rig2 is in the cluster as 192.168.1.99, the cluster file says 192.168.1.12' },
    });
  });
});

describe('a machine outside the cluster', () => {
  it('joins with a token of its own when its MicroK8s is ours and empty', () => {
    expect(rig2(LONE).does).toEqual(JOIN);
  });

  it('drops the stale member first when its own earlier join failed half-way', () => {
    const { does } = rig2(LONE, { dqlite: ['192.168.1.12'], record: 'pending' });
    expect(does).toEqual([JOIN[0], 'drop the stale member rig2 (192.168.1.12)', ...JOIN.slice(1)]);
  });

  it('only has its membership written down when it is in already', () => {
    const { does, verdict } = rig2(
      'identity= ours=yes microk8s=control-plane peers=2 namespaces=kube-system=X',
      listed,
    );
    expect(does).toEqual(['write down the membership']);
    expect(verdict).not.toHaveProperty('adopts');
    expect(rig2('identity= microk8s=control-plane peers=2 namespaces=kube-system=X', listed).verdict).toMatchObject({
      adopts: true,
    });
  });

  it('shows the whole join in the first plan, before there is a cluster', () => {
    expect(rig2(GONE, { identity: undefined }).does).toEqual(JOIN);
  });

  it.each([
    ['was reinstalled as a whole', GONE, listed, 'the cluster lists rig2 as a member, but the machine has no MicroK8s'],
    [
      'has a new MicroK8s of ours',
      LONE,
      listed,
      'the cluster lists rig2 as a member, but the machine has a MicroK8s that is not in it',
    ],
    [
      'remembers the cluster, but its MicroK8s does not',
      'identity=X ours=yes microk8s=control-plane peers=1 namespaces=kube-system=own',
      listed,
      'the cluster lists rig2 as a member, but the machine has a MicroK8s that is not in it',
    ],
    [
      'has a MicroK8s that we did not install',
      'identity= microk8s=control-plane peers=1 namespaces=kube-system=own',
      {},
      'rig2 is not joined: it has a MicroK8s that mlk8s did not install',
    ],
    [
      'has a cluster with others',
      'identity= ours=yes microk8s=control-plane peers=3 namespaces=kube-system=own',
      {},
      'rig2 is not joined: it shares its datastore with other machines',
    ],
    ['is a worker elsewhere', 'identity= microk8s=worker', {}, 'rig2 is not joined: it is a worker of another cluster'],
  ])('that %s is refused, and may be wiped', (_, me, sight, seen) => {
    expect(rig2(me, sight).verdict).toMatchObject({ verdict: 'refused', problem: { seen } });
    const wiped = rig2(me, { ...sight, wipe: true });
    expect(wiped.verdict.verdict).toBe('change');
    expect(wiped.does).toContain('join as control-plane');
  });

  it('that holds what somebody made is refused by name', () => {
    const me = 'identity=\nours=yes\nmicrok8s=control-plane\npeers=1\nnamespaces=default=a kube-system=own shop=b';
    const it = declared('rig2');
    const answers = new Map<string, Answer>([
      [at({ host: 'rig2' }, 'mlk8s.membership'), answerOf(me)],
      [at('cluster', 'nodes'), answerOf('{"items":[]}')],
      [at('cluster', 'dqlite members'), answerOf('')],
    ]);
    const verdict = memberKind.judge(it, { ...worldOf({ file, answers }), lead: 'rig1', identity: 'X' });
    expect(verdict).toMatchObject({
      problem: { seen: 'rig2 is not joined: it holds namespaces that mlk8s did not make: shop' },
    });
  });

  it('says what a wipe would cost', () => {
    const { verdict } = rig2(LONE, { ...listed, wipe: true });
    expect(verdict).toMatchObject({ verdict: 'change', disrupts: 'everything that MicroK8s on rig2 holds is lost' });
  });
});

describe('silence', () => {
  it('is never taken for "not a member": a healthy member is not joined again', () => {
    const it = declared('rig2');
    const healthy = new Map<string, Answer>([
      [at({ host: 'rig2' }, 'mlk8s.membership'), answerOf(MEMBER.split(' ').join('\n'))],
      [at('cluster', 'nodes'), answerOf(JSON.stringify({ items: [kubeNode('rig2')] }))],
      [at('cluster', 'dqlite members'), answerOf('- Address: 192.168.1.12:19001\n')],
    ]);
    for (const key of healthy.keys()) {
      const answers = new Map([...healthy, [key, { kind: 'timeout' } as Answer]]);
      const verdict = memberKind.judge(it, { ...worldOf({ file, answers }), lead: 'rig1', identity: 'X' });
      expect(['refused', 'settling'], key).toContain(verdict.verdict);
    }
  });

  it('of the only machine that knew the cluster ends in a way out', () => {
    const lost = judge('rig1', { me: 'identity=X microk8s=none' });
    expect(lost.verdict).toMatchObject({
      verdict: 'refused',
      problem: { next: expect.arrayContaining([expect.stringContaining('sudo rm /var/lib/mlk8s/identity')]) },
    });
  });
});

describe('the join', () => {
  it('passes the token on as a secret and asks for it with a short life', () => {
    const { verdict } = rig2(LONE);
    const moves = verdict.verdict === 'change' ? verdict.moves : [];
    const [, mint, join] = moves;
    expect(mint).toMatchObject({ on: 'cluster', capture: 'token' });
    expect(mint && 'run' in mint ? mint.run.bash : '').toContain('--token-ttl 900');
    expect(join).toMatchObject({ on: { host: 'rig2' }, inputs: { token: { captured: 'token' } } });
  });
});
