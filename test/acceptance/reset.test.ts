import { beforeAll, describe, expect, it } from 'vitest';
import type { PlanItem } from '../../src/engine/events.ts';
import { planOf } from './plan.ts';
import type { Run, User } from './user.ts';
import { users } from './users.ts';

const TWO_PLANES = `name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane }
  - { name: rig2, address: 10.0.0.102, role: control-plane }
`;
const ONE_PLANE = TWO_PLANES.replace(/ {2}- \{ name: rig2.*\n/, '');
const newUser = users();

const reset = (user: User, name: string, ...args: string[]): Promise<Run> =>
  user.run('reset', '--rehearse', '--json', '--confirm', name, ...args);

/** What packages leave, because they are never removed, and the folders that the simulated programs work in. */
const STAYS = [
  /^\/etc\/iscsi(\/|$)/, // open-iscsi's own name
  /^\/usr\/local\/bin\/mount\.nfs4?$/, // nfs-common
  /^\/var\/lib\/(dpkg|apt)(\/|$)/, // what dpkg and apt know
  /^\/(var\/snap|etc\/systemd\/system)$/, // empty folders of snapd and systemd, which a real machine always has
];

/** Every file and folder of a machine with its type, mode, target and content, and the state of units that matter. */
async function picture(user: User, rig: string): Promise<string[]> {
  const text = await user.exec(
    rig,
    `cd / && find etc home root var opt usr/local boot data srv -printf '/%p %y %m %l\\n' 2>/dev/null
     find etc home root var opt usr/local boot data srv -type f -print0 2>/dev/null | xargs -0 sha256sum | sed 's,^\\([^ ]*\\)  \\(.*\\),/\\2 \\1,'
     hostname; for unit in sleep.target suspend.target hibernate.target hybrid-sleep.target iscsid.service; do
       echo $unit $(systemctl is-enabled $unit) $(systemctl is-active $unit); done`,
  );
  const isPassing = (line: string) => STAYS.some((stays) => stays.test(line.split(' ')[0] ?? ''));
  return (
    text
      // Its package stays, and brings it switched off.
      .replace('iscsid.service not-found inactive', 'iscsid.service disabled inactive')
      .split('\n')
      .filter((line) => !isPassing(line) && !/^\/home\/lab\/\.local( |\/)/.test(line))
      .sort()
  );
}

async function pictures(user: User): Promise<Record<string, string[]>> {
  // A first look switches the machines on.
  await user.run('plan', '--rehearse');
  return {
    rig1: await picture(user, 'rig1'),
    rig2: await picture(user, 'rig2'),
    workstation: await picture(user, 'workstation'),
  };
}

const nodes = (user: User) => user.exec('rig1', 'microk8s kubectl get nodes -o name');

function items(run: Run, verdict: PlanItem['verdict']): string[] {
  return planOf(run).flatMap((item) => (item.verdict === verdict ? [item.id] : []));
}

/** A reset of the cluster `lab` that is killed when it has said `moment`. */
async function killedAt(user: User, moment: string): Promise<void> {
  const { killed, said } = await user.killAt(moment, 1, 'reset', '--rehearse', '--json', '--confirm', 'lab');
  expect(killed, said).toBe(true);
}

describe('reset', { timeout: 240_000 }, () => {
  it.concurrent('leaves every file as it was before up, and up builds the cluster anew', async () => {
    const user = newUser({ sample: 'two-nodes' });
    const before = await pictures(user);
    expect((await user.up()).summary.exitCode).toBe(0);

    const alone = await user.run('reset', '--rehearse');
    expect(alone.code).toBe(1);
    expect(alone.stdout).toContain('remove microk8s with all its data');
    expect(alone.stdout).toContain('mlk8s reset --rehearse --confirm two-nodes');
    const wrong = await user.run('reset', '--rehearse', '--confirm', 'two-node');
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('is not the name of the cluster')]);
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });

    const run = await reset(user, 'two-nodes');
    expect(run.summary).toMatchObject({ exitCode: 0, failed: 0, refused: 0, dropped: [] });
    expect(items(run, 'stays').sort()).toEqual([
      'node/modules-extra@rig1',
      'node/modules-extra@rig2',
      'node/packages@rig1',
      'node/packages@rig2',
    ]);
    expect(await pictures(user)).toEqual(before);
    for (const rig of ['rig1', 'rig2']) expect(await user.exec(rig, 'snap list')).not.toContain('microk8s');
    expect((await reset(user, 'two-nodes')).summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0 });

    expect((await user.up()).summary).toMatchObject({ exitCode: 0, failed: 0 });
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
    expect(await nodes(user)).toBe('node/rig1\nnode/rig2\n');
  });

  it.concurrent('takes one worker out of the cluster, and never the last control plane from under it', async () => {
    const user = newUser({ sample: 'two-nodes' });
    const before = await pictures(user);
    await user.up();
    const last = await reset(user, 'two-nodes', '--host', 'rig1');
    expect(last.summary).toMatchObject({ exitCode: 1, applied: 0 });
    expect(last.stdout).toContain('rig1 is the last control plane, and rig2 would stay without one');

    const run = await reset(user, 'two-nodes', '--host', 'rig2');
    expect(run.summary).toMatchObject({ exitCode: 0, failed: 0 });
    expect(run.summary.notes.join('\n')).toContain('Take rig2 out of the cluster file');
    expect(await nodes(user)).toBe('node/rig1\n');
    expect(await picture(user, 'rig2')).toEqual(before.rig2);

    user.file(user.readFile().replace(/ {2}- name: rig2[\s\S]*$/, ''));
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, failed: 0 });
    expect(await user.exec('rig1', 'cat /etc/hosts')).not.toContain('rig2');
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
  });

  it.concurrent('gives back what was there, and leaves what somebody changed and what was not its own', async () => {
    const user = newUser(ONE_PLANE);
    const rig = 'rig1';
    await user.run('plan', '--rehearse');
    const theirs = '/etc/apt/apt.conf.d/52mlk8s';
    await user.exec(rig, `echo theirs >${theirs} && chmod 600 ${theirs} && mkdir -p /data/microk8s`);
    await user.exec(rig, `hostnamectl set-hostname ${rig} && systemctl mask sleep.target`);
    await user.exec(rig, 'snap install microk8s --classic --channel=1.35/stable');
    await user.exec(rig, 'microk8s status --wait-ready >/dev/null && microk8s kubectl create namespace shop');
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, failed: 0 });
    await user.exec(rig, 'echo "vm.swappiness=10" >>/etc/sysctl.d/90-mlk8s.conf');

    const run = await reset(user, 'lab');
    expect(run.summary).toMatchObject({ exitCode: 0, failed: 0, refused: 0 });
    expect(await user.exec(rig, `stat -c %a ${theirs} && cat ${theirs}`)).toBe('600\ntheirs\n');
    expect(await user.exec(rig, 'cat /etc/sysctl.d/90-mlk8s.conf')).toContain('vm.swappiness=10');
    expect(run.summary.notes.join('\n')).toContain('/etc/sysctl.d/90-mlk8s.conf was changed after mlk8s wrote it');
    expect(await user.exec(rig, 'microk8s kubectl get namespaces -o name')).toContain('namespace/shop');
    expect(await user.exec(rig, 'microk8s kubectl get namespaces -o name')).not.toContain('mlk8s-system');
    expect(await user.exec(rig, 'hostname')).toBe(`${rig}\n`);
    expect(await user.exec(rig, 'systemctl is-enabled sleep.target suspend.target || true')).toBe('masked\nstatic\n');
    expect(await user.exec(rig, 'ls -d /data/microk8s; ls /var/lib/mlk8s 2>&1 || true')).toContain('No such file');
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, failed: 0 });
  });

  it.concurrent('names a machine that is away, does the rest, and ends it later', async () => {
    const user = newUser({ sample: 'two-nodes' });
    const before = await pictures(user);
    await user.up();
    const run = await reset(user, 'two-nodes', '--fault', 'rig1:gone');
    expect(run.summary).toMatchObject({ exitCode: 4, failed: 0, dropped: ['rig1'] });
    expect(await picture(user, 'rig2')).toEqual(before.rig2);
    expect((await reset(user, 'two-nodes')).summary).toMatchObject({ exitCode: 0, failed: 0, dropped: [] });
    expect(await pictures(user)).toEqual(before);
  });
});

