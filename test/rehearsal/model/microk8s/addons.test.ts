import { describe, expect, it } from 'vitest';
import { Lab } from './harness.ts';

async function one(version?: string): Promise<Lab> {
  const lab = new Lab();
  if (version) lab.install('cp1', version);
  else lab.install('cp1');
  lab.pass(120);
  await lab.mk('cp1', 'status');
  return lab;
}

describe('enable and disable (sheet 2.5, 4)', () => {
  it('infers the repository; what is on already exits 0 and ignores arguments', async () => {
    const lab = await one();
    const asked = await lab.mk('cp1', 'enable dns 1.1.1.1');
    expect(asked).toEqual({
      code: 0,
      out: 'Addon core/dns is already enabled\n',
      err: 'Infer repository core for addon dns\n',
    });
  });

  it('dns passes its name servers on', async () => {
    const lab = await one();
    await lab.mk('cp1', 'disable dns');
    expect((await lab.mk('cp1', 'status -a dns')).out).toBe('disabled\n');
    await lab.mk('cp1', 'enable dns 192.168.1.1,1.1.1.1');
    const corefile = await lab.mk('cp1', 'kubectl -n kube-system get cm coredns -o jsonpath={.data.Corefile}');
    expect(corefile.out).toContain('forward . 192.168.1.1 1.1.1.1');
  });

  it.each([
    ['enable nosuch', 1, 'Addon nosuch was not found in any repository\n'],
    ['enable core/nosuch', 0, 'Addon core/nosuch not found\n'],
    ['enable dns --help', 0, 'Addon dns does not yet have a help message.\n'],
    ['enable metallb 1.2.3', 1, 'Your input value (1.2.3) is not a valid IP Range\n'],
    ['enable registry --size=10Gi', 1, 'Registry size should be greater or equal to 20Gi\n'],
  ])('%s exits %i', async (words, code, text) => {
    const lab = await one();
    const asked = await lab.mk('cp1', words);
    expect([asked.code, asked.out]).toEqual([code, expect.stringContaining(text)]);
  });

  it('mixing both argument styles fails', async () => {
    const lab = await one();
    const asked = await lab.mk('cp1', 'enable dns:1.1.1.1 --x');
    expect([asked.code, asked.err]).toEqual([1, "Can't pass string arguments and flag arguments simultaneously!\n"]);
  });

  it('several at once work, with a warning', async () => {
    const lab = await one();
    const asked = await lab.mk('cp1', 'enable metrics-server hostpath-storage');
    expect([asked.code, asked.out]).toEqual([0, expect.stringContaining('will be DEPRECATED')]);
    expect((await lab.mk('cp1', 'status --format short')).out).toMatch(
      /core\/hostpath-storage: enabled\ncore\/metrics-server: enabled/,
    );
  });

  it('rbac sets the mode on every control plane and restarts it', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'cp2');
    await lab.join('cp1', 'cp2');
    lab.pass(60);
    expect((await lab.mk('cp1', 'enable rbac')).code).toBe(0);
    for (const name of ['cp1', 'cp2']) {
      const args = lab.filesOf(name).read('/var/snap/microk8s/current/args/kube-apiserver');
      expect(args).toContain('--authorization-mode=RBAC,Node\n');
      expect((await lab.mk(name, 'kubectl get nodes')).code).toBe(1);
    }
    lab.pass(15);
    expect((await lab.mk('cp1', 'status -a rbac')).out).toBe('enabled\n');
  });

  it('hostpath-storage is a default class; disabling asks, unless told', async () => {
    const lab = await one();
    await lab.mk('cp1', 'enable hostpath-storage');
    expect((await lab.mk('cp1', 'kubectl get sc --no-headers')).out).toMatch(
      /^microk8s-hostpath \(default\) +microk8s\.io\/hostpath +Delete +WaitForFirstConsumer /,
    );
    expect((await lab.mk('cp1', 'disable hostpath-storage', { stdin: 'N\n' })).code).toBe(1);
    expect((await lab.mk('cp1', 'disable hostpath-storage:destroy-storage')).code).toBe(0);
  });

  it('metallb has a pool of its range', async () => {
    const lab = await one();
    await lab.mk('cp1', 'enable metallb 10.0.0.200-10.0.0.220');
    const pool = await lab.mk(
      'cp1',
      'kubectl -n metallb-system get ipaddresspool default-addresspool -o jsonpath={.spec.addresses[*]}',
    );
    expect(pool.out).toBe('10.0.0.200-10.0.0.220');
  });

  it('registry brings hostpath-storage and NodePort 32000', async () => {
    const lab = await one();
    await lab.mk('cp1', 'enable registry --size 40Gi');
    expect((await lab.mk('cp1', 'status -a hostpath-storage')).out).toBe('enabled\n');
    const port = await lab.mk(
      'cp1',
      'kubectl -n container-registry get svc registry -o jsonpath={.spec.ports[0].nodePort}',
    );
    expect(port.out).toBe('32000');
  });

  it.each([
    ['v1.35.3', 'daemonset.apps/traefik\n', 'nginx public traefik'],
    ['v1.34.2', 'daemonset.apps/nginx-ingress-microk8s-controller\n', 'nginx public'],
  ])('ingress of %s', async (version, daemonSet, classes) => {
    const lab = await one(version);
    await lab.mk('cp1', 'enable ingress');
    expect((await lab.mk('cp1', 'kubectl -n ingress get ds -o name')).out).toBe(daemonSet);
    expect((await lab.mk('cp1', 'kubectl get ingressclass -o jsonpath={.items[*].metadata.name}')).out).toBe(classes);
  });
});

describe('other commands (sheet 2.5)', () => {
  it('config has the address of the node and a trailing blank line', async () => {
    const lab = await one();
    const { out } = await lab.mk('cp1', 'config');
    expect(out).toContain('    server: https://10.0.0.1:16443\n');
    expect(out).toMatch(/\n\n$/);
    expect((await lab.mk('cp1', 'config --use-loopback')).out).toContain('https://127.0.0.1:16443\n');
  });

  it('refresh-certs wants to know what, and checks', async () => {
    const lab = await one();
    expect((await lab.mk('cp1', 'refresh-certs')).code).toBe(3);
    expect((await lab.mk('cp1', 'refresh-certs -c')).out).toMatch(
      /^The CA certificate will expire in \d+ days\.\nThe server /,
    );
  });

  it('inspect exits 1 when a service is down', async () => {
    const lab = await one();
    expect((await lab.mk('cp1', 'inspect')).out).toContain('  Service snap.microk8s.daemon-kubelite is running\n');
    await lab.mk('cp1', 'stop');
    expect((await lab.mk('cp1', 'inspect')).code).toBe(1);
  });

  it('dbctl backup writes into the working directory', async () => {
    const lab = await one();
    expect((await lab.mk('cp1', 'dbctl backup -o mine')).out).toBe('The backup is: mine.tar.gz\n');
    expect(lab.filesOf('cp1').exists('/root/mine.tar.gz')).toBe(true);
  });

  it('reset keeps the Node and refuses in a cluster with exit 0', async () => {
    const lab = await one();
    await lab.mk('cp1', 'kubectl create ns mine');
    expect((await lab.mk('cp1', 'reset')).code).toBe(0);
    lab.pass(20);
    expect((await lab.mk('cp1', 'kubectl get ns mine --ignore-not-found -o name')).out).toBe('');
    await lab.ready('w1');
    await lab.join('cp1', 'w1', '--worker');
    const refused = await lab.mk('cp1', 'reset');
    expect([refused.code, refused.out]).toEqual([0, expect.stringContaining('not supported on multi-node clusters')]);
  });
});
