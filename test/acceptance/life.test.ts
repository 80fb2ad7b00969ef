import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadCluster, parseCluster } from '../../src/config/load.ts';
import { rehearsalCounts } from '../../src/rehearsal/operate.ts';
import { steps } from '../../src/steps/index.ts';
import { templatePath } from '../../src/templates.ts';
import { breaks, unbroken } from './breaks.ts';
import { devboxBreaks, devboxUnbroken } from './devbox-breaks.ts';
import { gpuBreaks, gpuUnbroken } from './gpu-breaks.ts';
import { monitoringBreaks, monitoringUnbroken } from './monitoring-breaks.ts';
import { namesUnbroken, networkBreaks, networkUnbroken } from './network-breaks.ts';
import { openIds } from './plan.ts';
import { postgresBreaks, postgresUnbroken } from './postgres-breaks.ts';
import { storeBreaks, storeUnbroken } from './store-breaks.ts';
import { User } from './user.ts';

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
storage: { registry: {} }
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

  it('has nothing to do the second time: no change, one exec per machine, and the machines count the same', async () => {
    vi.stubEnv('HOME', user.home);
    vi.stubEnv('XDG_STATE_HOME', '');
    const before = await rehearsalCounts('lab');
    const { summary } = await user.up();
    const after = await rehearsalCounts('lab');
    vi.unstubAllEnvs();
    const one = { rig1: 1, rig2: 1 };
    expect(summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0, rehearsal: true, execs: one });
    expect(
      Object.fromEntries(Object.keys(one).map((rig) => [rig, (after[rig]?.execs ?? 0) - (before[rig]?.execs ?? 0)])),
    ).toEqual(one);
  });

  it('stands: status ends with 0 and shows all steps', async () => {
    const run = await user.run('status', '--rehearse');
    expect(run.code).toBe(0);
    const { file } = parseCluster(Buffer.from(OWN_FILE), 'mlk8s.yaml');
    const shown = steps.filter((step) => step.resources(file).length > 0);
    for (const { name } of shown) expect(run.stdout).toMatch(new RegExp(`^.* ${name} +\\d+ of \\d+ ok$`, 'm'));
  });

  it('has a break for each resource of the sample, or a reason why not', async () => {
    const { file } = await loadCluster(templatePath('samples', 'home-lab.yaml'));
    const names = steps.flatMap((step) => step.resources(file)).map((it) => it.id.slice(0, it.id.indexOf('@')));
    const byId = { ...gpuBreaks, ...monitoringBreaks, ...networkBreaks, ...postgresBreaks, ...storeBreaks };
    const placed = Object.keys(byId).map((id) => id.slice(0, id.indexOf('@')));
    const others = {
      ...{ ...gpuUnbroken, ...monitoringUnbroken, ...networkUnbroken, ...namesUnbroken },
      ...{ ...postgresUnbroken, ...storeUnbroken },
      'devbox/workstation': 'a note of the workstation',
    };
    // The sample asks for some of the tools that there are.
    const tools = Object.keys({ ...devboxBreaks, ...devboxUnbroken }).filter((name) => names.includes(name));
    const known = [...Object.keys(breaks), ...Object.keys(unbroken), ...placed, ...Object.keys(others), ...tools];
    expect([...new Set(names)].sort()).toEqual(known.sort());
  });

  it.each(rounds)('names exactly what is broken, and up mends it: %s', async (...names) => {
    const ids = names.map((name) => `${name}@${PLACES[name] ?? 'rig2'}`);
    for (const rig of ['rig1', 'rig2', 'workstation']) {
      const scripts = names.flatMap((name, i) => (rigOf(name, ids[i] ?? '') === rig ? [breaks[name]] : []));
      if (scripts.length > 0) await user.exec(rig, `set -e\n${scripts.join('\n')}`);
    }
    const plan = await user.run('plan', '--rehearse', '--json');
    expect([plan.code, openIds(plan)]).toEqual([2, ids.sort()]);
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, applied: names.length });
  });

  it('takes a third machine, keeps the comments of the file, and knows it the second time', async () => {
    const before = user.readFile();
    const add = () =>
      user.run('add-node', 'lab@10.0.0.103', '--name', 'rig3', '--role', 'worker', '--rehearse', '--yes', '--json');
    const first = await add();
    expect(first.code).toBe(0);
    expect(await user.exec('rig1', 'microk8s kubectl get nodes -o name')).toContain('node/rig3');
    for (const rig of ['rig1', 'rig2', 'rig3'])
      expect(await user.exec(rig, 'getent hosts rig3')).toContain('10.0.0.103');
    expect((await add()).summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0 });
    for (const line of before.split('\n')) expect(user.readFile()).toContain(line);
  });

  it('leaves nothing in the home of the user but its own state', () => {
    expect(user.leftInHome()).toEqual([]);
  });
});

/** Where a resource is broken, when not on the worker. */
const PLACES: Readonly<Record<string, string>> = {
  'microk8s/rbac': 'cluster',
  'microk8s/dns': 'cluster',
  'microk8s/kubeconfig': 'workstation',
  'microk8s/member': 'rig1',
  'storage/openebs': 'cluster',
  'storage/default-class': 'cluster',
  'storage/registry': 'cluster',
};

/** The machine on which a break is typed: that of the resource; for the cluster the control plane. */
function rigOf(name: string, id: string): string {
  const place = id.slice(id.indexOf('@') + 1);
  const isInCluster = place === 'cluster' || name === 'microk8s/labels' || name.startsWith('storage/proof');
  return isInCluster ? 'rig1' : place;
}
