import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Lab } from './harness.ts';

describe('status (sheet 2.1)', () => {
  it('yaml has HA enabled on a single node', async () => {
    const lab = new Lab();
    await lab.ready('cp1');
    const { out, code } = await lab.mk('cp1', 'status --format yaml');
    const data = parse(out);
    expect(code).toBe(0);
    expect(out).toContain('  running: True\n');
    expect(data['high-availability']).toEqual({
      enabled: true,
      nodes: [{ address: '127.0.0.1:19001', role: 'voter' }],
    });
    const rbac = data.addons.find((a: { name: string }) => a.name === 'rbac');
    expect(rbac).toMatchObject({ repository: 'core', version: null, status: 'disabled' });
    expect(data.addons[0].status).toBe('enabled');
  });

  it('yaml of a node that is not ready carries the message inside the HA block and exits 1', async () => {
    const lab = new Lab();
    lab.install('cp1');
    const { out, code } = await lab.mk('cp1', 'status --format yaml');
    expect(code).toBe(1);
    expect(parse(out)).toMatchObject({
      microk8s: { running: false },
      'high-availability': { message: 'microk8s is not running. Use microk8s inspect for a deeper inspection.' },
    });
    expect(parse(out).addons).toBeUndefined();
  });

  it('pretty and short', async () => {
    const lab = new Lab();
    await lab.ready('cp1');
    const pretty = (await lab.mk('cp1', 'status')).out;
    expect(pretty).toMatch(
      /^microk8s is running\nhigh-availability: no\n {2}datastore master nodes: 127\.0\.0\.1:19001\n {2}datastore standby nodes: none\naddons:\n {2}enabled:\n/,
    );
    expect(pretty).toContain('\n    dns                  # (core) CoreDNS\n');
    expect((await lab.mk('cp1', 'status --format short')).out).toContain('core/dns: enabled\n');
  });

  it('an unknown addon is disabled', async () => {
    const lab = new Lab();
    await lab.ready('cp1');
    expect(await lab.mk('cp1', 'status --addon nosuch')).toEqual({ code: 0, out: 'disabled\n', err: '' });
    expect((await lab.mk('cp1', 'status -a core/dns')).out).toBe('enabled\n');
  });

  it('waits until ready, or for its timeout', async () => {
    const lab = new Lab();
    lab.install('cp1');
    const before = lab.now;
    expect((await lab.mk('cp1', 'status --wait-ready --timeout 10')).code).toBe(1);
    expect(lab.now - before).toBe(10_000);
    expect((await lab.mk('cp1', 'status -w')).code).toBe(0);
  });

  it('ready means one Ready node anywhere', async () => {
    const lab = new Lab();
    lab.add('w1').faults = ['notready'];
    await lab.ready('cp1', 'w1');
    await lab.join('cp1', 'w1', '--worker');
    lab.pass(60);
    expect((await lab.mk('cp1', 'kubectl get nodes --no-headers')).out).toMatch(/w1 +NotReady/);
    expect((await lab.mk('cp1', 'status')).code).toBe(0);
  });

  it('counts what somebody else installed under the same name', async () => {
    const lab = new Lab();
    await lab.ready('cp1');
    const foreign = '{"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"public"}}';
    await lab.mk('cp1', 'kubectl apply -f -', { stdin: foreign });
    expect((await lab.mk('cp1', 'status -a ingress')).out).toBe('enabled\n');
  });
});

describe('common preambles (sheet 2)', () => {
  it('insists on the group', async () => {
    const lab = new Lab();
    await lab.ready('cp1');
    const denied = await lab.mk('cp1', 'status', { user: 'ubuntu' });
    expect([denied.code, denied.err]).toEqual([
      1,
      expect.stringMatching(/^Insufficient permissions to access MicroK8s\.\n/),
    ]);
    lab.filesOf('cp1').write('/etc/group', 'microk8s:x:998:ubuntu\n');
    expect((await lab.mk('cp1', 'status', { user: 'ubuntu' })).code).toBe(0);
    expect((await lab.mk('cp1', 'reset', { user: 'ubuntu' })).code).toBe(50);
  });

  it.each([
    ['kubectl get nodes', 0],
    ['helm list', 0],
    ['config', 0],
    ['start', 0],
    ['stop', 0],
    ['add-node', 1],
    ['remove-node x', 1],
    ['enable dns', 1],
    ['disable dns', 1],
    ['dbctl backup', 1],
  ])('on a worker: %s exits %i with a sentence', async (words, code) => {
    const lab = new Lab();
    await lab.ready('cp1', 'w1');
    await lab.join('cp1', 'w1', '--worker');
    const asked = await lab.mk('w1', words);
    expect(asked.code).toBe(code);
    expect(asked.out).toMatch(/^This MicroK8s deployment is acting as a node in a cluster\.\n/);
  });

  it.each(['kubectl get nodes', 'helm list', 'add-node', 'leave', 'enable dns', 'disable dns'])(
    'while stopped: %s exits 1',
    async (words) => {
      const lab = new Lab();
      await lab.ready('cp1');
      await lab.mk('cp1', 'stop');
      expect(await lab.mk('cp1', words)).toEqual({
        code: 1,
        out: '',
        err: 'microk8s is not running, try microk8s start\n',
      });
    },
  );

  it('an unknown subcommand', async () => {
    const lab = new Lab();
    await lab.ready('cp1');
    const asked = await lab.mk('cp1', 'upgrade');
    expect([asked.code, asked.out]).toEqual([
      1,
      expect.stringMatching(/^'upgrade' is not a valid MicroK8s subcommand\.\n/),
    ]);
  });

  it('programs have an alias each', async () => {
    const lab = new Lab();
    await lab.ready('cp1');
    expect((await lab.run('cp1', 'microk8s.kubectl', ['get', 'nodes', '-o', 'name'])).out).toBe('node/cp1\n');
    expect((await lab.run('cp1', 'microk8s.version', [])).out).toBe('MicroK8s v1.35.3 revision 8600\n');
  });
});
