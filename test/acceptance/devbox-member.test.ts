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