describe('a machine that is not what the file or its records say', { timeout: 240_000 }, () => {
  let user: User;
  beforeAll(async () => {
    user = newUser({ sample: 'two-nodes' });
    await user.up();
  });

  it('is left alone by reset when the file calls it by the name of another', async () => {
    const before = await user.dump();
    // As if two addresses in the file had changed places.
    const swap = 'sed -i "s/@rig1/@X/g;s/@rig2/@rig1/g;s/@X/@rig2/g" /var/lib/mlk8s/inventory/*.json';
    for (const rig of ['rig1', 'rig2']) await user.exec(rig, swap);
    const run = await reset(user, 'two-nodes', '--host', 'rig2');
    expect(run.summary).toMatchObject({ exitCode: 4, applied: 0, dropped: ['rig1', 'rig2'] });
    expect(run.stdout).toContain('the machine that the cluster file calls rig2 was set up by mlk8s as rig1');
    for (const rig of ['rig1', 'rig2']) await user.exec(rig, swap);
    expect(await user.dump()).toBe(before);
  });

  it('is left alone by reset while one of its records cannot be read', async () => {
    const record = '/var/lib/mlk8s/inventory/node_sleep_rig2.json';
    await user.exec('rig2', `cp ${record} /root/kept; head -c 40 /root/kept >${record}`);
    const run = await reset(user, 'two-nodes');
    expect(run.summary).toMatchObject({ exitCode: 4, failed: 0, dropped: ['rig2'] });
    expect(run.stdout).toContain('a record of what mlk8s did on rig2 cannot be read');
    await user.exec('rig2', `mv /root/kept ${record}`);
    expect((await reset(user, 'two-nodes')).summary).toMatchObject({ exitCode: 0, failed: 0, dropped: [] });
    expect(await user.exec('rig2', 'snap list')).not.toContain('microk8s');
  });
});

