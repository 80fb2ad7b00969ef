import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Declared } from '../../src/engine/types.ts';
import { loneIngress } from '../../src/resources/lone-ingress.ts';
import { monitoringStep } from '../../src/steps/monitoring/index.ts';
import { InCluster } from './in-cluster.ts';
import { cluster, node } from './world.ts';

const monitoring = { retentionDays: 15, sizeGi: 20, pushgateway: false, alerts: {} };
const storage = { openebs: true, hostpath: false };
const all = monitoringStep.resources(cluster([node('cp1', { role: 'control-plane' })], { storage, monitoring }));
const find = (name: string): Declared => {
  const found = all.find(({ id }) => id === `monitoring/${name}@cluster`);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
};
const lone = find('lone-stack');

let inside: InCluster;
beforeEach(async () => {
  inside = new InCluster();
  await inside.start();
});
afterEach(() => inside.stop());

const apply = async (name: string) => inside.apply(find(name), await inside.judge(find(name)));
const kubectl = async (words: string, stdin = '') => (await inside.lab.mk('cp1', `kubectl ${words}`, { stdin })).out;

interface Pod {
  readonly hostNetwork?: true;
  readonly image?: string;
  readonly ports?: readonly object[];
}
/** A workload of somebody else. */
async function bring(kind: string, name: string, { hostNetwork, image = 'x', ports = [] }: Pod): Promise<void> {
  const spec = { ...(hostNetwork ? { hostNetwork } : {}), containers: [{ name: 'x', image, ports }] };
  const workload = {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: 'watch' },
    spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec } },
  };
  await kubectl('create namespace watch');
  expect(await kubectl('apply -f -', JSON.stringify(workload))).toContain('created');
}

describe('a Prometheus stack', () => {
  it('is alone in a cluster without one, and in one that has ours', async () => {
    const because = 'no other Prometheus stack is in the cluster';
    expect(await inside.judge(lone)).toEqual({ verdict: 'ok', because });
    for (const name of ['crds', 'stack']) expect(await apply(name)).toMatchObject({ ok: true });
    expect(await kubectl('get daemonsets -A -o name')).toContain('node-exporter');
    expect(await inside.judge(lone)).toEqual({ verdict: 'ok', because });
  });

  it.each<[what: string, kind: string, name: string, pod: Pod]>([
    ['node-exporter', 'DaemonSet', 'exporter', { hostNetwork: true, ports: [{ containerPort: 9100 }] }],
    ['node-exporter at a port', 'DaemonSet', 'exporter', { ports: [{ containerPort: 80, hostPort: 9100 }] }],
    ['operator', 'Deployment', 'prom', { image: 'mirror.lan/prometheus-operator/prometheus-operator:v0.80.0' }],
  ])('is refused beside the %s of another one, which is named', async (_, kind, name, pod) => {
    await bring(kind, name, pod);
    expect(await inside.judge(lone)).toMatchObject({
      verdict: 'refused',
      problem: {
        seen: `another Prometheus stack is in the cluster: ${kind} watch/${name}`,
        next: [expect.stringContaining('monitoring'), expect.stringContaining('helm3 list --namespace watch')],
      },
    });
  });

  it('is not refused beside what only has the port inside of its pods', async () => {
    await bring('Deployment', 'app', { image: 'me/prometheus-operator-docs:1', ports: [{ containerPort: 9100 }] });
    expect(await inside.judge(lone)).toMatchObject({ verdict: 'ok' });
  });
});

describe("the stack of MicroK8s' addon", () => {
  const enable = async () => {
    expect(await inside.lab.mk('cp1', 'enable observability')).toMatchObject({ code: 0 });
    inside.lab.pass(120);
  };

  it('is found before anything is changed, with what will be lost', async () => {
    await enable();
    expect(await inside.judge(lone)).toEqual({
      verdict: 'ok',
      because: 'no other Prometheus stack is in the cluster',
      warning: expect.stringMatching(
        /^release kube-prom-stack \(kube-prometheus-stack-77\.6\.2\), as the addon observability installs it, .* save those dashboards first/,
      ),
    });
    expect(await inside.judge(find('types-owner'))).toMatchObject({
      because: '10 types of monitoring.coreos.com belong to no release',
    });
    expect(await inside.judge(find('stack'))).toMatchObject({
      verdict: 'change',
      adopts: true,
      because: 'release kube-prom-stack of kube-prometheus-stack-77.6.2 was not installed by mlk8s',
    });
  });

  it('becomes ours, with types and volumes, and is left alone by the addon', async () => {
    await enable();
    for (const name of ['types-owner', 'crds', 'stack']) expect(await apply(name)).toMatchObject({ ok: true });
    inside.lab.pass(120);
    expect(await inside.judge(lone)).toMatchObject({ verdict: 'ok' });
    expect(await inside.judge(lone)).not.toHaveProperty('warning');
    const mounted = 'jsonpath={.items[*].spec.template.spec.volumes[*].persistentVolumeClaim.claimName}';
    expect((await kubectl(`get statefulsets -n observability -o ${mounted}`)).split(' ')).toHaveLength(2);
    expect((await inside.lab.mk('cp1', 'enable observability')).out).toContain('already enabled');
    expect(await kubectl('get daemonsets -n observability -o name')).toBe(
      'daemonset.apps/kube-prom-stack-prometheus-node-exporter\n',
    );
  });
});

it('an ingress is refused beside one that lives in the network of its machines', async () => {
  const ingress = loneIngress({ id: 'network/lone-ingress@cluster', on: 'cluster', needs: [], controller: 'traefik' });
  await bring('DaemonSet', 'caddy', { hostNetwork: true, ports: [{ containerPort: 80 }, { containerPort: 443 }] });
  expect(await inside.judge(ingress as Declared)).toMatchObject({
    verdict: 'refused',
    problem: { seen: 'the ports 80 and 443 are held by DaemonSet watch/caddy' },
  });
});

it('an ingress of another track of MicroK8s is not told to be deleted where the machines run it already', async () => {
  const older = { controller: 'nginx-ingress-microk8s-controller' };
  const ingress = loneIngress({ id: 'network/lone-ingress@cluster', on: 'cluster', needs: [], ...older });
  await inside.lab.mk('cp1', 'enable ingress');
  inside.lab.pass(60);
  const verdict = await inside.judge(ingress as Declared);
  expect(verdict).toMatchObject({ verdict: 'refused', problem: { why: expect.stringContaining('a newer MicroK8s') } });
  expect(JSON.stringify(verdict)).not.toContain('delete');
});
