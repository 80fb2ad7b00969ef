import { beforeAll, describe, expect, it } from 'vitest';
import { planOf, refusals } from './plan.ts';
import { type Run, UP, type User } from './user.ts';
import { cameUp, users } from './users.ts';

const BARE = `name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane }
`;
const WITH_STORAGE = `${BARE}storage: {}\n`;
const newUser = users();

const changes = (run: Run) => planOf(run).filter(({ verdict }) => verdict === 'change');
const removed = (run: Run): string[] =>
  changes(run)
    .filter(({ removes }) => removes)
    .map(({ id }) => id);
const warnings = (run: Run): string[] =>
  run.events.flatMap(({ event, text }) => (event === 'warning' ? [String(text)] : []));
const plan = (user: User, ...args: string[]): Promise<Run> => user.run('plan', '--rehearse', '--json', ...args);
const listed = (user: User, what: string) => user.exec('rig1', `microk8s kubectl get ${what} -A --ignore-not-found`);
const hint = (run: Run): string[] =>
  warnings(run).filter((text) => text.includes('that the file does not ask for any more'));

describe('a section that leaves the file', { timeout: 240_000 }, () => {
  let user: User;
  beforeAll(() => {
    user = newUser(BARE);
  });
  const upWithStorage = async () => {
    user.file(WITH_STORAGE);
    expect(await user.up()).toMatchObject({ code: 0, problems: [] });
  };

  it('is told of, removed by --prune and by nothing else, and forgotten', async () => {
    await upWithStorage();
    const full = await plan(user);
    expect([full.code, hint(full)]).toEqual([0, []]);
    const ofStorage = planOf(full).filter(({ id }) => id.startsWith('storage/'));
    expect(ofStorage.length).toBeGreaterThan(0);

    user.file(BARE);
    const up = await user.up();
    expect([up.code, up.summary.changes]).toEqual([0, 0]);
    expect(hint(up)).toHaveLength(1);
    expect(hint(up)[0]).toMatch(
      /^\d+ things that the file does not ask for any more are still there \(storage\/[^)]+\): mlk8s up --rehearse --prune removes what may go/,
    );
    expect((await user.run('status', '--rehearse')).stdout).toContain('mlk8s up --rehearse --prune');
    const [told] = hint(await user.run('status', '--rehearse', '--json'));
    expect(hint(await user.run('status', '--only', 'storage', '--rehearse', '--json'))).toEqual([told]);
    expect(warnings(await plan(user, '--prune', '--delete-data', 'kubeflow-bne'))).toContain(
      '--delete-data kubeflow-bne: nothing that left the file is called that, so nothing of it is deleted',
    );
    expect(await listed(user, 'deployments')).toContain('openebs');

    const look = await plan(user, '--prune');
    expect(look.code).toBe(2);
    expect(removed(look)).toContain('storage/openebs@cluster');
    expect(changes(look).map(({ id }) => id)).toEqual(removed(look));
    expect(removed(look).every((id) => id.startsWith('storage/'))).toBe(true);
    expect((await user.run('plan', '--rehearse', '--prune')).stdout).toMatch(/- remove +storage\/openebs +cluster/);
    expect(removed(await plan(user, '--prune', '--skip', 'storage'))).toEqual([]);
    expect(removed(await plan(user, '--prune', '--only', 'node'))).toEqual([]);

    const prune = await user.up('--prune');
    expect(prune.problems).toEqual([]);
    expect(prune.code).toBe(0);
    expect(prune.summary.notes).toContain('a namespace stays, with what else is in it: openebs');
    const applied = prune.events.flatMap(({ event, id }) => (event === 'applied' ? [String(id)] : []));
    expect(applied).toEqual(expect.arrayContaining(removed(look)));
    expect(applied.every((id) => id.startsWith('storage/'))).toBe(true);
    expect(await listed(user, 'deployments')).not.toContain('openebs');
    expect(await listed(user, 'nodes')).toContain('rig1');

    const again = await user.up('--prune');
    expect([again.code, again.summary.changes, again.summary.execs]).toEqual([0, 0, { rig1: 1 }]);
    expect(again.summary.notes.join()).not.toContain('namespace');
    const last = await user.up();
    expect([last.code, last.summary.changes, hint(last)]).toEqual([0, 0, []]);
  });

  it('is removed by the next run when the first was killed in the middle', async () => {
    await upWithStorage();
    user.file(BARE);
    const { killed, said } = await user.killAt('"does":"uninstall release openebs"', 1, ...UP, '--prune');
    expect(killed, said).toBe(true);
    const next = await user.up('--prune');
    expect([next.code, next.problems]).toEqual([0, []]);
    expect(await listed(user, 'deployments')).not.toContain('openebs');
    expect((await user.up('--prune')).summary.changes).toBe(0);
  });

  it('is kept, with the names of what would be lost, while volumes are in use', async () => {
    await upWithStorage();
    const spec = 'spec: {storageClassName: openebs-hostpath, accessModes: [ReadWriteOnce]}';
    const claim = `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: photos}\n${spec}\n`;
    await user.exec('rig1', `printf '${claim}' | microk8s kubectl apply -f -`);
    user.file(BARE);
    const refused = await user.up('--prune');
    expect([refused.code, refused.summary.dropped]).toEqual([1, []]);
    expect(refusals(refused)).toEqual([expect.stringMatching(/^storage\/openebs@cluster: .*default\/photos/)]);
    const waits = planOf(refused).filter(({ blocked }) => blocked);
    expect(waits.map(({ because }) => because)).toContain('it waits for storage/openebs@cluster, which is refused');
    expect([refused.summary.applied, removed(refused)]).toEqual([0, []]);
    expect(await listed(user, 'deployments')).toContain('openebs');
    expect(await listed(user, 'pvc')).toContain('photos');

    await user.exec('rig1', 'microk8s kubectl delete pvc photos');
    expect(await user.up('--prune')).toMatchObject({ code: 0, problems: [] });
    expect(await listed(user, 'deployments')).not.toContain('openebs');
    expect((await user.up('--prune')).summary.changes).toBe(0);
  });

  it('stays with a machine that left the file', async () => {
    const user = newUser(`${BARE}  - { name: rig2, address: 10.0.0.102, role: worker, labels: { disk: fast } }\n`);
    expect((await user.up()).code).toBe(0);
    user.file(BARE);
    const prune = await user.up('--prune');
    expect([prune.code, removed(prune), hint(prune)]).toEqual([0, [], []]);
    expect(await user.exec('rig1', 'microk8s kubectl get nodes --show-labels')).toMatch(/rig2.*disk=fast/);
  });

  it('gives back what was there before', async () => {
    const user = newUser(BARE);
    await plan(user);
    const path = '/etc/systemd/logind.conf.d/10-mlk8s.conf';
    await user.exec('rig1', `mkdir -p $(dirname ${path}); echo '# mine' >${path}`);
    expect((await user.up()).code).toBe(0);
    expect(await user.exec('rig1', `cat ${path}`)).not.toContain('# mine');
    user.file(`${BARE}node: { sleep: leave }\n`);
    expect(removed(await plan(user, '--prune')).sort()).toEqual(['node/lid@rig1', 'node/sleep@rig1']);
    expect((await user.up('--prune')).problems).toEqual([]);
    expect(await user.exec('rig1', `cat ${path}`)).toBe('# mine\n');
    expect((await user.up('--prune')).summary.changes).toBe(0);
  });
});

