import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Answer, Declared, Id, Verdict, World } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { clusterPolicy } from '../../src/resources/cluster-policy.ts';
import { gpuAllocatable } from '../../src/resources/gpu-allocatable.ts';
import { kinds } from '../../src/resources/index.ts';
import { loneNfd } from '../../src/resources/lone-nfd.ts';
import { runtimeClass } from '../../src/resources/runtime-class.ts';
import { toolkitDropIn } from '../../src/resources/toolkit-drop-in.ts';
import { inCluster } from '../../src/steps/gpu/cluster.ts';
import { InCluster } from './in-cluster.ts';
import { answersTo, cluster, node, said, type Told, worldOf } from './world.ts';

const RTX = {
  ...{ slot: '0000:01:00.0', vendor: '10de', device: '2204', class: '0300', driver: 'nvidia' },
  name: 'NVIDIA Corporation GA102 [GeForce RTX 3090]',
};
const NS = 'gpu-operator-resources';
/** What the machine would answer to the question for its cards. */
const CARD = '0000:01:00.0 0x10de 0x2204 0x030000 nvidia\nend\n';
const NO_CARD = 'end\n';

let at: InCluster;
beforeEach(async () => {
  at = new InCluster();
  await at.start();
});
afterEach(() => at.stop());

const cp1 = () => at.lab.rig('cp1');
function plugIn(cards = 1): void {
  cp1().hardware.pci.push(...Array.from({ length: cards }, () => ({ ...RTX })));
  cp1().modules.push('nvidia');
  cp1().packages['nvidia-utils-580-server'] = { version: '580.178.04', state: 'installed' };
}
const mk = (words: string[], stdin = '') => at.lab.mk('cp1', words, { stdin });
const kubectl = (words: string, stdin = '') => mk(['kubectl', ...words.split(' ')], stdin);
const operator = (values: object = {}) =>
  mk(
    'helm3 upgrade --install gpu-operator gpu-operator --repo https://helm.ngc.nvidia.com/nvidia'
      .concat(` --version v26.7.0 -n ${NS} --create-namespace -f -`)
      .split(' '),
    JSON.stringify({ driver: { enabled: false }, ...values }),
  );
async function minutes(count: number): Promise<void> {
  for (let i = 0; i < count * 2; i++) {
    at.lab.pass(30);
    await kubectl('get nodes');
  }
}

/** Judges by what the cluster says, and by what the machine says of its cards. */
async function judge(it: Declared, cards = CARD, prunes = false): Promise<Verdict> {
  const kind = kinds[it.kind];
  const asks = kind?.asks(it) ?? [];
  const world = await at.world(asks.filter(({ on }) => on === 'cluster'));
  const machine: Answer = { kind: 'bytes', text: cards, status: 0, cut: false };
  const told: World = { ...world, answer: (on, key) => (on === 'cluster' ? world.answer(on, key) : machine) };
  const text: World['text'] = (on, key) => (on === 'cluster' ? world.text(on, key) : cards);
  return kind?.judge(it, { ...told, text, prunes }) as Verdict;
}

const placed = (id: Id) => ({ id, on: 'cluster' as const, needs: [] });

