import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Declared } from '../../../src/engine/types.ts';
import { storageStep } from '../../../src/steps/storage/index.ts';
import { InCluster } from '../../resources/in-cluster.ts';
import { cluster, node } from '../../resources/world.ts';

const file = cluster([node('cp1', { role: 'control-plane' })], { storage: { openebs: true, hostpath: false } });
const find = (id: string) => storageStep.resources(file).find((it) => it.id === id) as Declared;
const proof = find('storage/proof-openebs-hostpath@cp1');

let inside: InCluster;
beforeEach(async () => {
  inside = new InCluster();
  await inside.start();
  const openebs = find('storage/openebs@cluster');
  expect(await inside.apply(openebs, await inside.judge(openebs))).toEqual({ ok: true, err: '' });
  inside.lab.pass(120);
});
afterEach(() => inside.stop());

const kubectl = (words: string) => inside.kubectl(words);
const script = async () => {
  const verdict = await inside.judge(proof);
  const [move] = verdict.verdict === 'change' ? verdict.moves : [];
  if (!move || !('run' in move)) throw new Error('there is nothing to prove');
  return move.run.bash;
};

it('is proved by a claim, and leaves neither claim nor volume behind', async () => {
  const { status, text } = await inside.bash(`set -euo pipefail\n${await script()}`);
  expect([status, text]).toEqual([0, expect.stringMatching(/\nproved\n$/)]);
  expect(await inside.judge(proof)).toMatchObject({ verdict: 'ok' });
  expect(await kubectl('get pvc,pv -A -o name')).toBe('');
});

it('fails when the claim is never bound, says so with the reason, and leaves nothing behind', async () => {
  inside.lab.rig('cp1').faults.push('claimpending');
  // The real clock of the script is not that of the model.
  const { status, text } = await inside.bash(`set -euo pipefail\n${(await script()).replace('+ 600', '+ 2')}`);
  expect(status).toBe(1);
  for (const words of ['claim openebs-hostpath-cp1 of class openebs-hostpath: Pending', 'read-only file system']) {
    expect(text).toContain(words);
  }
  expect(await kubectl('get pvc,pods -n mlk8s-proof -o name')).toBe('');
});
