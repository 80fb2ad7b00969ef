import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { networkBreaks, networkUnbroken } from './network-breaks.ts';
import { nameOf, openIds, planOf } from './plan.ts';
import { type Run, User } from './user.ts';

const FILE = `name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane }
  - name: rig2
    address: 10.0.0.102
    taints: [{ key: dedicated, value: storage, effect: NoSchedule }]
network:
  loadBalancer: { from: 10.0.0.200, to: 10.0.0.210 }
`;

describe('a cluster with names and addresses', () => {
  const user = new User();
  let first: Run;
  beforeAll(async () => {
    user.file(FILE);
    first = await user.up();
  }, 300_000);
  afterAll(() => user.leave());

  it('comes up, proofs included', () => {
    expect(first.events.filter((event) => event.event === 'failed' || event.event === 'problem')).toEqual([]);
    expect(first.summary).toMatchObject({ exitCode: 0, failed: 0 });
  });

  it('has nothing to do the second time, with one exec per machine', async () => {
    const { summary } = await user.up();
    expect(summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0, execs: { rig1: 1, rig2: 1 } });
  });

  it('hands out the certificate of its authority, and nothing else on standard output', async () => {
    const { code, stdout, stderr } = await user.run('ca', '--rehearse');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^-----BEGIN CERTIFICATE-----\n[\w+/=\n]+-----END CERTIFICATE-----\n$/),
    ]);
    expect(stderr).toContain('simulated');
    const { stdout: json } = await user.run('ca', '--rehearse', '--json');
    expect(JSON.parse(json)).toEqual({ v: 1, certificate: stdout, rehearsal: true });
  });

  it('has a break for each of its resources, or a reason why not', async () => {
    const names = planOf(await user.run('plan', '--rehearse', '--json')).map(({ id }) => nameOf(id));
    const own = [...new Set(names.filter((name) => name.startsWith('network/')))];
    const known = [...Object.keys(networkBreaks).map(nameOf), ...Object.keys(networkUnbroken)];
    expect(known.toSorted()).toEqual(own.toSorted());
  });

  it('names exactly what is broken, and up mends it', async () => {
    for (const script of Object.values(networkBreaks)) await user.exec('rig1', script);
    const plan = await user.run('plan', '--rehearse', '--json');
    expect([plan.code, openIds(plan)]).toEqual([2, Object.keys(networkBreaks).toSorted()]);
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, failed: 0 });
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
  }, 120_000);

  it('has no authority to hand out when it is gone, and says what to do', async () => {
    await user.exec('rig1', 'microk8s kubectl -n cert-manager delete certificate,secret mlk8s-ca');
    const { code, stderr } = await user.run('ca', '--rehearse');
    expect([code, stderr]).toEqual([1, expect.stringContaining('the cluster has no certificate authority of its own')]);
    expect(stderr).toContain('mlk8s up');
  });
});
