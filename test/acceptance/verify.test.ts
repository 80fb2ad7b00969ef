import { beforeAll, describe, expect, it } from 'vitest';
import type { Proof } from '../../src/engine/events.ts';
import { planOf } from './plan.ts';
import type { Run, User } from './user.ts';
import { users } from './users.ts';

const FILE = `name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane }
  - { name: rig2, address: 10.0.0.102, role: worker }
storage: {}
`;
const newUser = users();

const verify = (user: User, ...args: string[]): Promise<Run> => user.run('verify', '--rehearse', '--json', ...args);
const proofs = (run: Run): string[] => {
  const end = run.events.find(({ event }) => event === 'proofs') as { proofs: readonly Proof[] } | undefined;
  return (end?.proofs ?? []).map(({ id, result }) => `${id} ${result}`);
};
const results = (user: User) =>
  user.exec('rig1', 'microk8s kubectl get cm proofs -n mlk8s-system -o jsonpath={.data} --ignore-not-found');
const leftovers = (user: User) =>
  user.exec('rig1', 'microk8s kubectl get pods,pvc -n mlk8s-proof -o name --ignore-not-found');

const CLASS = 'storage/proof-openebs-hostpath';

describe('proofs', { timeout: 240_000 }, () => {
  let user: User;
  beforeAll(async () => {
    user = newUser(FILE);
    expect(await user.up()).toMatchObject({ code: 0, problems: [] });
  });

  it('are made by up, kept, shown with their age, and made anew by verify alone', async () => {
    const second = await user.up();
    expect([second.code, second.summary.changes, second.summary.execs]).toEqual([0, 0, { rig1: 1, rig2: 1 }]);
    const status = await user.run('status', '--rehearse');
    expect(status.code).toBe(0);
    expect(status.stdout).toMatch(/✓ ok +storage +\d+ of \d+ ok\n +✓ ok +proof-openebs-hostpath +rig1: proved [^:]*\n/);
    expect(status.stdout).not.toMatch(/sysctl/);

    const before = await results(user);
    const run = await verify(user);
    expect([run.code, run.problems]).toEqual([0, []]);
    expect(proofs(run)).toEqual([`${CLASS}@rig1 proved`, `${CLASS}@rig2 proved`]);
    const because = planOf(run).map((item) => `${item.verdict}: ${item.because.replace(/: proved .*/, '')}`);
    expect(because).toEqual(['change: asked for again', 'change: asked for again']);
    expect(await results(user)).not.toBe(before);
    expect(await leftovers(user)).toBe('');
    expect((await user.up()).summary.changes).toBe(0);

    const one = await verify(user, '--host', 'rig2');
    expect(proofs(one)).toEqual([`${CLASS}@rig2 proved`]);
    expect((await user.run('verify', '--rehearse')).stdout).toMatch(
      /✓ proved storage\/proof-openebs-hostpath@rig1 +proved [^:]*: a claim of class/,
    );
  });

  it('that fail are named, leave nothing, and keep no other machine from its changes', async () => {
    const run = await verify(user, '--fault', 'rig2:podfails');
    expect(run.code).toBe(1);
    expect(proofs(run)).toEqual([`${CLASS}@rig1 proved`, `${CLASS}@rig2 failed`]);
    expect(run.summary.dropped).toEqual([]);
    expect(run.problems.join('\n')).toContain(`${CLASS}@rig2`);
    expect(run.stdout).toContain('the pod failed');
    expect(await leftovers(user)).toBe('');
    const status = await user.run('status', '--rehearse');
    expect(status.code).toBe(2);
    expect(status.stdout).toMatch(/~ change +proof-openebs-hostpath +rig2: failed (just now|\d+ minutes? ago)\n/);
    const next = await user.up();
    expect([next.code, next.summary.applied]).toEqual([0, 1]);
    const without = await verify(user, '--fault', 'rig2:gone');
    expect([without.code, proofs(without)]).toEqual([4, [`${CLASS}@rig1 proved`, `${CLASS}@rig2 open`]]);
  });

  it('that were cut off are made by the next run', async () => {
    const { killed, said } = await user.killAt('"event":"change"', 1, 'verify', '--rehearse', '--json');
    expect(killed, said).toBe(true);
    expect(await verify(user)).toMatchObject({ code: 0, problems: [] });
    expect(await leftovers(user)).toBe('');
  });

  it('need a cluster, and say so', async () => {
    const run = await verify(newUser(FILE));
    expect([run.code, run.problems]).toEqual([1, ['lab: there is no cluster, so nothing can be proved']]);
  });
});
