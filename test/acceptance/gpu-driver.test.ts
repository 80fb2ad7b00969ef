import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openIds, planOf } from './plan.ts';
import { type Run, User } from './user.ts';

const file = (more = '') => `name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane, labels: { card: gpu }${more} }
gpu: {}
`;

const driverIn = (run: Run) => planOf(run).find(({ id }) => id === 'gpu/driver@rig1');

/** Steps of a run in the order in which their changes were made. */
const made = ({ events }: Run): string[] =>
  events.flatMap(({ event, id }) => (event === 'applied' ? [String(id)] : []));

describe('the driver that mlk8s installs', () => {
  const user = new User();
  let first: Run;
  beforeAll(async () => {
    user.file(file());
    first = await user.up();
  });
  afterAll(() => user.leave());
  const plan = (...args: string[]) => user.run('plan', '--rehearse', '--json', ...args);

  it('is there, after the only reboot, before MicroK8s is installed', () => {
    expect([first.summary.exitCode, first.problems]).toEqual([0, []]);
    const order = made(first).filter((id) => /driver|reboot|snap/.test(id));
    expect(order).toEqual(['gpu/driver@rig1', 'node/reboot@rig1', 'microk8s/snap@rig1']);
  });

  it.each([
    ['its tools are removed', 'apt-get remove -y nvidia-utils-595-server'],
    ['it is unloaded', 'modprobe -r nvidia'],
  ])('is named alone and mended when %s', async (_, script) => {
    const boot = await user.exec('rig1', 'cat /proc/sys/kernel/random/boot_id');
    await user.exec('rig1', script);
    expect(openIds(await plan())).toEqual(['gpu/driver@rig1']);
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, applied: 1 });
    expect(await user.exec('rig1', 'cat /proc/sys/kernel/random/boot_id')).toBe(boot);
  });

  it('is found when somebody upgraded it while it is in use, and no machine is rebooted for that', async () => {
    const boot = await user.exec('rig1', 'cat /proc/sys/kernel/random/boot_id');
    const status = await user.run('status', '--rehearse', '--json', '--fault', 'rig1:gpumismatch');
    expect(status.code).toBe(2);
    const seen = 'driver/library version mismatch: the kernel runs 595.71.05, on the disk is 595.84';
    expect(driverIn(status)).toMatchObject({
      verdict: 'refused',
      problem: { seen, next: ['when nothing on it is needed, on rig1: sudo reboot'] },
    });
    const run = await user.up();
    expect([run.code, driverIn(run)?.verdict, run.summary.refused]).toEqual([1, 'refused', 1]);
    expect(await user.exec('rig1', 'cat /proc/sys/kernel/random/boot_id')).toBe(boot);
  });
});

describe('a driver that somebody built on the machine', () => {
  const user = new User();
  afterAll(() => user.leave());

  it('is used if it works, and never replaced', { timeout: 120_000 }, async () => {
    user.file(file());
    const plan = (...args: string[]) => user.run('plan', '--rehearse', '--json', '--only', 'gpu', ...args);
    expect(driverIn(await plan())?.verdict).toBe('change');
    await user.exec(
      'rig1',
      'echo blacklist nouveau >/etc/modprobe.d/own.conf; apt-get install -y nvidia-driver-580-open',
    );
    expect(driverIn(await plan())).toMatchObject({ verdict: 'refused' });
    const boot = 'cat /proc/sys/kernel/random/boot_id';
    const before = await user.exec('rig1', boot);
    // It may take its own shell with it.
    await user.exec('rig1', 'systemctl reboot').catch(() => undefined);
    await expect.poll(() => user.exec('rig1', boot).catch(() => before), { timeout: 20_000 }).not.toBe(before);
    expect(driverIn(await plan())).toMatchObject({
      verdict: 'ok',
      because: 'driver 580.126.09 (580-open), not installed by mlk8s, works and is left alone',
    });
    await user.exec('rig1', 'modprobe -r nvidia');
    expect(driverIn(await plan('--fault', 'rig1:secureboot'))).toMatchObject({
      verdict: 'refused',
      because: 'Secure Boot is on, and the NVIDIA module is not loaded',
    });
  });
});

describe('the machine that somebody sits at', () => {
  const user = new User();
  afterAll(() => user.leave());

  it('gets the driver, and is not rebooted for it', { timeout: 120_000 }, async () => {
    user.file(file(', local: true'));
    const run = await user.up();
    expect(run.problems).toContain(
      'node/reboot@rig1: rig1 must be rebooted: the kernel takes new settings and drivers only when it starts',
    );
    expect(made(run)).toContain('gpu/driver@rig1');
    expect(made(run)).not.toContain('microk8s/snap@rig1');
  });
});
