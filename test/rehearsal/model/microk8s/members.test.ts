import { describe, expect, it } from 'vitest';
import { Lab } from './harness.ts';

async function three(): Promise<Lab> {
  const lab = new Lab();
  await lab.ready('cp1', 'cp2', 'cp3');
  await lab.join('cp1', 'cp2');
  await lab.join('cp1', 'cp3');
  lab.pass(60);
  return lab;
}

const roles = async (lab: Lab, on: string) =>
  [...(await lab.mk(on, 'status --format yaml')).out.matchAll(/address: 10\.0\.0\.(\d):19001\n +role: (\w+)/g)].map(
    (m) => `${m[1]} ${m[2]}`,
  );

describe('add-node (sheet 2.2)', () => {
  it('prints every format', async () => {
    const lab = new Lab();
    await lab.ready('cp1');
    const url = String.raw`10\.0\.0\.1:25000/[0-9a-f]{32}/[0-9a-f]{12}`;
    const out = async (format: string) => (await lab.mk('cp1', `add-node --format ${format}`)).out;
    expect(await out('token')).toMatch(/^[0-9a-f]{32}\n$/);
    expect(await out('token-check')).toMatch(/^[0-9a-f]{32}\/[0-9a-f]{12}\n$/);
    expect(await out('short')).toMatch(new RegExp(`^microk8s join ${url}\n$`));
    expect(await out('pretty')).toMatch(
      new RegExp(`^From the node you wish to join to this cluster, run the following:\nmicrok8s join ${url}\n`),
    );
    const data = JSON.parse(await out('json'));
    expect(data.urls[0]).toBe(`10.0.0.1:25000/${data.token}`);
  });

  it('takes a token of at least 32 characters', async () => {
    const lab = new Lab();
    await lab.ready('cp1');
    const short = await lab.mk('cp1', 'add-node --token abc');
    expect([short.code, short.out]).toEqual([1, 'Invalid token size.  It must be 32 characters long.\n']);
    const own = 'x'.repeat(40);
    expect((await lab.mk('cp1', `add-node --format token --token ${own}`)).out).toBe(`${own}\n`);
  });

  it('a URL breaks when server.crt is made anew', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'cp2');
    const token = (await lab.mk('cp1', 'add-node --format token-check')).out.trim();
    await lab.mk('cp1', 'refresh-certs -e server.crt');
    lab.pass(20);
    expect((await lab.mk('cp2', `join 10.0.0.1:25000/${token}`)).code).toBe(4);
  });
});

describe('dqlite (sheet 2.7)', () => {
  it('survives one voter of three and not two', async () => {
    const lab = await three();
    lab.rig('cp3').faults = ['gone'];
    expect((await lab.mk('cp1', 'kubectl get nodes -o name')).code).toBe(0);
    lab.rig('cp2').faults = ['gone'];
    expect((await lab.mk('cp1', 'kubectl get nodes -o name')).err).toMatch(
      /^The connection to the server 127\.0\.0\.1:16443 was refused/,
    );
    expect((await lab.mk('cp1', 'status --format yaml')).out).toMatch(/nodes:\n {2}message:/);
  });

  it('with two control planes the one voter decides (go-dqlite)', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'cp2');
    await lab.join('cp1', 'cp2');
    lab.pass(60);
    lab.rig('cp2').faults = ['gone'];
    expect((await lab.mk('cp1', 'kubectl get nodes')).code).toBe(0);
    lab.rig('cp2').faults = [];
    lab.rig('cp1').faults = ['gone'];
    expect((await lab.mk('cp2', 'kubectl get nodes')).code).toBe(1);
  });

  it('a fourth is a standby and takes the place of a dead voter at the next look', async () => {
    const lab = await three();
    await lab.ready('cp4');
    await lab.join('cp1', 'cp4');
    lab.pass(31);
    expect(await roles(lab, 'cp1')).toEqual(['1 voter', '2 voter', '3 voter', '4 standby']);
    lab.rig('cp2').faults = ['gone'];
    lab.pass(31);
    expect(await roles(lab, 'cp1')).toEqual(['1 voter', '2 spare', '3 voter', '4 voter']);
  });

  it('keeps cluster.yaml on every member', async () => {
    const lab = await three();
    await lab.mk('cp1', 'status');
    const path = '/var/snap/microk8s/current/var/kubernetes/backend/cluster.yaml';
    for (const name of ['cp1', 'cp2', 'cp3']) {
      expect(
        lab
          .filesOf(name)
          .read(path)
          ?.match(/Role: 0/g),
      ).toHaveLength(3);
    }
  });
});

describe('leave (sheet 2.4)', () => {
  it('says when there is nothing to leave', async () => {
    const lab = new Lab();
    await lab.ready('cp1');
    const left = await lab.mk('cp1', 'leave');
    expect(left).toEqual({ code: 1, out: 'This MicroK8s deployment is not acting as a node in a cluster.\n', err: '' });
  });

  it('a control plane goes out of dqlite, becomes its own cluster, and its Node stays', async () => {
    const lab = await three();
    const left = await lab.mk('cp3', 'leave');
    expect([left.code, left.out]).toEqual([0, expect.stringContaining('Generating new cluster certificates.\n')]);
    lab.pass(60);
    expect(await roles(lab, 'cp1')).toHaveLength(2);
    expect((await lab.mk('cp1', 'kubectl get node cp3 --no-headers')).out).toMatch(/NotReady/);
    expect((await lab.mk('cp3', 'kubectl get nodes -o name')).out).toBe('node/cp3\n');
    expect((await lab.mk('cp1', 'remove-node cp3')).code).toBe(0);
    expect((await lab.mk('cp1', 'kubectl get nodes -o name')).out).toBe('node/cp1\nnode/cp2\n');
  });

  it('the only voter cannot leave the others', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'w1');
    await lab.join('cp1', 'w1', '--worker');
    const left = await lab.mk('cp1', 'leave');
    expect([left.code, left.out]).toEqual([
      3,
      expect.stringMatching(/^This node currently holds the only copy of the Kubernetes database/),
    ]);
  });

  it('a worker becomes a control plane of its own again', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'w1');
    await lab.join('cp1', 'w1', '--worker');
    expect((await lab.mk('w1', 'leave')).code).toBe(0);
    lab.pass(30);
    expect((await lab.mk('w1', 'status')).code).toBe(0);
    expect(lab.filesOf('w1').exists('/var/snap/microk8s/current/var/lock/clustered.lock')).toBe(false);
  });
});

describe('remove-node (sheet 2.4)', () => {
  it('refuses a member of dqlite without --force', async () => {
    const lab = await three();
    lab.rig('cp3').faults = ['gone'];
    const refused = await lab.mk('cp1', 'remove-node cp3');
    expect([refused.code, refused.out]).toEqual([
      1,
      expect.stringMatching(/^Removal failed\. Node cp3 is registered with dqlite/),
    ]);
    expect((await lab.mk('cp1', 'remove-node cp3 --force')).code).toBe(0);
    expect(await roles(lab, 'cp1')).toHaveLength(2);
  });

  it('a dead worker goes by name', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'w1');
    await lab.join('cp1', 'w1', '--worker');
    lab.pass(30);
    await lab.mk('cp1', 'status');
    expect(await lab.mk('cp1', 'remove-node w1')).toEqual({ code: 0, out: '', err: '' });
    expect((await lab.mk('cp1', 'remove-node w1')).out).toBe('Node w1 does not exist in Kubernetes.\n');
  });
});
