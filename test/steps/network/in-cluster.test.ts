import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/config/schema.ts';
import type { Declared, Step } from '../../../src/engine/types.ts';
import { caAsk } from '../../../src/resources/ca-secret.ts';
import { networkStep } from '../../../src/steps/network/index.ts';
import { InCluster } from '../../resources/in-cluster.ts';
import { cluster, node, said } from '../../resources/world.ts';

const network = { domain: 'lab', ingress: true, tls: true, loadBalancer: { from: '10.0.0.200', to: '10.0.0.220' } };
const file: Cluster = cluster([node('cp1', { role: 'control-plane' })], { network });
const grafana = { name: 'grafana', namespace: 'default', service: 'grafana', port: 80, web: true };
const bringer: Step = { name: 'watch', title: 'A stub', resources: () => [], services: () => [grafana] };
const all = networkStep([bringer]).resources(file);
const find = (id: string): Declared => {
  const found = all.find((it) => it.id === `network/${id}`);
  if (!found) throw new Error(`there is no ${id}`);
  return found;
};

let inside: InCluster;
beforeEach(async () => {
  inside = new InCluster();
  await inside.start();
});
afterEach(() => inside.stop());

const judged = async (id: string) => said(await inside.judge(find(id)));
const kubectl = (words: string, stdin = '') => inside.kubectl(words, stdin);
/** Makes it true, and waits until it is seen to be. */
async function make(...names: string[]): Promise<void> {
  for (const id of names) {
    expect(await inside.apply(find(id), await inside.judge(find(id)))).toEqual({ ok: true, err: expect.anything() });
    inside.lab.pass(90);
    expect(await judged(id)).toMatch(/^ok/);
  }
}

describe('MetalLB', () => {
  it('is enabled with the range of the file, and gives out its addresses', async () => {
    await make('metrics-server@cluster', 'metallb@cluster', 'addresses@cluster', 'ingress@cluster');
    const path = 'jsonpath={.status.loadBalancer.ingress[0].ip}';
    expect(await kubectl(`get service traefik -n ingress -o ${path}`)).toBe('10.0.0.200');
  });

  it('makes addresses of its own, which go with it; those of a MetalLB that was there stay', async () => {
    await make('metallb@cluster');
    const pool = 'IPAddressPool.metallb.io metallb-system/default-addresspool was not written by mlk8s';
    const ours = await inside.judge(find('addresses@cluster'));
    expect(ours).toMatchObject({ verdict: 'change', because: expect.stringContaining(pool) });
    expect(ours).not.toHaveProperty('adopts');
    await make('addresses@cluster');
    expect(await inside.undo(find('addresses@cluster'))).toMatchObject({
      verdict: 'change',
      because: 'written by mlk8s',
    });
    inside.records.length = 0;
    await kubectl('delete ipaddresspools -n metallb-system --all');
    await inside.lab.mk('cp1', 'disable metallb');
    await inside.lab.mk('cp1', 'enable metallb:10.0.0.200-10.0.0.220');
    expect(await inside.judge(find('addresses@cluster'))).toMatchObject({ verdict: 'change', adopts: true });
  });

  it('has another range when the file has one', async () => {
    await make('metallb@cluster', 'addresses@cluster');
    const other = { ...network, loadBalancer: { from: '10.0.0.230', to: '10.0.0.240' } };
    const changed = networkStep([]).resources({ ...file, network: other });
    const pool = changed.find(({ id }) => id === 'network/addresses@cluster') as Declared;
    expect(said(await inside.judge(pool))).toContain(
      'IPAddressPool.metallb.io metallb-system/default-addresspool was written differently',
    );
    expect(await inside.apply(pool, await inside.judge(pool))).toMatchObject({ ok: true });
    expect(await kubectl('get ipaddresspools -n metallb-system -o jsonpath={.items[*].spec.addresses[*]}')).toBe(
      '10.0.0.230-10.0.0.240',
    );
    // What the addon was enabled with is history.
    expect(said(await inside.judge(changed.find(({ id }) => id === 'network/metallb@cluster') as Declared))).toMatch(
      /^ok/,
    );
  });

  it('is waited for until its DaemonSet is ready, too', async () => {
    const metallb = find('metallb@cluster');
    expect(await inside.apply(metallb, await inside.judge(metallb))).toMatchObject({ ok: true });
    expect(await judged('metallb@cluster')).toMatch(/^settling: .*DaemonSet metallb-system\/speaker has 0 of 1 ready/);
  });
});

