import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCluster } from '../../src/config/load.ts';
import { machinesOf } from '../../src/config/machines.ts';
import { kubeflowStep } from '../../src/steps/kubeflow/index.ts';
import { templatePath } from '../../src/templates.ts';
import { kubeflowBreaks, kubeflowUnbroken } from './kubeflow-breaks.ts';
import { openIds } from './plan.ts';
import { UP, User } from './user.ts';
import { users } from './users.ts';

const FULL = readFileSync(templatePath('samples', 'full-lab.yaml'), 'utf8');
const { file } = parseCluster(Buffer.from(FULL), 'full-lab.yaml');
const name = (id: string): string => id.slice(0, id.indexOf('@'));

/** One machine with 64 GB: its label says so. */
const ONE = `name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane, labels: { lab/size: gpu } }
storage: {}
network: { ingress: false }
kubeflow: { components: [serving] }
`;

describe('the sample full-lab', () => {
  const user = new User();
  beforeAll(async () => {
    user.file(FULL);
    const { summary, problems } = await user.up();
    expect([summary.exitCode, problems]).toEqual([0, []]);
  }, 300_000);
  afterAll(() => user.leave());

  it('has nothing to do the second time, with one exec per machine', async () => {
    const execs = Object.fromEntries(machinesOf(file).map((machine) => [machine.name, 1]));
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0, execs });
    expect((await user.run('status', '--rehearse')).code).toBe(0);
  });

  it('has a break for each resource of Kubeflow, or a reason why not', () => {
    const names = new Set(kubeflowStep.resources(file).map(({ id }) => name(id)));
    const broken = [...Object.keys(kubeflowBreaks).map(name), ...Object.keys(kubeflowUnbroken)];
    expect([...names].sort()).toEqual(broken.sort());
  });

  it('names exactly what is broken, and up mends it', { timeout: 200_000 }, async () => {
    await user.exec('rig1', `set -e\n${Object.values(kubeflowBreaks).join('\n')}`);
    expect(openIds(await user.run('plan', '--rehearse', '--json'))).toEqual(Object.keys(kubeflowBreaks).sort());
    const { summary, problems } = await user.up();
    expect([summary.exitCode, problems]).toEqual([0, []]);
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
  });
});

describe('up that was killed while it applied Kubeflow, and up again', () => {
  const newUser = users();

  it('goes on at that stage, and ends as if nothing had happened', { timeout: 300_000 }, async () => {
    const undisturbed = newUser(ONE);
    expect((await undisturbed.up()).problems).toEqual([]);
    const whole = await undisturbed.dump();
    const user = newUser(ONE);
    for (const stage of ['source@rig1', 'istio@cluster', 'dashboard@cluster', 'serving@cluster']) {
      const moment = `"event":"change","id":"kubeflow/${stage}"`;
      const { killed, said } = await user.killAt(moment, 1, ...UP);
      expect([stage, killed]).toEqual([stage, true]);
      // What was done before is not done again.
      expect(said.split('"event":"change","id":"microk8s/snap@').length).toBe(stage === 'source@rig1' ? 2 : 1);
    }
    expect(await user.up()).toMatchObject({ problems: [], code: 0 });
    expect(await user.dump()).toBe(whole);
  });
});

describe('Kubeflow where it does not fit', () => {
  const newUser = users();

  it('is refused for a MicroK8s that no release is made for, with those that there are', async () => {
    const user = newUser(`${ONE}microk8s: { channel: 1.33/stable }\n`);
    const { code, stderr } = await user.run('plan', '--rehearse');
    expect(code).toBe(3);
    expect(stderr).toMatch(/no Kubeflow for the channel 1\.33\/stable[\s\S]*is for 1\.35 and 1\.36/);
  });

  it('is refused on machines that are too small, with the figures', async () => {
    const small = ONE.replace('lab/size: gpu', 'lab/size: small').replace('[serving]', 'full');
    const user = newUser(`${small}databases: { milvus: {} }\n`);
    const { stdout } = await user.run('plan', '--rehearse');
    expect(stdout).toMatch(/refused +capacity\/room@cluster\n +seen +memory: [\d.]+ GiB wanted, [\d.]+ GiB there/);
    expect(stdout).toContain('Kubeflow: ');
  });
});