describe('a RuntimeClass', () => {
  const ours = runtimeClass({ ...placed('gpu/runtime-class@cluster'), name: 'nvidia', handler: 'ours', by: 'mlk8s' });
  const theirs = { ...ours, spec: { name: 'nvidia', handler: 'nvidia', by: 'operator' } };
  const make = (handler: string) =>
    kubectl(
      'apply -f -',
      JSON.stringify({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'nvidia' }, handler }),
    );

  it('is created, and taken away again', async () => {
    const first = await judge(ours);
    expect(said(first)).toBe('change: RuntimeClass nvidia does not exist');
    await at.apply(ours, first);
    expect(said(await judge(ours))).toBe('ok: RuntimeClass nvidia has handler ours');
    await at.apply(ours, await at.undo(ours));
    expect(said(await at.undo(ours))).toBe('ok: RuntimeClass nvidia does not exist');
  });

  it('is made anew when its handler is another, because that cannot be changed', async () => {
    await make('other');
    const found = await judge(ours);
    expect(said(found)).toContain('RuntimeClass nvidia has handler other, not ours');
    expect(found).toMatchObject({ adopts: true });
    await at.apply(ours, found);
    expect(said(await judge(ours))).toBe('ok: RuntimeClass nvidia has handler ours');
  });

  it('makes room for that of the operator, and leaves a right one alone', async () => {
    expect(said(await judge(theirs))).toBe('ok: RuntimeClass nvidia does not exist');
    await make('ours');
    await at.apply(theirs, await judge(theirs));
    expect(said(await judge(theirs))).toBe('ok: RuntimeClass nvidia does not exist');
    await make('nvidia');
    expect(said(await judge(theirs))).toBe('ok: RuntimeClass nvidia has handler nvidia');
    at.records.length = 0;
    expect(said(await at.undo(theirs))).toBe('ok: it goes with the operator');
  });

  it('stays on undo when somebody made it anew', async () => {
    await at.apply(ours, await judge(ours));
    await kubectl('delete runtimeclass nvidia');
    await make('other');
    expect(await at.undo(ours)).toMatchObject({ verdict: 'ok', stays: true });
    expect(undoing(kinds)['runtime-class']).toBeDefined();
  });
});

describe('what the toolkit wrote for containerd', () => {
  const dropIn = toolkitDropIn({ ...placed('gpu/toolkit@cluster'), namespace: NS, machines: ['rig1', 'rig2', 'rig9'] });
  const told = (...answers: Told[]): Verdict => {
    const file = cluster([node('rig1'), node('rig2')]);
    const asks = (kinds[dropIn.kind]?.asks(dropIn) ?? []).slice(0, 2);
    return kinds[dropIn.kind]?.judge(dropIn, worldOf({ file, answers: answersTo(asks, answers) })) as Verdict;
  };
  const path = (revision: number) => `/var/snap/microk8s/${revision}/\n`;

  it('is right with the revision that is installed, and nothing on machines without a card', () => {
    const right = `revision 8600\n${path(8600)}`;
    expect(said(told(right, 'revision 8600\n'))).toBe('ok: containerd has the runtimes of NVIDIA on rig1');
    expect(said(told('revision 8600\n', 'revision 8600\n'))).toBe(
      'ok: the toolkit has written nothing for containerd yet',
    );
  });

  it('is written anew after a snap refresh, by a toolkit that starts anew', () => {
    const found = told(`revision 8600\n${path(8600)}`, `revision 8700\n${path(8600)}`);
    expect(said(found)).toBe(
      'change: containerd has paths of a snap that was refreshed since: rig2: revision 8600, not 8700',
    );
    const moves = found.verdict === 'change' ? found.moves : [];
    expect(moves.map(({ on, does }) => [on, does])).toEqual([
      ['cluster', 'restart nvidia-container-toolkit-daemonset'],
      [{ host: 'rig2' }, 'wait until containerd has the paths of revision 8700'],
    ]);
  });

  it('is told to be read by another containerd, too', () => {
    const shared = `revision 8600\n${path(8600)}active containerd\nactive docker\n`;
    expect(told(shared, 'revision 8600\nactive docker\n')).toMatchObject({
      warning: 'rig1: containerd and docker may read /etc/containerd/conf.d/99-nvidia.toml, too',
    });
  });

  it('concludes nothing from silence', () => {
    expect(told({ kind: 'timeout' }, 'revision 8600\n').verdict).toBe('refused');
  });
});