describe('the ingress', () => {
  it('without MetalLB has no address for ever, and is ok', async () => {
    await make('ingress@cluster');
    inside.lab.pass(3600);
    expect(await kubectl('get service traefik -n ingress -o jsonpath={.status.loadBalancer.ingress}')).toBe('');
    expect(await judged('ingress@cluster')).toMatch(/^ok: ingress: IngressClass\.networking\.k8s\.io public/);
  });

  it.each([
    ['ingressclass public', 'change: IngressClass.networking.k8s.io public does not exist'],
    ['daemonset traefik -n ingress', 'change: DaemonSet.apps ingress/traefik does not exist'],
    ['service traefik -n ingress', 'change: Service ingress/traefik does not exist'],
  ])('that lost its %s is enabled anew, although MicroK8s takes it for enabled', async (object, because) => {
    await make('ingress@cluster');
    await kubectl(`delete ${object}`);
    expect(await judged('ingress@cluster')).toBe(because);
    await make('ingress@cluster');
  });

  it('is refused beside another one that holds its ports, with what to type', async () => {
    const containers = [{ name: 'x', image: 'x', ports: [{ containerPort: 80, hostPort: 80 }] }];
    const spec = {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers } },
    };
    const other = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'caddy' }, spec };
    expect(await judged('lone-ingress@cluster')).toBe('ok: nobody else holds the ports 80 and 443 of the machines');
    await make('ingress@cluster');
    expect(await judged('lone-ingress@cluster')).toMatch(/^ok/);
    await kubectl('apply -f -', JSON.stringify(other));
    const verdict = await inside.judge(find('lone-ingress@cluster'));
    expect(verdict).toMatchObject({
      problem: {
        seen: 'the ports 80 and 443 are held by DaemonSet default/caddy',
        next: [
          expect.stringContaining('ingress: false'),
          'to remove it: microk8s kubectl -n default delete daemonset caddy',
        ],
      },
    });
  });

  it('of an older MicroK8s is named, with the way to the new one', async () => {
    await kubectl('create namespace ingress');
    const containers = [{ name: 'x', image: 'x', ports: [{ containerPort: 80, hostPort: 80 }] }];
    const spec = {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers } },
    };
    const metadata = { name: 'nginx-ingress-microk8s-controller', namespace: 'ingress' };
    await kubectl('apply -f -', JSON.stringify({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec }));
    const verdict = await inside.judge(find('lone-ingress@cluster'));
    expect(verdict).toMatchObject({
      problem: { next: [expect.stringContaining('microk8s disable ingress'), expect.anything()] },
    });
  });
});

