import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { parseCluster } from '../../src/config/load.ts';
import { machinesOf } from '../../src/config/machines.ts';
import { steps } from '../../src/steps/index.ts';
import { templatePath } from '../../src/templates.ts';
import { breaks } from './breaks.ts';
import { devboxBreaks } from './devbox-breaks.ts';
import { monitoringBreaks } from './monitoring-breaks.ts';
import { networkBreaks } from './network-breaks.ts';
import { nameOf, openIds } from './plan.ts';
import { postgresBreaks } from './postgres-breaks.ts';
import { storeBreaks } from './store-breaks.ts';
import { User } from './user.ts';

const textOf = (sample: string) => readFileSync(templatePath('samples', `${sample}.yaml`), 'utf8');
const fileOf = (sample: string) => parseCluster(Buffer.from(textOf(sample)), `${sample}.yaml`).file;

/** Comes up, and the second time there is nothing to do. */
async function green(user: User, sample: string): Promise<void> {
  user.file({ sample });
  const { summary, problems } = await user.up();
  expect([summary.exitCode, problems]).toEqual([0, []]);
  const execs = Object.fromEntries(machinesOf(fileOf(sample)).map(({ name }) => [name, 1]));
  expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0, execs });
}

describe('the sample home-lab', () => {
  const user = new User();
  afterAll(() => user.leave());

  it('comes up, and has nothing to do the second time, with one exec per machine', { timeout: 300_000 }, async () => {
    await green(user, 'home-lab');
  });
});

/** Resources of the sample workstation that the tables of breaks are not about, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'node/hostname': 'that of a local machine is left alone',
  'node/reboot': 'a local machine is never started anew by mlk8s',
  'node/data-dir': 'its volumes lie in there',
  'microk8s/labels': 'the sample asks for none',
  'microk8s/ready': 'hides the others; tried in test/acceptance/life.test.ts',
  'microk8s/member': 'hides the others; tried in test/acceptance/life.test.ts',
  'microk8s/rbac': 'hides the others; tried in test/acceptance/life.test.ts',
  'devbox/snapd-package': 'MicroK8s needs snapd as well',
};

/** The tables are written for machines rig1 and rig2 of a cluster lab, and a devbox of anna. */
function onDesk(script: string): string {
  return script
    .replaceAll(/rig[12]/g, 'desk')
    .replaceAll('lab-admin', 'workbench-admin')
    .replaceAll('gpasswd -d lab', 'gpasswd -d anna');
}

/** How each resource of the sample workstation is broken, by its id. */
function breaksOfWorkstation(): Map<string, string> {
  const byName = new Map([
    ...Object.entries({ ...breaks, ...devboxBreaks }),
    ...Object.entries({ ...networkBreaks, ...monitoringBreaks, ...postgresBreaks, ...storeBreaks }).map(
      ([id, script]) => [nameOf(id), script] as const,
    ),
  ]);
  const ids = steps.flatMap((step) => step.resources(fileOf('workstation'))).map(({ id }) => id);
  // In the order of the tables; an interrupted dpkg refuses what others want to remove, so that comes last.
  const ordered = [...byName].toSorted(([a], [b]) => Number(a.endsWith('/dpkg')) - Number(b.endsWith('/dpkg')));
  const found = new Map<string, string>();
  for (const [each, script] of ordered) {
    if (ELSEWHERE[each] !== undefined) continue;
    for (const id of ids) if (nameOf(id) === each) found.set(id, onDesk(script));
  }
  return found;
}

describe('the sample workstation', () => {
  const user = new User();
  afterAll(() => user.leave());

  it('comes up, and has nothing to do the second time, with one exec', { timeout: 300_000 }, async () => {
    await green(user, 'workstation');
  });

  it('names exactly what is broken, and up mends it', { timeout: 300_000 }, async () => {
    const all = breaksOfWorkstation();
    expect(all.size).toBeGreaterThan(50);
    for (const rig of ['desk', 'workstation']) {
      const scripts = [...all].filter(([id]) => id.endsWith('@workstation') === (rig === 'workstation'));
      await user.exec(rig, `set -e\n${scripts.map(([, script]) => script).join('\n')}`);
    }
    expect(openIds(await user.run('plan', '--rehearse', '--json'))).toEqual([...all.keys()].sort());
    const { summary, problems } = await user.up();
    expect([summary.exitCode, problems]).toEqual([0, []]);
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
  });
});

describe('the sample workstation with more than it has room for', () => {
  const user = new User();
  afterAll(() => user.leave());

  it('is refused with the figures, and nothing of it is installed', async () => {
    user.file(textOf('workstation').replace('  redis:\n', '  milvus: { memoryMi: 24576 }\n  redis:\n'));
    const { stdout } = await user.run('plan', '--rehearse');
    expect(stdout).toMatch(/refused +capacity\/room@cluster\n +seen +memory: [\d.]+ GiB wanted, [\d.]+ GiB there/);
  });
});