describe('a second node-feature-discovery', () => {
  const of = (brings: boolean) =>
    loneNfd({
      ...placed('gpu/lone-nfd@cluster'),
      ...{
        release: 'gpu-operator',
        namespace: NS,
        brings,
        off: 'gpu-operator: {}',
        former: 'gpu/device-plugin@cluster',
      },
    });
  const other = () =>
    mk(
      'helm3 upgrade --install mine oci://registry.k8s.io/nfd/charts/node-feature-discovery --version 0.19.0 -n nfd --create-namespace'.split(
        ' ',
      ),
    );

  it('is named and refused', async () => {
    await operator();
    expect(said(await judge(of(true)))).toBe('ok: no other node-feature-discovery labels the machines');
    await other();
    expect(said(await judge(of(true)))).toBe(
      'refused: another node-feature-discovery runs: DaemonSet nfd/node-feature-discovery-worker of release mine',
    );
  });

  it('is right when ours is switched off', async () => {
    await other();
    expect(said(await judge(of(false)))).toBe('ok: gpu-operator brings no node-feature-discovery');
  });

  it('of an earlier version of the file is refused, and waited for when this run removes it', async () => {
    await other();
    const spec = { release: 'mine', namespace: 'nfd' };
    const id = 'gpu/device-plugin@cluster';
    at.records.push({ id, kind: 'helm-release', on: 'cluster', spec, origin: 'created', state: 'done' });
    for (const brings of [true, false]) {
      expect(await judge(of(brings))).toMatchObject({
        verdict: 'refused',
        problem: {
          seen: 'release mine of an earlier version of the file is still in the namespace nfd',
          next: [expect.stringMatching(/^mlk8s up --prune {3}/), expect.stringContaining('gpu.mode')],
        },
      });
    }
    expect(said(await judge(of(true), CARD, true))).toContain(
      'settling: the node-feature-discovery of an earlier version',
    );
    await mk('helm3 uninstall mine -n nfd'.split(' '));
    expect(said(await judge(of(true), CARD, true))).toBe('ok: no other node-feature-discovery labels the machines');
  });
});

describe('the addon nvidia', () => {
  it('is taken over, because its release has the name of ours and is the same chart', async () => {
    const file = cluster([node('cp1', { role: 'control-plane' }), node('rig2')], {
      gpu: { mode: 'operator', driver: 'host', sharing: 1 },
    });
    const ours = inCluster(file).find(({ kind }) => kind === 'helm-release') as Declared;
    // What `microk8s enable nvidia` does on track 1.35 (gpu-and-nodes sheet, 1.1 and 1.4).
    await mk(
      'helm3 upgrade --install gpu-operator gpu-operator --repo https://helm.ngc.nvidia.com/nvidia'
        .concat(` --version v25.10.0 -n ${NS} --create-namespace`)
        .split(' '),
    );
    const found = await judge(ours);
    expect(found).toMatchObject({
      ...{ verdict: 'change', adopts: true },
      because: 'release gpu-operator of gpu-operator-v25.10.0 was not installed by mlk8s',
    });
    expect(await at.apply(ours, found)).toMatchObject({ ok: true });
    await minutes(3);
    expect(said(await judge(ours))).toBe('ok: gpu-operator v26.7.0 is deployed and ready');
  });
});