describe('reset that was killed', { timeout: 240_000 }, () => {
  /** Moments of a reset: before its first change, in the first jobs, around the leaving, before the last removal. */
  const MOMENTS = [
    'checking the machines before the first change',
    '"event":"change"',
    '"does":"have rig2 leave the cluster"',
    '"does":"have rig1 drop the node rig2"',
    '"does":"remove microk8s with all its data"',
    '"id":"node/hostname@rig2","host":"rig2"',
    '"does":"remove /var/lib/mlk8s"',
  ];

  it.concurrent('seven times on its way: reset again ends it as if nothing had happened', async () => {
    const user = newUser(TWO_PLANES);
    const before = await pictures(user);
    await user.up();
    for (const moment of MOMENTS) await killedAt(user, moment);
    expect((await reset(user, 'lab')).summary).toMatchObject({ exitCode: 0, failed: 0, refused: 0 });
    expect(await pictures(user)).toEqual(before);
  });

  it.concurrent('up instead of it brings the cluster back, wherever it was killed', async () => {
    const user = newUser(TWO_PLANES);
    await user.up();
    for (const moment of MOMENTS.slice(1, 6)) {
      await killedAt(user, moment);
      const run = await user.up();
      const wrong = run.events.filter((event) => event.event === 'failed' || event.event === 'problem');
      expect([moment, ...wrong]).toEqual([moment]);
      expect(run.summary, moment).toMatchObject({ exitCode: 0, failed: 0, refused: 0 });
      expect(await nodes(user), moment).toBe('node/rig1\nnode/rig2\n');
      expect((await user.up()).summary, moment).toMatchObject({ exitCode: 0, changes: 0 });
    }
  });
});
