import { afterAll, describe, expect, it } from 'vitest';
import { User } from './user.ts';

const LAB = `name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane }
`;

const DROP_INS = '/etc/systemd/system/docker.service.d';

describe('a devbox that is a member of the cluster', () => {
  const user = new User();
  afterAll(() => user.leave());

  it('stays in the run when a tool of it cannot be had, and only what rests on that is left undone', async () => {
    user.file(`${LAB}devbox: { host: rig1, user: lab, docker: {}, gh: true }\n`);
    await user.run('plan', '--rehearse', '--json');
    await user.exec('rig1', `mkdir -p ${DROP_INS}/50-mlk8s.conf`);
    const { summary, problems } = await user.up();
    expect(summary).toMatchObject({ exitCode: 1, dropped: [] });
    expect(problems).toEqual([`devbox/docker-forward@rig1: ${DROP_INS}/50-mlk8s.conf is a directory`]);
    expect(await user.exec('rig1', 'microk8s kubectl get nodes -o name; type -P gh docker k9s; true')).toBe(
      'node/rig1\n/usr/local/bin/gh\n/usr/local/bin/k9s\n',
    );
  });

  it('keeps what lets pods through beside Docker as long as Docker is there', async () => {
    await user.exec('rig1', `rmdir ${DROP_INS}/50-mlk8s.conf`);
    expect((await user.up()).summary.exitCode).toBe(0);
    user.file(`${LAB}devbox: { host: rig1, user: lab }\n`);
    expect((await user.up('--prune')).summary.exitCode).toBe(0);
    expect(await user.exec('rig1', `ls ${DROP_INS}`)).toBe('50-mlk8s.conf\n');
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
  });
});

describe('a devbox of two clusters', () => {
  const user = new User();
  afterAll(() => user.leave());

  it('is left to the first one, by up as by reset', async () => {
    user.file(`${LAB}devbox: { host: anna@10.0.0.50, kubectl: false, helm: false }\n`);
    expect((await user.up()).summary.exitCode).toBe(0);
    const records = '/var/lib/mlk8s/inventory';
    await user.exec('devbox', `sed -i 's/"cluster":"lab"/"cluster":"other"/' ${records}/*.json`);
    const before = await user.exec('devbox', `ls ${records}; cat /etc/hosts`);
    for (const run of [
      await user.up(),
      await user.run('reset', '--rehearse', '--json', '--confirm', 'lab', '--host', 'devbox'),
    ]) {
      expect(run.summary).toMatchObject({ exitCode: 4, dropped: ['devbox'], applied: 0 });
      expect(run.stdout).toContain('this machine is the devbox of the cluster other');
    }
    expect(await user.exec('devbox', `ls ${records}; cat /etc/hosts`)).toBe(before);
  });
});

describe('a devbox that becomes a member later', () => {
  const user = new User();
  afterAll(() => user.leave());

  it('keeps its tools, and is reset as one machine', async () => {
    user.file(`${LAB}devbox: { host: rig1, user: lab, kubectl: false, helm: false, k9s: false, uv: true }\n`);
    expect((await user.up()).summary.exitCode).toBe(0);
    // As if this machine had been beside the cluster when it got them.
    const asBefore = 'sed -i s/@rig1/@devbox/g devbox_uv_rig1.json && mv devbox_uv_rig1.json devbox_uv_devbox.json';
    await user.exec('rig1', `cd /var/lib/mlk8s/inventory && ${asBefore}`);
    expect((await user.up('--prune')).summary).toMatchObject({ exitCode: 0, changes: 0 });
    expect((await user.run('reset', '--rehearse', '--json', '--confirm', 'lab')).summary.exitCode).toBe(0);
    expect(await user.exec('rig1', 'type -P uv; ls /var/lib/mlk8s 2>/dev/null; true')).toBe('');
  });
});
