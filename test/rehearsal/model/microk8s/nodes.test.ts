import { expect, it } from 'vitest';
import { nodeConditions } from '../../../../src/rehearsal/model/microk8s/nodes.ts';
import { NEVER } from '../../../../src/rehearsal/model/microk8s/site.ts';
import { Lab } from './harness.ts';

it('says since when a node is not Ready that never becomes Ready again', async () => {
  const lab = new Lab();
  lab.install('cp1');
  lab.pass(120);
  await lab.mk('cp1', 'status');
  const { rigs, clusters } = lab.world;
  const microk8s = rigs.cp1?.microk8s;
  const cluster = clusters[microk8s?.cluster ?? ''];
  if (!microk8s || !cluster) throw new Error('there is no cluster');
  microk8s.nodeReadyAt = NEVER + 60_000;
  const [first] = nodeConditions(cluster, lab.world, 'cp1', lab.now);
  expect(Date.parse(first?.lastTransitionTime ?? '')).toBeGreaterThan(0);
});
