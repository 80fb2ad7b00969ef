import { describe, expect, it } from 'vitest';
import { until } from './user.ts';
import { users } from './users.ts';

const TWO_PLANES = `name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane }
  - { name: rig2, address: 10.0.0.102, role: control-plane }
`;
const newUser = users();

describe('a machine that is gone for good', () => {
  it.concurrent('leaves the others finished, with exit code 4 and a line that says how to go on', async () => {
    const user = newUser(
      TWO_PLANES.replace('rig2, address: 10.0.0.102, role: control-plane', 'rig2, address: 10.0.0.102'),
    );
    const run = await user.run('up', '--rehearse', '--yes', '--fault', 'rig2:gone@exec4');
    expect(run.code).toBe(4);
    expect(run.stdout).toMatch(/dropped out: rig2/);
    expect(run.stdout).toContain('To go on after that: mlk8s up --rehearse');
    expect(await user.exec('rig1', 'microk8s kubectl get nodes -o name')).toBe('node/rig1\n');
    const again = await user.up();
    expect(again.summary).toMatchObject({ exitCode: 0, dropped: [] });
    expect(await user.exec('rig1', 'microk8s kubectl get nodes -o name')).toBe('node/rig1\nnode/rig2\n');
  });

  it.concurrent('with the cluster in doubt stops everything: a control plane that nobody can ask may hold it', async () => {
    const user = newUser(TWO_PLANES);
    const run = await user.up('--fault', 'rig2:gone@exec1');
    expect(run.summary).toMatchObject({ exitCode: 1, applied: 0 });
    expect(run.stdout).toContain('no member of the cluster was seen, and not every control plane could be asked');
  });
});

describe('what would cost somebody a cluster', () => {
  it.concurrent('is refused for two machines with clusters of their own; both keep what they hold', async () => {
    const user = newUser(TWO_PLANES);
    await user.run('plan', '--rehearse');
    for (const rig of ['rig1', 'rig2']) {
      await user.exec(rig, `hostnamectl set-hostname ${rig}`);
      await user.exec(
        rig,
        'snap install microk8s --classic --channel=1.35/stable && microk8s status --wait-ready >/dev/null',
      );
      await user.exec(rig, `microk8s kubectl create namespace of-${rig}`);
    }
    const run = await user.up();
    expect(run.summary).toMatchObject({ exitCode: 1, applied: 0 });
    expect(run.stdout).toContain('these machines belong to different clusters');
    for (const rig of ['rig1', 'rig2'])
      expect(await user.exec(rig, 'microk8s kubectl get ns -o name')).toContain(`of-${rig}`);
    // Said in so many words, one of them may be given up.
    const wiped = await user.up('--wipe-node', 'rig2');
    expect(wiped.events.filter((event) => event.event === 'failed')).toEqual([]);
    expect(wiped.summary).toMatchObject({ exitCode: 0, failed: 0 });
    expect(await user.exec('rig2', 'microk8s kubectl get ns -o name')).toContain('of-rig1');
  });

  it.concurrent('is refused for a control plane that was reinstalled behind our back, until it is said', async () => {
    const user = newUser(TWO_PLANES.concat('  - { name: rig3, address: 10.0.0.103, role: control-plane }\n'));
    expect((await user.up()).summary.exitCode).toBe(0);
    await user.exec('rig1', 'microk8s kubectl create namespace kept');
    await user.exec('rig1', 'snap remove --purge microk8s && rm -rf /var/lib/mlk8s');
    const run = await user.up();
    expect(run.summary).toMatchObject({ exitCode: 1, applied: 0 });
    expect(run.stdout).toContain('the cluster lists rig1 as a member, but the machine has no MicroK8s');
    expect(await user.exec('rig2', 'microk8s kubectl get ns -o name')).toContain('kept');
    const wiped = await user.up('--wipe-node', 'rig1');
    expect(wiped.summary).toMatchObject({ exitCode: 0, failed: 0 });
    expect(await user.exec('rig1', 'microk8s kubectl get ns -o name')).toContain('kept');
  });
});

describe('two runs at the same time', () => {
  it.concurrent('second says who holds the lock and ends with 5, or waits when asked to', async () => {
    const user = newUser({ sample: 'single' });
    const first = user.start('up', '--rehearse', '--yes', '--json');
    let said = '';
    first.child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await until(() => said.includes('"event":"change"'));
    const [second, third] = await Promise.all([user.run('up', '--rehearse', '--yes'), user.up('--lock-wait', '3000')]);
    expect(second.code).toBe(5);
    expect(second.stdout + second.stderr).toMatch(/locked by \S+ \(process \d+\) on \S+ since .*: mlk8s up/);
    expect(third.events.some((event) => event.event === 'locked' && event.waiting === true)).toBe(true);
    expect(third.summary).toMatchObject({ exitCode: 0, applied: 0 });
    expect((await first.end).summary.exitCode).toBe(0);
  });

  it.concurrent('takes the lock from a holder that is frozen, which starts nothing more when it wakes', async () => {
    const other = newUser({ sample: 'single' });
    const frozen = other.start('up', '--rehearse', '--yes', '--json');
    let said = '';
    frozen.child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await until(() => said.includes('"event":"applied"'));
    frozen.child.kill('SIGSTOP');
    const next = await other.up('--lock-wait', '3000');
    expect(next.summary).toMatchObject({ exitCode: 0 });
    const before = said.length;
    frozen.child.kill('SIGCONT');
    const woken = await frozen.end;
    expect(woken.summary.exitCode).toBe(5);
    expect(woken.stdout.slice(before)).not.toContain('"event":"change"');
    expect((await other.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
  });
});
