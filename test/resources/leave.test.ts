import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { ClusterNode } from '../../src/config/schema.ts';
import type { Answer, Recorded, World } from '../../src/engine/types.ts';
import { clusterEnds, leaveCluster, refuseLeaving } from '../../src/resources/microk8s-leave.ts';
import { answerOf, at, cluster, node, worldOf } from './world.ts';

type Role = 'voter' | 'standby' | 'spare' | 'worker';
interface Machine {
  role: Role;
  /** What it says of itself; default: a member that mlk8s installed. */
  me?: string;
  ready?: boolean;
  /** It does not answer, or has left the run. */
  away?: boolean;
}

const ROLES = { voter: 0, standby: 1, spare: 2 };

/** The first machine leads. */
function worldWith(machines: Record<string, Machine>, leaving: string[]): World {
  const names = Object.keys(machines);
  const file = cluster(
    names.map((name) => node(name, { role: machines[name]?.role === 'worker' ? 'worker' : 'control-plane' })),
  );
  const address = (name: string) => file.nodes.find((it) => it.name === name)?.address ?? '';
  const peers = names.filter((name) => machines[name]?.role !== 'worker').length;
  const answers = new Map<string, Answer>();
  for (const [name, { role, me }] of Object.entries(machines)) {
    const plane = `identity=X ours=yes microk8s=control-plane peers=${peers} namespaces=kube-system=X`;
    const says = me ?? (role === 'worker' ? 'identity=X ours=yes microk8s=worker' : plane);
    answers.set(at({ host: name }, 'mlk8s.membership'), answerOf(says.split(' ').join('\n')));
  }
  const kubeNodes = names.map((name) => ({
    metadata: {
      name,
      labels: machines[name]?.role === 'worker' ? { 'node.kubernetes.io/microk8s-worker': 'microk8s-worker' } : {},
    },
    status: {
      addresses: [{ type: 'InternalIP', address: address(name) }],
      conditions: [{ type: 'Ready', status: machines[name]?.ready === false ? 'Unknown' : 'True' }],
    },
  }));
  answers.set(at('cluster', 'nodes'), answerOf(JSON.stringify({ items: kubeNodes })));
  const rows = Object.entries(machines).flatMap(([name, { role }]) =>
    role === 'worker' ? [] : [`- Address: ${address(name)}:19001\n  ID: 1\n  Role: ${ROLES[role]}\n`],
  );
  answers.set(at('cluster', 'dqlite members'), answerOf(rows.join('')));
  const hosts = names.filter((name) => !machines[name]?.away);
  return { ...worldOf({ file, answers }), hosts, lead: names[0], identity: 'X', leaving };
}

function leave(host: string, machines: Record<string, Machine>, leaving = Object.keys(machines)) {
  const it = { id: `microk8s/snap@${host}`, kind: 'snap', on: { host }, needs: [], spec: null } as const;
  const record: Recorded = { ...it, origin: 'created', state: 'done' };
  const found = leaveCluster(record, worldWith(machines, leaving));
  if (found.free) return found.moves.map((move) => move.does).join('; ') || 'free';
  const { verdict } = found;
  return verdict.verdict === 'refused'
    ? verdict.problem.seen
    : `${verdict.verdict}: ${'because' in verdict ? verdict.because : ''}`;
}

const GONE = 'identity= microk8s=none';
const voter: Machine = { role: 'voter' };
const worker: Machine = { role: 'worker' };
const three = { rig1: voter, rig2: voter, rig3: voter, rig4: worker };

