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
kubeflow: { components: [training, serving], users: [{ name: anna, cpu: 8 }, { name: carla }] }
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

describe('one machine with Kubeflow', () => {
  const newUser = users();
  const user = newUser(ONE);
  const kubectl = (words: string) => user.exec('rig1', `microk8s kubectl ${words}`);
  beforeAll(async () => {
    expect((await user.up()).problems).toEqual([]);
  }, 200_000);

  it('is the same when up was killed in some stages, and goes on there', { timeout: 300_000 }, async () => {
    const killed = newUser(ONE);
    for (const stage of ['source@rig1', 'istio@cluster', 'dashboard@cluster', 'serving@cluster']) {
      const end = await killed.killAt(`"event":"change","id":"kubeflow/${stage}"`, 1, ...UP);
      expect([stage, end.killed]).toEqual([stage, true]);
      const isFirst = stage === 'source@rig1';
      expect(end.said.includes('"event":"change","id":"microk8s/snap@rig1"')).toBe(isFirst);
    }
    expect(await killed.up()).toMatchObject({ problems: [], code: 0 });
    expect(await killed.dump()).toBe(await user.dump());
  });

  it('is not changed by --only kubeflow while the cluster has another version than the file', async () => {
    user.file(`${ONE}microk8s: { channel: 1.34/stable }\n`);
    const { problems, summary } = await user.up('--only', 'kubeflow');
    expect(problems.join('\n')).toContain('microk8s/snap@rig1');
    expect(summary).toMatchObject({ exitCode: 1, applied: 0 });
    user.file(ONE);
  });

  it('passes a namespace on to the new e-mail of its user', async () => {
    user.file(ONE.replace('{ name: carla }', '{ name: carla, email: carla@home.lab }'));
    expect((await user.up()).problems).toEqual([]);
    const [owner, condition] = ['{.metadata.annotations.owner}', '{.status.conditions[*].type}'];
    expect(await kubectl(`get ns kubeflow-carla -o jsonpath=${owner}`)).toBe('carla@home.lab');
    expect(await kubectl(`get profile kubeflow-carla -o jsonpath=${condition}`)).toBe('Successful');
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
  });

  it('keeps the data of a user who leaves the file, until it is given up', async () => {
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } } };
    const metadata = { name: 'work', namespace: 'kubeflow-carla' };
    const object = JSON.stringify({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: claim });
    await user.exec('rig1', `echo '${object}' | microk8s kubectl apply -f -`);
    user.file(ONE.replace(', { name: carla }', ''));
    const { problems } = await user.up('--prune');
    expect(new Set(problems)).toEqual(
      new Set(['kubeflow/profile-carla@cluster: kubeflow-carla holds data, in the claim kubeflow-carla/work (5Gi)']),
    );
    expect((await user.up('--prune', '--delete-data', 'kubeflow-carla')).problems).toEqual([]);
    expect(await kubectl('get ns -o name')).not.toContain('kubeflow-carla');
  });

  it('keeps all of it while somebody has made something, and says what', { timeout: 120_000 }, async () => {
    const metadata = { name: 'mymodel', namespace: 'kubeflow-anna' };
    const model = { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', metadata, spec: {} };
    await user.exec('rig1', `echo '${JSON.stringify(model)}' | microk8s kubectl apply -f -`);
    user.file(ONE.replace(/kubeflow: .*\n/, ''));
    const { stdout } = await user.run('plan', '--prune', '--rehearse');
    expect(stdout).toContain('kubeflow-anna holds InferenceService kubeflow-anna/mymodel');
    expect(stdout).toContain('to give it up, with all data: mlk8s up --rehearse --prune --delete-data kubeflow-anna');
    expect(stdout).not.toMatch(/remove +kubeflow\/(?!way-in|proof)/);
    const types = await kubectl('get crd -o name');
    const { problems } = await user.up('--prune');
    expect(new Set(problems)).toEqual(
      new Set(['kubeflow/profile-anna@cluster: kubeflow-anna holds InferenceService kubeflow-anna/mymodel']),
    );
    expect(await kubectl('get crd -o name')).toBe(types);
    expect(await kubectl('-n kubeflow-anna get inferenceservices -o name')).toContain('mymodel');
  });

  it('keeps databases when the section leaves the file, and nothing else', { timeout: 120_000 }, async () => {
    expect((await user.up('--prune', '--delete-data', 'kubeflow-anna')).problems).toEqual([]);
    expect(await kubectl('get pvc -A -o name')).toBe('persistentvolumeclaim/katib-mysql\n');
    const left = (await kubectl('get ns,crd,deploy,mutatingwebhookconfigurations -A -o name')).split('\n');
    expect(left.filter((name) => /kubeflow|istio|knative|kserve|dex|oauth2/.test(name))).toEqual([
      'namespace/kubeflow',
    ]);
    expect((await user.up('--prune')).summary).toMatchObject({ exitCode: 0, changes: 0 });
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
    const small = ONE.replace('lab/size: gpu', 'lab/size: small').replace('[training, serving]', 'full');
    const user = newUser(`${small}databases: { milvus: {} }\n`);
    // Also where the step of the room is left out.
    const { stdout } = await user.run('plan', '--rehearse', '--only', 'kubeflow');
    expect(stdout).toMatch(/refused +capacity\/room@cluster\n +seen +memory: [\d.]+ GiB wanted, [\d.]+ GiB there/);
    expect(stdout).toContain('Kubeflow: ');
  });
});
