import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadCluster } from '../../src/config/load.ts';
import type { PlanItem } from '../../src/engine/events.ts';
import { rehearsalExecs } from '../../src/rehearsal/client.ts';
import { steps } from '../../src/steps/index.ts';
import { templatePath } from '../../src/templates.ts';
import { breaks, unbroken } from './breaks.ts';
import { type Run, User } from './user.ts';

const RIGS = ['rig1', 'rig2', 'rig3', 'rig4', 'rig5'];

describe('the sample, as somebody who just installed mlk8s tries it', () => {
  const user = new User();
  afterAll(() => user.leave());

  it('comes up with one command and no file, and says what is there', async () => {
    const run = await user.run('up', '--rehearse', '--yes');
    expect(run.stderr).toBe('');
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('home-lab: 3 control planes and 2 workers, MicroK8s 1.35/stable, all Ready');
    expect(run.stdout).toContain('kubectl --context home-lab get nodes');
    expect(run.stdout).toContain('rehearsal');
  });

  it('has nothing to do the second time: no change, one exec per machine, and the machines count the same', async () => {
    vi.stubEnv('HOME', user.home);
    vi.stubEnv('XDG_STATE_HOME', '');
    const before = await rehearsalExecs('home-lab');
    const { code, summary } = await user.up();
    const after = await rehearsalExecs('home-lab');
    vi.unstubAllEnvs();
    expect({ code, changes: summary.changes, applied: summary.applied, rehearsal: summary.rehearsal }).toEqual({
      code: 0,
      changes: 0,
      applied: 0,
      rehearsal: true,
    });
    const one = Object.fromEntries(RIGS.map((rig) => [rig, 1]));
    expect(summary.execs).toEqual(one);
    expect(Object.fromEntries(RIGS.map((rig) => [rig, (after[rig] ?? 0) - (before[rig] ?? 0)]))).toEqual(one);
  });

  it('stands: status ends with 0 and shows both steps', async () => {
    const run = await user.run('status', '--rehearse');
    expect(run.code).toBe(0);
    for (const { name } of steps) expect(run.stdout).toMatch(new RegExp(`^${name} `, 'm'));
  });

  it('takes a sixth machine, keeps the comments of the file, and knows it the second time', async () => {
    user.file({ sample: 'home-lab' });
    const before = user.readFile();
    const add = () =>
      user.run('add-node', 'lab@10.0.0.106', '--name', 'rig6', '--role', 'worker', '--rehearse', '--yes', '--json');
    const first = await add();
    expect(first.code).toBe(0);
    expect(await user.exec('rig1', 'microk8s kubectl get nodes -o name')).toContain('node/rig6');
    for (const rig of [...RIGS, 'rig6']) expect(await user.exec(rig, 'getent hosts rig6')).toContain('10.0.0.106');
    const second = await add();
    expect(second.summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0 });
    for (const line of before.split('\n')) expect(user.readFile()).toContain(line);
  });

  it('leaves nothing in the home of the user but its own state', () => {
    expect(user.leftInHome()).toEqual([]);
  });
});

/** What hides the others while it is broken is tried alone. */
const ALONE = ['microk8s/ready', 'microk8s/member', 'microk8s/rbac'];
const rounds = [Object.keys(breaks).filter((name) => !ALONE.includes(name)), ...ALONE.map((name) => [name])];

const OWN_FILE = `# Two machines of my own.
name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane }
  - name: rig2
    address: 10.0.0.102 # the one with the disks
    labels: { disk: ssd }
    taints: [{ key: dedicated, value: storage, effect: NoSchedule }]
`;

describe("a file of one's own, two machines", () => {
  const user = new User();
  beforeAll(async () => {
    user.file(OWN_FILE);
    const { summary, events } = await user.up();
    expect(events.filter((event) => event.event === 'failed' || event.event === 'problem')).toEqual([]);
    expect(summary.exitCode).toBe(0);
  });
  afterAll(() => user.leave());

  it('has a break for each resource of the sample, or a reason why not', async () => {
    const { file } = await loadCluster(templatePath('samples', 'home-lab.yaml'));
    const names = steps.flatMap((step) => step.resources(file)).map((it) => it.id.slice(0, it.id.indexOf('@')));
    expect([...new Set(names)].sort()).toEqual([...Object.keys(breaks), ...Object.keys(unbroken)].sort());
  });

  it.each(rounds)('names exactly what is broken, one after the other, and up mends it: %s', async (...names) => {
    const broken: string[] = [];
    for (const name of names) {
      const id = `${name}@${PLACES[name] ?? 'rig2'}` as const;
      const place = id.slice(id.indexOf('@') + 1);
      await user.exec(place === 'cluster' || name === 'microk8s/labels' ? 'rig1' : place, breaks[name] as string);
      broken.push(id);
      const plan = await user.run('plan', '--rehearse', '--json');
      expect([plan.code, open(plan).sort()]).toEqual([2, [...broken].sort()]);
    }
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, applied: names.length });
  });
});

/** Where a resource is broken, when not on the worker. */
const PLACES: Readonly<Record<string, string>> = {
  'microk8s/rbac': 'cluster',
  'microk8s/dns': 'cluster',
  'microk8s/kubeconfig': 'workstation',
  'microk8s/member': 'rig1',
};

/** Ids of a plan that are not as they should be; what only waits for one of them is left out. */
function open(run: Run): string[] {
  const plan = run.events.find((event) => event.event === 'plan') as { items: PlanItem[] } | undefined;
  return (plan?.items ?? []).filter((item) => item.verdict !== 'ok' && item.verdict !== 'later').map((item) => item.id);
}
