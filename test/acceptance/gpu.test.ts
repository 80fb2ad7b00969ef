import { afterAll, describe, expect, it } from 'vitest';
import type { Proof } from '../../src/engine/events.ts';
import { gpuStep } from '../../src/steps/gpu/index.ts';
import { brokenOn, gpuBreaks, gpuUnbroken } from './gpu-breaks.ts';
import { nameOf, namesOf, open, openIds } from './plan.ts';
import { type Run, User } from './user.ts';
import { cameUp } from './users.ts';

const TWO = `name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane }
  - { name: rig2, address: 10.0.0.102, labels: { mlk8s/role: gpu } }
gpu: { sharing: 2 }
`;
const ONE = `name: alone
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane, labels: { mlk8s/role: gpu } }
gpu: {}
`;

function proofs(run: Run): string[] {
  const end = run.events.find(({ event }) => event === 'proofs') as { proofs: readonly Proof[] } | undefined;
  return (end?.proofs ?? []).map(({ id, result }) => `${id} ${result}`);
}

describe('two machines, one of them with a card', () => {
  const user = cameUp(TWO);

  it('has nothing to do the second time, with one exec per machine', async () => {
    const { summary } = await user.up();
    expect(summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0, execs: { rig1: 1, rig2: 1 } });
    expect(summary.notes).toContain('pods with runtimeClassName: nvidia and a limit nvidia.com/gpu: 1 compute on rig2');
  });

  it('offers the card to as many pods as the file says, and status says which card it is', async () => {
    const offered = 'microk8s kubectl get node rig2 -o jsonpath={.status.allocatable.nvidia\\\\.com/gpu}';
    expect(await user.exec('rig1', offered)).toBe('2');
    const { stdout } = await user.run('status', '--rehearse');
    expect(stdout).toContain('GeForce RTX 3090');
    expect(stdout).toContain('shared by 2 pods');
  });

  it('has a break for each of its resources, or a reason why not', () => {
    const broken = [...Object.keys(gpuBreaks).map(nameOf), ...Object.keys(gpuUnbroken)];
    expect([...new Set(namesOf(gpuStep, TWO))]).toEqual(broken.toSorted());
  });

  it('names exactly what is broken, and up mends it', async () => {
    for (const [id, script] of Object.entries(gpuBreaks)) await user.exec(brokenOn[id] ?? 'rig1', `set -e\n${script}`);
    const plan = await user.run('plan', '--rehearse', '--json');
    expect(openIds(plan)).toEqual(Object.keys(gpuBreaks).sort());
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, applied: Object.keys(gpuBreaks).length });
  });

  it('is not deceived by an operator that says that all is well', async () => {
    const plan = await user.run('plan', '--rehearse', '--json', '--fault', 'rig2:operatorlies');
    expect(open(plan)).toMatchObject([
      {
        id: 'gpu/allocatable@rig2',
        verdict: 'settling',
        because: expect.stringContaining(
          'rig2 has 1 card, each for 2 pods, and offers 0: all pods of gpu-operator-resources',
        ),
      },
    ]);
  });

  it('is not proved while it offers no card, and only machines with cards are proved', async () => {
    const lied = await user.run('verify', '--rehearse', '--json', '--only', 'gpu', '--fault', 'rig2:operatorlies');
    expect([lied.code, proofs(lied)]).toEqual([1, ['gpu/proof@rig2 failed']]);
    expect(lied.problems.join('\n')).toContain('rig2 has an NVIDIA card, and offers no nvidia.com/gpu');
    const run = await user.run('verify', '--rehearse', '--json', '--only', 'gpu');
    expect([run.code, proofs(run)]).toEqual([0, ['gpu/proof@rig2 proved']]);
  });
});

describe('one machine with a card', () => {
  const user = new User();
  afterAll(() => user.leave());

  it('needs no operator', async () => {
    user.file(ONE);
    const { summary, problems } = await user.up();
    expect([summary.exitCode, problems]).toEqual([0, []]);
    const again = await user.up();
    expect(again.summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0, execs: { rig1: 1 } });
    const releases = await user.exec('rig1', 'microk8s helm3 list -A -q');
    expect(releases.trim().split('\n').sort()).toEqual(['dcgm-exporter', 'nvidia-device-plugin']);
  });

  it('goes the other way when the old one goes with the same run, and not before', { timeout: 240_000 }, async () => {
    user.file(ONE.replace('gpu: {}', 'gpu: { mode: operator }'));
    const plan = await user.run('plan', '--rehearse', '--json');
    expect(open(plan).filter(({ verdict }) => verdict === 'refused')).toMatchObject([{ id: 'gpu/lone-nfd@cluster' }]);
    const alone = await user.up();
    expect([alone.code, alone.summary.applied, alone.problems]).toEqual([
      ...[1, 0],
      [expect.stringContaining('release nvidia-device-plugin of an earlier version of the file')],
    ]);
    const { summary, problems } = await user.up('--prune');
    expect([summary.exitCode, problems]).toEqual([0, []]);
    expect((await user.exec('rig1', 'microk8s helm3 list -A -q')).trim()).toBe('gpu-operator');
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
  });
});

describe('a driver that the operator brings', () => {
  const user = new User();
  afterAll(() => user.leave());

  it('comes in a container, after nouveau was kept off by a reboot, also to a tainted machine', async () => {
    const taint = 'taints: [{ key: nvidia.com/gpu, value: present, effect: NoSchedule }]';
    user.file(
      TWO.replace('mlk8s/role: gpu }', `mlk8s/role: gpu }, ${taint}`).replace('sharing: 2', 'driver: operator'),
    );
    const { summary, problems } = await user.up();
    expect([summary.exitCode, problems]).toEqual([0, []]);
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0 });
    expect(await user.exec('rig1', 'microk8s kubectl get daemonsets -A -o name')).toContain('nvidia-driver-daemonset');
  });
});
