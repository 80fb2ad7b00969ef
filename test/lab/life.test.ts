import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lab } from './lab.ts';
import type { LabMachine } from './machine.ts';
import { Operator } from './operator.ts';

/** What a first up must leave on every machine, looked at from outside: `mode owner path` of files, facts of others. */
const FILES = [
  '644 root /etc/apt/apt.conf.d/52mlk8s',
  '644 root /etc/hosts',
  '644 root /etc/modules-load.d/mlk8s.conf',
  '644 root /etc/sysctl.d/90-mlk8s.conf',
  '644 root /etc/systemd/logind.conf.d/10-mlk8s.conf',
  '700 root /var/lib/mlk8s',
  '700 root /var/lib/mlk8s/inventory',
  '700 root /var/lib/mlk8s/jobs',
  '755 root /data/microk8s',
];

describe('a cluster on real machines', () => {
  let lab: Lab;
  const operator = new Operator();

  beforeAll(async () => {
    lab = await Lab.up(5);
    operator.file(lab.clusterFile(3));
  });
  afterAll(async () => {
    await lab?.down();
    await operator.leave();
  });

  it('comes up at the first up: three control planes and two workers', async () => {
    const { code, summary, stderr } = await operator.up();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(summary).toMatchObject({ failed: 0, refused: 0, dropped: [] });
    expect(summary.applied).toBeGreaterThan(50);
  });

  it('has nothing left to do at the second up, and asks each machine once', async () => {
    const { code, summary } = await operator.up();
    expect(code).toBe(0);
    expect(summary).toMatchObject({
      changes: 0,
      applied: 0,
      execs: Object.fromEntries(lab.machines.map((m) => [m.name, 1])),
    });
  });

  it('left its files on every machine, with their owners and modes', async () => {
    const paths = FILES.map((line) => line.split(' ')[2]).join(' ');
    for (const machine of lab.machines) {
      expect((await machine.root(`stat -c '%a %U %n' ${paths}`)).trim().split('\n')).toEqual(FILES);
      expect(await machine.root('grep -c "BEGIN mlk8s" /etc/hosts')).toBe('1\n');
      expect(await machine.root('cat /etc/hosts')).toContain(hosts(lab.machines));
      expect(await machine.root('cat /etc/hostname; hostname')).toBe(`${machine.name}\n${machine.name}\n`);
    }
  });

  it('installed packages and left no other job of apt or dpkg behind', async () => {
    for (const machine of lab.machines) {
      const packages = await machine.root(
        "dpkg-query -W -f '${Package} ${db:Status-Status}\\n' snapd open-iscsi nfs-common",
      );
      expect(packages).toBe('nfs-common installed\nopen-iscsi installed\nsnapd installed\n');
      expect(await machine.root('dpkg --audit; pgrep -a "apt|dpkg" || echo none')).toBe('none\n');
    }
  });

  it('started and masked units, and let its user into the group', async () => {
    for (const machine of lab.machines) {
      expect(await machine.root('systemctl is-active iscsid; systemctl is-enabled iscsid')).toBe('active\nenabled\n');
      const masked = await machine.ssh(
        'systemctl is-enabled sleep.target suspend.target hibernate.target hybrid-sleep.target',
      );
      expect(masked.stdout).toBe('masked\n'.repeat(4));
      expect((await machine.root('id -nG lab')).split(/\s+/)).toContain('microk8s');
      expect(await machine.root("systemctl list-units --all --no-legend 'mlk8s-*'")).toBe('');
    }
  });

  it('made one cluster of them', async () => {
    const nodes = await lab.machines[0]?.root('/snap/bin/microk8s kubectl get nodes --no-headers | sort');
    const rows = nodes
      ?.trim()
      .split('\n')
      .map((row) => row.split(/\s+/).slice(0, 2));
    expect(rows).toEqual(lab.machines.map(({ name }) => [name, 'Ready']));
  });
});

function hosts(machines: readonly LabMachine[]): string {
  return machines.map(({ address, name }) => `${address} ${name}\n`).join('');
}
