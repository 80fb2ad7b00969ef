import { afterAll, beforeAll, expect, it } from 'vitest';
import { openIds } from './plan.ts';
import { User } from './user.ts';

const FILE = `name: disks
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane }
  - { name: rig2, address: 10.0.0.102 }
  - { name: rig3, address: 10.0.0.103 }
storage:
  mayastor:
    pools:
      - { node: rig1, disk: /dev/disk/by-id/ata-ONE }
      - { node: rig2, disk: /dev/disk/by-id/ata-TWO }
      - { node: rig3, disk: /dev/disk/by-id/nvme-THREE }
`;

const user = new User();
const kubectl = 'microk8s kubectl';

const plan = (...more: string[]) => user.run('plan', '--rehearse', '--json', ...more);

afterAll(() => user.leave());
beforeAll(async () => {
  user.file(FILE);
  // Too few pages at first: that machine is rebooted, before MicroK8s comes.
  const { summary, problems } = await user.up('--fault', 'rig3:fragmented');
  expect(problems).toEqual([]);
  expect(summary.exitCode).toBe(0);
}, 300_000);

it('gives every machine its pages, by a reboot where its memory was in pieces, and every disk its pool', async () => {
  for (const rig of ['rig1', 'rig2', 'rig3']) {
    expect(await user.exec(rig, 'grep HugePages_Total /proc/meminfo')).toMatch(/ 1024$/m);
    expect(await user.exec(rig, 'cat /etc/modules-load.d/microk8s-mayastor.conf')).toBe('nvme_tcp\n');
  }
  const pools = await user.exec(
    'rig1',
    `${kubectl} get diskpools -n openebs -o 'jsonpath={.items[*].status.pool_status}'`,
  );
  expect(pools).toBe('Online Online Online');
  const nodes = await user.exec(
    'rig1',
    `${kubectl} get nodes -o 'jsonpath={.items[*].status.allocatable.hugepages-2Mi}'`,
  );
  expect(nodes).toBe('2048Mi 2048Mi 2048Mi');
});

it('has nothing to do the second time, with one exec per machine', async () => {
  const { summary } = await user.up();
  expect(summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0, execs: { rig1: 1, rig2: 1, rig3: 1 } });
});

const POOL = `$(${kubectl} get diskpools -n openebs -o name | grep rig2)`;

/** The id, the machine on which it is broken, and how. */
const BREAKS = [
  ['storage/hugepages@rig2', 'rig2', 'sysctl -w vm.nr_hugepages=0'],
  ['storage/hugepages@rig3', 'rig3', 'rm /etc/sysctl.d/20-microk8s-hugepages.conf'],
  ['storage/nvme-tcp@rig1', 'rig1', 'modprobe -r nvme_tcp'],
  ['storage/engine@rig3', 'rig1', `${kubectl} label node rig3 openebs.io/engine-`],
  ['storage/pools@cluster', 'rig1', `${kubectl} delete -n openebs ${POOL}`],
  ['storage/mayastor-3@cluster', 'rig1', `${kubectl} delete storageclass mayastor-3`],
] as const;

it('names exactly what is broken, and up mends it', async () => {
  for (const [, rig, script] of BREAKS) await user.exec(rig, script);
  expect(openIds(await plan())).toEqual(BREAKS.map(([id]) => id).sort());
  const { summary, problems } = await user.up();
  expect(problems).toEqual([]);
  expect(summary.exitCode).toBe(0);
  expect(openIds(await plan())).toEqual([]);
});

it('finds the node whose kubelet does not see its hugepages, and restarts that one, once', async () => {
  const blind =
    'sysctl -qw vm.nr_hugepages=0; snap restart microk8s.daemon-kubelite; sleep 120; sysctl -qw vm.nr_hugepages=1024';
  await user.exec('rig3', blind);
  const found = await plan();
  expect(openIds(found)).toEqual(['storage/kubelet@rig3']);
  expect(found.stdout).toContain(
    'kubelet on rig3 offers 0 of 2048 MiB of hugepages: it counts them only when it starts',
  );
  const pod = `${kubectl} get pods -n openebs -l app=io-engine -o 'jsonpath={.items[*].status.conditions[*].message}'`;
  expect(await user.exec('rig1', pod)).toContain('1 Insufficient hugepages-2Mi');
  const run = await user.up();
  expect(run.problems).toEqual([]);
  const applied = run.events.filter((event) => event.event === 'applied').map((event) => event.id);
  expect(applied.filter((id) => id === 'storage/kubelet@rig3')).toHaveLength(1);
  expect(await user.exec('rig3', 'ls /var/lib/mlk8s/debts')).not.toContain('restart-kubelite');
  expect(openIds(await plan())).toEqual([]);
});

it('refuses a disk that holds a file system, and one that is not there, by their names', async () => {
  await user.exec('rig1', `${kubectl} delete -n openebs ${POOL}`);
  for (const [fault, why] of [
    ['diskused', 'it holds ext4'],
    ['nodisk', 'there is no such disk'],
  ]) {
    const run = await user.up('--fault', `rig2:${fault}`);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain(`"seen":"/dev/disk/by-id/ata-TWO of rig2: ${why}"`);
  }
  expect((await user.up()).summary.exitCode).toBe(0);
});

it('keeps Mayastor while its pools are there, whatever the file says', async () => {
  const before = user.readFile();
  user.file(`${before.slice(0, before.indexOf('  mayastor:'))}  openebs: true\n`);
  const run = await user.up();
  expect(run.code).toBe(1);
  expect(run.problems).toEqual([
    expect.stringMatching(/no-pools@cluster: .*the file does not ask for Mayastor any more, and its pools/),
  ]);
  expect(run.summary.applied).toBe(0);
  expect((await plan()).stdout).toContain('"next":["to keep them, put storage.mayastor back into the cluster file"');
  const pools = await user.exec(
    'rig1',
    `${kubectl} get diskpools -n openebs -o 'jsonpath={.items[*].status.pool_status}'`,
  );
  expect(pools).toBe('Online Online Online');
  user.file(before);
  expect(openIds(await plan())).toEqual([]);
});

it('goes with a prune: first its pools, then what their engines need', async () => {
  const text = user.readFile();
  user.file(`${text.slice(0, text.indexOf('  mayastor:'))}  openebs: true\n`);
  const run = await user.up('--prune');
  expect(run.problems).toEqual([]);
  expect(run.code).toBe(0);
  const applied = run.events.filter((event) => event.event === 'applied').map((event) => String(event.id));
  expect(applied.indexOf('storage/pools@cluster')).toBeLessThan(applied.indexOf('storage/engine@rig1'));
  expect(await user.exec('rig1', 'head -c 8 /dev/disk/by-id/ata-ONE')).not.toContain('SPDKBLOB');
  expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
});