describe('one machine leaves', () => {
  const inOrder = (name: string, keeper = 'rig1') =>
    `move away what runs on ${name}; have ${name} leave the cluster; have ${keeper} drop the node ${name}`;

  it('in order: it is drained, leaves, and is dropped by one that stays', () => {
    expect(leave('rig4', three, ['rig4'])).toBe(inOrder('rig4'));
    expect(leave('rig3', three, ['rig3'])).toBe(inOrder('rig3'));
    expect(leave('rig1', three, ['rig1'])).toBe(inOrder('rig1', 'rig2'));
  });

  it('is not taken for drained where the API does not answer', () => {
    const it = { id: 'microk8s/snap@rig4', kind: 'snap', on: { host: 'rig4' }, needs: [], spec: null } as const;
    const found = leaveCluster({ ...it, origin: 'created', state: 'done' }, worldWith(three, ['rig4']));
    const drain = found.free ? found.moves[0] : undefined;
    const run = (microk8s: string) =>
      spawnSync('bash', ['-euo', 'pipefail'], {
        input: `microk8s() { ${microk8s}; }\n${drain && 'run' in drain ? drain.run.bash : ''}`,
      }).status;
    expect(run('return 1')).not.toBe(0);
    expect(run('true')).toBe(0);
    expect(run('echo node/rig4')).toBe(0);
  });

  it('is dropped even if it has left already', () => {
    const left = { ...three, rig3: { ...voter, me: `${GONE} leaving=yes` } };
    expect(leave('rig3', left, ['rig3'])).toBe(inOrder('rig3'));
  });

  it('never takes the quorum: with numbers', () => {
    const oneDown = { ...three, rig2: { ...voter, ready: false } };
    expect(leave('rig3', oneDown, ['rig3'])).toBe('without rig3 1 of 2 voters of the datastore would be alive');
    const pair = { rig1: voter, rig2: { role: 'spare' } } as const;
    expect(leave('rig1', pair, ['rig1'])).toBe('without rig1 0 of 0 voters of the datastore would be alive');
    expect(leave('rig2', pair, ['rig2'])).toBe(inOrder('rig2'));
    const spare = { ...three, rig2: { ...voter, ready: false }, rig5: { role: 'spare' } } as const;
    expect(leave('rig5', spare, ['rig5'])).toBe(inOrder('rig5'));
  });

  it('never leaves workers without a control plane', () => {
    const small = { rig1: voter, rig4: worker };
    expect(leave('rig1', small, ['rig1'])).toBe('rig1 is the last control plane, and rig4 would stay without one');
    expect(leave('rig3', three, ['rig1', 'rig2', 'rig3'])).toContain('is the last control plane');
  });

  it('names a way that leads on where the whole cluster was to end already', () => {
    const it = { id: 'microk8s/snap@rig1', kind: 'snap', on: { host: 'rig1' }, needs: [], spec: null } as const;
    const record: Recorded = { ...it, origin: 'created', state: 'done' };
    const world = worldWith({ rig1: voter, rig4: worker }, ['rig1']);
    const next = (file: World['file']) => {
      const found = leaveCluster(record, { ...world, file });
      return found.free || found.verdict.verdict !== 'refused' ? [] : found.verdict.problem.next;
    };
    const [self, other] = world.file.nodes as [ClusterNode, ClusterNode];
    expect(next(cluster([self, other]))).toContain('to end the whole cluster: mlk8s reset');
    expect(next(cluster([self]))).toEqual([
      'to end the whole cluster, put rig4 into the cluster file too, or have rig4 leave by hand: microk8s leave',
      'a node that is gone for good is dropped on rig1: microk8s remove-node NAME --force',
    ]);
  });

  it('is refused while nobody of the cluster can be told', () => {
    const it = { id: 'microk8s/snap@rig4', kind: 'snap', on: { host: 'rig4' }, needs: [], spec: null } as const;
    const record: Recorded = { ...it, origin: 'created', state: 'done' };
    const blind = (leaving: string[]): World => ({ ...worldWith(three, leaving), identity: undefined });
    expect(leaveCluster(record, blind(['rig4']))).toMatchObject({ verdict: { verdict: 'refused' } });
    expect(leaveCluster(record, blind(Object.keys(three)))).toMatchObject({ free: true, moves: [] });
  });

  it('waits while the cluster does not say who is in it', () => {
    const world = worldWith(three, ['rig3']);
    const silent: World = {
      ...world,
      answer: (on, key) => (on === 'cluster' ? { kind: 'timeout' } : world.answer(on, key)),
    };
    const it = { id: 'microk8s/snap@rig3', kind: 'snap', on: { host: 'rig3' }, needs: [], spec: null } as const;
    expect(leaveCluster({ ...it, origin: 'created', state: 'done' }, silent)).toMatchObject({
      verdict: { verdict: 'settling' },
    });
  });
});

