import { describe, expect, it } from 'vitest';
import { Killed, Lab } from './harness.ts';

const nodes = 'kubectl get nodes --no-headers';

describe('join, control plane (sheet 2.3)', () => {
  it('says where it is and brings a Ready node', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'cp2');
    const joined = await lab.join('cp1', 'cp2');
    expect(joined.out).toMatch(/^Contacting cluster at 10\.0\.0\.1\n/);
    expect(joined.out).toMatch(/\nSuccessfully joined the cluster\.\n$/);
    expect(joined.code).toBe(0);
    lab.pass(40);
    expect((await lab.mk('cp1', nodes)).out).toMatch(/^cp1 +Ready .*\ncp2 +Ready /);
    expect((await lab.mk('cp2', nodes)).out).toBe((await lab.mk('cp1', nodes)).out);
  });

  it('takes the identity of the cluster and discards its own', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'cp2');
    const uid = 'kubectl get ns kube-system -o jsonpath={.metadata.uid}';
    const [one, two] = [await lab.mk('cp1', uid), await lab.mk('cp2', uid)];
    expect(one.out).not.toBe(two.out);
    await lab.join('cp1', 'cp2');
    lab.pass(40);
    expect((await lab.mk('cp2', uid)).out).toBe(one.out);
    expect(Object.keys(lab.world.clusters)).toHaveLength(1);
  });

  it('keeps one voter of two and makes three voters of three (go-dqlite)', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'cp2', 'cp3');
    await lab.join('cp1', 'cp2');
    lab.pass(60);
    const roles = async () => ((await lab.mk('cp1', 'status --format yaml')).out.match(/role: \w+/g) ?? []).join(' ');
    expect(await roles()).toBe('role: voter role: spare');
    await lab.join('cp1', 'cp3');
    lab.pass(60);
    expect(await roles()).toBe('role: voter role: voter role: voter');
  });

  it('moves dqlite of the first node off the loopback', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'cp2');
    const yaml = '/var/snap/microk8s/current/var/kubernetes/backend/cluster.yaml';
    expect(lab.filesOf('cp1').read(yaml)).toContain('127.0.0.1:19001');
    await lab.join('cp1', 'cp2');
    expect(lab.filesOf('cp1').read(yaml)).toContain('- Address: 10.0.0.1:19001');
  });

  it('copies kubelet arguments and the authorization mode of the contacted node', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'cp2');
    const args = '/var/snap/microk8s/current/args';
    await lab.mk('cp1', 'enable rbac');
    lab.filesOf('cp1').write(`${args}/kubelet`, `${lab.filesOf('cp1').read(`${args}/kubelet`)}--max-pods=250\n`);
    lab.pass(30);
    await lab.join('cp1', 'cp2');
    expect(lab.filesOf('cp2').read(`${args}/kubelet`)).toContain('--max-pods=250');
    expect(lab.filesOf('cp2').read(`${args}/kube-apiserver`)).toContain('--authorization-mode=RBAC,Node');
  });
});

describe('join, worker (sheet 2.3)', () => {
  it('appears with its label and answers kubectl with a sentence', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'w1');
    const joined = await lab.join('cp1', 'w1', '--worker');
    expect(joined.out).toContain(
      'The node has joined the cluster and will appear in the nodes list in a few seconds.\n',
    );
    lab.pass(40);
    const label = 'kubectl get nodes -l node.kubernetes.io/microk8s-worker=microk8s-worker -o name';
    expect((await lab.mk('cp1', label)).out).toBe('node/w1\n');
    const asked = await lab.mk('w1', nodes);
    expect(asked).toEqual({
      code: 0,
      out: 'This MicroK8s deployment is acting as a node in a cluster.\nPlease use the control plane node.\n',
      err: '',
    });
    expect((await lab.mk('w1', 'status')).code).toBe(0);
    expect((await lab.mk('w1', 'add-node')).code).toBe(1);
    expect(lab.filesOf('w1').exists('/var/snap/microk8s/current/var/lock/clustered.lock')).toBe(true);
    expect(lab.filesOf('w1').read('/var/snap/microk8s/current/args/traefik/provider.yaml')).toContain('10.0.0.1:16443');
  });
});

