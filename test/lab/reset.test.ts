import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lab } from './lab.ts';
import { LISTING } from './listing.ts';
import type { LabMachine } from './machine.ts';
import { Operator } from './operator.ts';

describe('reset on real machines', () => {
  let lab: Lab;
  const operator = new Operator();
  const packages = 'snapd open-iscsi nfs-common';

  beforeAll(async () => {
    lab = await Lab.up(2);
    operator.file(lab.clusterFile(1));
  });
  afterAll(async () => {
    await lab?.down();
    await operator.leave();
  });

  const listings = () => Promise.all(lab.machines.map((machine) => machine.root(LISTING)));

  it('gives every file back as it was before up, except the packages, and up works again', async () => {
    // Packages stay; here they were there before, so that nothing at all may differ.
    for (const machine of lab.machines) {
      await machine.root(`DEBIAN_FRONTEND=noninteractive apt-get -q -y install ${packages}`);
      await machine.root(`echo '// mine' >/etc/apt/apt.conf.d/52mlk8s; chmod 600 /etc/apt/apt.conf.d/52mlk8s`);
    }
    const before = await listings();
    expect((await operator.up()).summary).toMatchObject({ exitCode: 0, failed: 0 });
    expect(await listings()).not.toEqual(before);
    const reset = await operator.run('reset', '--confirm', 'lab', '--json');
    expect(reset.summary).toMatchObject({ exitCode: 0, failed: 0, dropped: [] });
    const after = await listings();
    for (const [i, listing] of after.entries()) expect(listing.split('\n')).toEqual(before[i]?.split('\n'));
    for (const machine of lab.machines) await expectNothingLeft(machine);
    expect((await operator.up()).summary).toMatchObject({ exitCode: 0, failed: 0 });
    expect((await operator.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
  });

  it('takes one machine out of the cluster, and leaves the other one alone', async () => {
    const [first, second] = lab.machines as [LabMachine, LabMachine];
    expect((await operator.up()).summary).toMatchObject({ exitCode: 0, failed: 0 });
    const reset = await operator.run('reset', '--host', second.name, '--confirm', 'lab', '--json');
    expect(reset.summary).toMatchObject({ exitCode: 0, failed: 0, dropped: [] });
    await expectNothingLeft(second);
    const nodes = await first.root('/snap/bin/microk8s kubectl get nodes -o name');
    expect(nodes).toBe(`node/${first.name}\n`);
    // The file still lists it: up brings it back.
    expect((await operator.up()).summary).toMatchObject({ exitCode: 0, failed: 0 });
  });
});

async function expectNothingLeft(machine: LabMachine): Promise<void> {
  expect(
    await machine.root('ls -d /var/lib/mlk8s /run/mlk8s /snap/bin/microk8s /var/snap/microk8s 2>/dev/null || true'),
  ).toBe('');
  expect(await machine.root("systemctl list-units --all --no-legend 'mlk8s-*' 'snap.microk8s.*'")).toBe('');
  expect(await machine.root('systemctl is-enabled sleep.target')).toBe('static\n');
  // Whoever came in by ssh still does.
  expect((await machine.ssh('true', 'lab')).code).toBe(0);
}