describe('all leave', () => {
  it('one after the other: workers, control planes, and last one that votes', () => {
    expect(leave('rig4', three)).toBe('have rig4 leave the cluster; have rig1 drop the node rig4');
    expect(leave('rig3', three)).toBe('later: rig4 is a worker and goes first');
    const planes = { ...three, rig4: { ...worker, me: GONE } };
    expect(leave('rig3', planes)).toBe('have rig3 leave the cluster; have rig1 drop the node rig3');
    expect(leave('rig1', planes)).toBe('later: rig2 goes first');
    expect(leave('rig1', { ...planes, rig2: { ...voter, me: GONE }, rig3: { ...voter, me: GONE } })).toBe('free');
  });

  it('keeps the only voter to the end, whoever leads', () => {
    const pair = { rig1: { role: 'spare' }, rig2: voter } as const;
    expect(leave('rig1', pair)).toBe('have rig1 leave the cluster; have rig2 drop the node rig1');
    expect(leave('rig2', pair)).toBe('later: rig1 goes first');
  });

  it('does not wait for machines that are away', () => {
    const away = { ...three, rig4: { ...worker, away: true }, rig3: { ...voter, away: true } };
    expect(leave('rig2', away)).toBe('have rig2 leave the cluster; have rig1 drop the node rig2');
  });

  it('is no end where a MicroK8s stays that mlk8s did not install', () => {
    const theirs = {
      ...three,
      rig1: { ...voter, me: 'identity=X microk8s=control-plane peers=3 namespaces=kube-system=X' },
    };
    expect(clusterEnds(worldWith(three, Object.keys(three)))).toBe(true);
    expect(clusterEnds(worldWith(theirs, Object.keys(theirs)))).toBe(false);
    expect(leave('rig4', theirs)).toContain('move away what runs on rig4');
  });
});

describe('before the first machine leaves', () => {
  const seen = (machines: Record<string, Machine>, leaving: string[], listed = Object.keys(machines)) => {
    const world = worldWith(machines, leaving);
    const nodes = world.file.nodes.filter(({ name }) => listed.includes(name)) as [ClusterNode, ...ClusterNode[]];
    return refuseLeaving({ ...world, file: cluster(nodes) });
  };
  const all = ['rig1', 'rig2', 'rig3', 'rig4'];

  it.each<[string, string[], string[] | undefined, string | undefined]>([
    ['the whole cluster may end', all, undefined, undefined],
    ['a worker may go', ['rig4'], undefined, undefined],
    ['one control plane may go', ['rig2'], undefined, undefined],
    ['two control planes go one after the other', ['rig1', 'rig2'], undefined, 'more than one would leave'],
    [
      'a worker that the file lacks keeps all',
      ['rig1', 'rig2', 'rig3'],
      all.slice(0, 3),
      'rig4 would stay without one',
    ],
    [
      'a control plane that the file lacks keeps all',
      ['rig1', 'rig2', 'rig4'],
      ['rig1', 'rig2', 'rig4'],
      'rig3 would stay behind',
    ],
  ])('%s', (_, leaving, listed, text) => {
    const problem = seen(three, leaving, listed);
    if (text === undefined) expect(problem).toBeUndefined();
    else expect(problem?.seen).toContain(text);
  });

  it('those that have left already are not counted', () => {
    const left = { ...three, rig2: { ...voter, me: `${GONE} leaving=yes` } };
    expect(seen(left, ['rig1', 'rig2'])).toBeUndefined();
  });
});