describe('join, failures (sheet 2.3)', () => {
  it('spends a one-time token, even on a refused join', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'cp2');
    const token = (await lab.mk('cp1', 'add-node --format token-check')).out.trim();
    const itself = await lab.mk('cp1', `join 10.0.0.1:25000/${token}`);
    expect(itself.out).toContain(
      'Connection failed. The joining node has the same IP (10.0.0.1) as the node we contact (503).\n',
    );
    expect(itself.code).toBe(6);
    const again = await lab.mk('cp2', `join 10.0.0.1:25000/${token}`);
    expect(again.out).toContain('Connection failed. Invalid token (500).\n');
    expect(again.code).toBe(6);
    expect(lab.filesOf('cp2').exists('/var/snap/microk8s/current/var/lock/join-in-progress')).toBe(true);
  });

  it('a token with a lifetime is good until it ends', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'w1', 'w2');
    const token = (await lab.mk('cp1', 'add-node --token-ttl 100 --format token-check')).out.trim();
    expect((await lab.mk('w1', `join 10.0.0.1:25000/${token} --worker`)).code).toBe(0);
    lab.pass(100);
    expect((await lab.mk('w2', `join 10.0.0.1:25000/${token} --worker`)).code).toBe(6);
  });

  it.each([
    ['cp1:25000/x', 'Invalid connection: Invalid master IP\n', 1],
    ['[fe80::1]:25000/x', 'Expected format: ', 1],
  ])('refuses %s', async (url, text, code) => {
    const lab = new Lab();
    await lab.ready('cp2');
    const refused = await lab.mk('cp2', `join ${url}`);
    expect(refused.out).toContain(text);
    expect(refused.code).toBe(code);
  });

  it('dies with a traceback when nothing answers', async () => {
    const lab = new Lab();
    await lab.ready('cp2');
    const refused = await lab.mk('cp2', `join 10.9.9.9:25000/${'a'.repeat(32)}`);
    expect(refused.err).toMatch(/^Traceback/);
    expect(refused.code).toBe(1);
  });

  it('exits 4 when the certificate is not the one of the URL', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'cp2');
    const token = (await lab.mk('cp1', 'add-node --format token')).out.trim();
    const short = await lab.mk('cp2', `join 10.0.0.1:25000/${token}/abc`);
    expect([short.code, short.out]).toEqual([4, expect.stringContaining('Fingerprint too short')]);
    const wrong = await lab.mk('cp2', `join 10.0.0.1:25000/${token}/${'0'.repeat(12)}`);
    expect([wrong.code, wrong.out]).toEqual([4, expect.stringContaining('Could not verify the identity of 10.0.0.1.')]);
    expect((await lab.mk('cp2', `join 10.0.0.1:25000/${token}/${'0'.repeat(12)} --skip-verify`)).code).toBe(0);
  });

  it('checks the host name only where InternalIP does not come first', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'cp2');
    const file = '/var/snap/microk8s/current/args/kube-apiserver';
    const args = lab.filesOf('cp1').read(file) ?? '';
    lab.filesOf('cp1').write(file, args.replace(/--kubelet-preferred.*\n/, ''));
    const refused = await lab.join('cp1', 'cp2');
    expect(refused.out).toContain(
      'The hostname (cp2) of the joining node does not resolve to the IP "10.0.0.2". Refusing join (400).',
    );
    lab.filesOf('cp1').write('/etc/hosts', '10.0.0.2 cp2\n');
    expect((await lab.join('cp1', 'cp2')).code).toBe(0);
  });

  it('joinlies: success and exit 0 without a member', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'cp2');
    lab.rig('cp2').faults = ['joinlies'];
    const lied = await lab.join('cp1', 'cp2');
    expect([lied.code, lied.out]).toEqual([0, expect.stringContaining('Successfully joined the cluster.')]);
    lab.pass(60);
    expect((await lab.mk('cp1', 'kubectl get nodes -o name')).out).toBe('node/cp1\n');
    expect(lab.filesOf('cp2').exists('/var/snap/microk8s/current/var/lock/join-in-progress')).toBe(true);
    expect((await lab.join('cp1', 'cp2')).code).toBe(0);
    lab.pass(60);
    expect((await lab.mk('cp1', 'kubectl get nodes -o name')).out).toBe('node/cp1\nnode/cp2\n');
  });

  it('joinfails: the address stays known until it is removed by force', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'cp2');
    lab.rig('cp2').faults = ['joinfails'];
    expect((await lab.join('cp1', 'cp2')).code).toBe(1);
    lab.pass(60);
    const again = await lab.join('cp1', 'cp2');
    expect(again.out).toContain('the joining node (10.0.0.2) is already known to dqlite (500)');
    const removed = await lab.mk('cp1', 'remove-node 10.0.0.2 --force');
    expect([removed.code, removed.out]).toEqual([1, 'Node 10.0.0.2 does not exist in Kubernetes.\n']);
    expect((await lab.join('cp1', 'cp2')).code).toBe(0);
  });

  it('a killed client leaves a state from which a join succeeds', async () => {
    for (const killAfterS of [1, 4, 8, 12, 16, 20, 25]) {
      const lab = new Lab();
      await lab.ready('cp1', 'cp2');
      const token = (await lab.mk('cp1', 'add-node --format token-check')).out.trim();
      await expect(lab.mk('cp2', `join 10.0.0.1:25000/${token}`, { killAfterS })).rejects.toThrow(Killed);
      lab.pass(60);
      await lab.mk('cp1', 'remove-node 10.0.0.2 --force');
      expect((await lab.join('cp1', 'cp2')).code, `killed after ${killAfterS}`).toBe(0);
      lab.pass(60);
      expect((await lab.mk('cp1', nodes)).out).toMatch(/cp2 +Ready/);
    }
  });

  it('a second machine of the same name takes over the Node', async () => {
    const lab = new Lab();
    lab.add('cp1');
    lab.add('w1');
    lab.add('w2');
    lab.filesOf('w2').write('/etc/hostname', 'W1\n');
    await lab.ready('cp1', 'w1', 'w2');
    await lab.join('cp1', 'w1', '--worker');
    lab.pass(40);
    expect((await lab.mk('cp1', 'kubectl get nodes -o wide')).out).toContain('10.0.0.2');
    await lab.join('cp1', 'w2', '--worker');
    lab.pass(40);
    const listed = (await lab.mk('cp1', 'kubectl get nodes -o wide --no-headers')).out;
    expect(listed.trim().split('\n')).toHaveLength(2);
    expect(listed).toContain('10.0.0.3');
    expect(listed).not.toContain('10.0.0.2');
  });
});