describe('what the operator says, and what a Node offers', () => {
  const policy = clusterPolicy({ ...placed('gpu/cluster-policy@cluster'), namespace: NS, machines: ['cp1'] });
  const offers = (sharing = 1) =>
    gpuAllocatable({ ...placed('gpu/allocatable@cp1'), node: 'cp1', sharing, namespace: NS });

  it('is nothing before the operator is there', async () => {
    expect(said(await judge(policy))).toBe(
      'settling: there is no ClusterPolicy cluster-policy: the operator has nothing to go by',
    );
    expect(said(await judge(offers()))).toContain('settling: cp1 has 1 card, and offers 0');
    expect(said(await judge(offers(), NO_CARD))).toBe('ok: cp1 has no NVIDIA card');
  });

  it('is well in the end', async () => {
    plugIn();
    await operator();
    await minutes(6);
    expect(said(await judge(policy))).toBe('ok: ClusterPolicy is ready (Reconciled)');
    expect(said(await judge(offers()))).toBe('ok: cp1 has 1 card, and offers 1');
    expect(said(await judge(offers(4)))).toContain('settling: cp1 has 1 card, each for 4 pods, and offers 1');
  });

  it('is understood behind what kubectl says of an API that is away', async () => {
    const said = "E1121 21:40:03.1 memcache.go:287] couldn't get resource list for metrics.k8s.io/v1beta1: {}\n";
    const status = { state: 'ready', conditions: [{ type: 'Ready', status: 'True', reason: 'Reconciled' }] };
    const told = [`${said}${JSON.stringify({ status }, undefined, 4)}\n`, '{"items":[]}', CARD];
    const kind = kinds[policy.kind];
    const verdict = kind?.judge(policy, { ...worldOf({ answers: answersTo(kind.asks(policy), told) }), identity: 'x' });
    expect(verdict).toMatchObject({ verdict: 'ok', because: 'ClusterPolicy is ready (Reconciled)' });
  });

  it('is not believed when it says ready and has found no card', async () => {
    await operator();
    await minutes(4);
    expect(said(await judge(policy))).toBe(
      'settling: ClusterPolicy says ready, but it serves no machine (NoGPUNodes), and there are NVIDIA cards: cp1 has 1',
    );
    expect(said(await judge(offers()))).toContain('node-feature-discovery has not labelled its card');
    expect(said(await judge(policy, NO_CARD))).toBe('ok: no machine has an NVIDIA card: the operator waits for one');
  });

  it('is not believed when nobody labels', async () => {
    plugIn();
    await operator({ nfd: { enabled: false } });
    await minutes(4);
    expect(said(await judge(policy))).toContain('serves no machine (NFDLabelsMissing)');
  });

  it('names what waits for a driver', async () => {
    plugIn();
    cp1().modules.pop();
    await operator();
    await minutes(6);
    const why = 'waits in its init container driver-validation: no working driver on the machine';
    expect(said(await judge(policy))).toContain('ClusterPolicy is notReady (OperandNotReady: ');
    expect(said(await judge(policy))).toContain(why);
    expect(said(await judge(offers()))).toContain(why);
  });

  it('names a Node that offers less than it has while all pods are ready', async () => {
    plugIn();
    cp1().faults.push('operatorlies');
    await operator();
    await minutes(6);
    expect(said(await judge(policy))).toBe('ok: ClusterPolicy is ready (Reconciled)');
    expect(said(await judge(offers()))).toBe(
      `settling: cp1 has 1 card, and offers 0: all pods of ${NS} are ready there, so what they say is not what the Node offers: ask the log of its device plugin`,
    );
  });

  it('is not proved while a card is not offered, and there is nothing to prove where there is none', async () => {
    plugIn();
    await operator();
    const proof = inCluster(cluster([node('cp1')], { gpu: { mode: 'operator', driver: 'host', sharing: 1 } })).find(
      ({ kind }) => kind === 'proof',
    ) as Declared;
    expect(await judge(proof)).toEqual({
      verdict: 'later',
      because: 'not proved: cp1 has an NVIDIA card, and offers no nvidia.com/gpu',
      after: 'gpu/allocatable@cp1',
    });
    expect(said(await judge(proof, ''))).toContain('later: not proved: cp1 does not say which cards it has');
    expect(await judge(proof, NO_CARD)).toEqual({
      verdict: 'ok',
      because: 'nothing to prove: cp1 has no NVIDIA card',
    });
    await minutes(6);
    expect(said(await judge(proof))).toBe('change: not proved yet');
  });

  it('names the label that keeps the operator away', async () => {
    plugIn();
    await operator();
    await minutes(6);
    await kubectl('label node cp1 nvidia.com/gpu.deploy.operands=false');
    expect(said(await judge(offers(2)))).toContain('nvidia.com/gpu.deploy.operands=false keeps the operator away');
  });

  it('settles while the API is away', async () => {
    at.lab.rig('cp1').units['snap.microk8s.daemon-kubelite.service'] = { active: 'inactive', enabled: 'enabled' };
    expect(said(await judge(policy))).toContain('settling: the API on cp1 does not answer');
    expect(said(await judge(offers()))).toContain('settling: cp1 does not list its nodes');
  });
});
