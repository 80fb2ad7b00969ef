import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Declared } from '../../../src/engine/types.ts';
import { networkStep } from '../../../src/steps/network/index.ts';
import { InCluster } from '../../resources/in-cluster.ts';
import { cluster, node } from '../../resources/world.ts';

const network = { domain: 'lab', ingress: false, tls: true };
const all = networkStep([]).resources(cluster([node('cp1', { role: 'control-plane' })], { network }));
const find = (name: string) => all.find(({ id }) => id === `network/${name}@cluster`) as Declared;

let inside: InCluster;
beforeEach(async () => {
  inside = new InCluster();
  await inside.start();
});
afterEach(() => inside.stop());

/** platform 5/2: two of them would write over each other's objects. */
it("MicroK8s' addon cert-manager becomes the one of mlk8s, and what it issued stays", async () => {
  expect(await inside.lab.mk('cp1', 'enable cert-manager')).toMatchObject({ code: 0 });
  inside.lab.pass(90);
  const own = { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: { name: 'mine' }, spec: {} };
  await inside.lab.mk('cp1', 'kubectl apply -f -', { stdin: JSON.stringify(own) });
  const release = find('cert-manager');
  const verdict = await inside.judge(release);
  expect(verdict).toMatchObject({
    verdict: 'change',
    adopts: true,
    because: 'release cert-manager of cert-manager-v1.19.1 was not installed by mlk8s',
  });
  expect(await inside.apply(release, verdict)).toMatchObject({ ok: true });
  inside.lab.pass(90);
  expect(await inside.judge(release)).toMatchObject({ verdict: 'ok' });
  expect(await inside.apply(find('ca'), await inside.judge(find('ca')))).toMatchObject({ ok: true });
  expect((await inside.lab.mk('cp1', 'kubectl get clusterissuers -o name')).out.trim().split('\n')).toHaveLength(3);
  expect((await inside.lab.mk('cp1', 'kubectl get deployments -A -o name')).out).not.toMatch(/(webhook[\s\S]*){2}/);
});