describe('a database that leaves the file', { timeout: 240_000 }, () => {
  const user = cameUp(`${WITH_STORAGE}databases: { redis: { sizeGi: 2 } }\n`);
  const left = (run: Run) => planOf(run).filter(({ id, verdict }) => id.startsWith('databases/') && verdict !== 'ok');
  const will = (run: Run) => left(run).flatMap(({ does = [] }) => does);
  const REDIS = ['--prune', '--delete-data', 'redis'];

  it('is not taken to pieces while its data is not given up', async () => {
    user.file(WITH_STORAGE);
    const refused = await user.up('--prune');
    expect([refused.code, refused.summary.applied, removed(refused)]).toEqual([1, 0, []]);
    expect(refusals(refused)).toEqual([
      'databases/redis@cluster: redis holds data, in the claim redis/redis-data (2Gi)',
    ]);
    expect(left(refused).filter(({ verdict }) => verdict === 'change')).toEqual([]);
    expect(await listed(user, 'deployments')).toContain('redis-commander');
  });

  it('is shown with all that goes', async () => {
    const look = await plan(user, ...REDIS);
    expect(left(look).every(({ removes }) => removes)).toBe(true);
    expect(will(look)).toContain('delete the data of redis: redis/redis-data (2Gi)');
    expect(will(look)).toContain('delete PersistentVolumeClaim redis/redis-data (2Gi), Namespace redis');
    expect(will(look)).toContain('delete Secret redis/redis-password');
    expect((await user.run('plan', '--rehearse', ...REDIS)).stdout).toContain(
      'To make the changes: mlk8s up --prune --delete-data redis --rehearse',
    );
  });

  it('leaves its namespace to what somebody else put there, and names that', async () => {
    await user.exec('rig1', 'microk8s kubectl -n redis create configmap mine --from-literal=a=b');
    const look = await plan(user, ...REDIS);
    expect(will(look).filter((it) => it.includes('Namespace'))).toEqual([]);
    const kept = left(look).find(({ id }) => id === 'databases/redis-data@cluster');
    expect(kept?.because).toBe('written by mlk8s; Namespace redis stays, with ConfigMap redis/mine');

    const gone = await user.up(...REDIS);
    expect([gone.code, gone.problems]).toEqual([0, []]);
    expect(await listed(user, 'pvc,secrets,deployments')).not.toContain('redis');
    expect(await user.exec('rig1', 'microk8s kubectl -n redis get configmap mine -o name')).toBe('configmap/mine\n');
    const last = await user.up();
    expect([last.code, hint(last)]).toEqual([0, []]);
  });
});