describe('certificates', () => {
  const certified = ['cert-manager@cluster', 'ca@cluster'];
  const serve = () =>
    kubectl(
      'apply -f -',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'grafana' },
        spec: { ports: [{ port: 80 }] },
      }),
    );

  it('are issued for the authority and every service, and the authority is handed out', async () => {
    await make('ingress@cluster', ...certified);
    await serve();
    expect(await judged('certificates@cluster')).toBe(
      'settling: default/grafana-tls is not issued: nobody asked for it yet',
    );
    await make('ingress-grafana@cluster');
    expect(await judged('certificates@cluster')).toMatch(
      /^ok: cert-manager\/mlk8s-ca, default\/grafana-tls: issued, and good at least until 2027-02-/,
    );
    const { text } = await inside.bash(caAsk.sh.bash);
    expect(Buffer.from(text, 'base64').toString()).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
    await kubectl('delete ingress mlk8s-grafana');
    expect(await judged('ingress-grafana@cluster')).toBe(
      'change: Ingress.networking.k8s.io default/mlk8s-grafana does not exist',
    );
  });

  it('wait for the webhook, which answers some time after its pod is ready', async () => {
    const helm = find('cert-manager@cluster');
    expect(await inside.apply(helm, await inside.judge(helm))).toMatchObject({ ok: true });
    expect(await judged('cert-manager@cluster')).toMatch(/^settling: .*cert-manager-webhook has 0 of 1 ready/);
    const verdict = await inside.judge(find('ca@cluster'));
    expect(verdict).toMatchObject({ verdict: 'change', settled: true });
    const before = inside.lab.now;
    expect(await inside.apply(find('ca@cluster'), verdict)).toMatchObject({ ok: true });
    // 45 s until its pod is ready, and 10 more until it is trusted.
    expect((inside.lab.now - before) / 1000).toBeGreaterThan(40);
    expect(await kubectl('get clusterissuers -o name')).toContain('mlk8s-ca');
  });

  it('fail with the words of the webhook when it never answers', async () => {
    inside.lab.rig('cp1').faults.push('imagepull:cert-manager');
    const helm = find('cert-manager@cluster');
    expect(await inside.apply(helm, await inside.judge(helm))).toMatchObject({ ok: true });
    const { ok, err } = await inside.apply(find('ca@cluster'), await inside.judge(find('ca@cluster')));
    expect(ok).toBe(false);
    expect(err).toMatch(
      /no endpoints available for service "cert-manager-webhook"[\s\S]*they were not taken within 300 s\n$/,
    );
  });

  it('are named when their resource type was taken away, and while nothing issues them', async () => {
    expect(await judged('certificates@cluster')).toBe('settling: cert-manager is not there yet');
    await make(...certified);
    await kubectl('delete clusterissuer mlk8s-ca');
    expect(await judged('ca@cluster')).toBe('change: ClusterIssuer.cert-manager.io mlk8s-ca does not exist');
    await kubectl('delete crd certificates.cert-manager.io');
    expect(await judged('ca@cluster')).toContain('Certificate.cert-manager.io cert-manager/mlk8s-ca does not exist');
  });

  it('stay with their types when the release goes', async () => {
    await make(...certified);
    const helm = find('cert-manager@cluster');
    expect(await inside.apply(helm, await inside.undo(helm))).toMatchObject({ ok: true });
    expect(await kubectl('get certificates -A -o name')).toBe('certificate.cert-manager.io/mlk8s-ca\n');
  });
});

describe('a proof', () => {
  const prove = async (id: string) => {
    const verdict = await inside.judge(find(id));
    const [move] = verdict.verdict === 'change' ? verdict.moves : [];
    if (!move || !('run' in move)) throw new Error('there is nothing to prove');
    return inside.bash(`set -euo pipefail\n${move.run.bash}`);
  };

  it('of the ingress works when it answers, and leaves nothing behind', async () => {
    await make('ingress@cluster');
    const { status, text } = await prove('proof-ingress@cp1');
    expect([status, text]).toEqual([0, expect.stringMatching(/\nproved\n$/)]);
    expect(await judged('proof-ingress@cp1')).toMatch(/^ok/);
    expect(await kubectl('get pods,services,ingresses -n mlk8s-proof -o name')).toBe('');
  });

  it('of the ingress fails without one, and says what was answered', async () => {
    const { status, text } = await prove('proof-ingress@cp1');
    expect([status, text]).toEqual([
      1,
      expect.stringContaining("wget: can't connect to remote host: Connection refused"),
    ]);
  });

  it('of certificates works when they are issued, also the second time', async () => {
    await make('cert-manager@cluster', 'ca@cluster');
    for (const time of ['first', 'second']) {
      const { status, text } = await prove('proof-certificate@cp1');
      expect([time, status, text]).toEqual([time, 0, expect.stringMatching(/\nproved\n$/)]);
      expect(await kubectl('get secrets,certificates -n mlk8s-proof -o name')).toBe('');
      await kubectl('delete configmap proofs -n mlk8s-system');
    }
  });

  it('of certificates fails when nobody issues any', async () => {
    await make('cert-manager@cluster', 'ca@cluster');
    await kubectl('delete clusterissuer mlk8s-ca');
    const { status, text } = await prove('proof-certificate@cp1');
    expect([status, text]).toEqual([1, expect.stringContaining('the pod failed')]);
  });
});
