import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Declared } from '../../src/engine/types.ts';
import { volumePlaces, volumePlacesKind } from '../../src/resources/volume-places.ts';
import { InCluster } from './in-cluster.ts';
import { said, worldOf } from './world.ts';

const closed = (...machines: string[]) =>
  volumePlaces({
    ...{ id: 'databases/place@cluster', on: 'cluster', needs: [], namespace: 'postgres', claims: 'postgres-' },
    ...{ program: 'PostgreSQL', closed: machines, why: 'that is why', next: ['take it out'] },
  }) as Declared;

let inside: InCluster;
beforeEach(async () => {
  inside = new InCluster();
  await inside.start();
});
afterEach(() => inside.stop());

/** A volume as provisioners of folders make it, or one that can be mounted anywhere. */
async function volume(name: string, host?: string, namespace = 'postgres', phase = 'Bound'): Promise<void> {
  const onHost = { key: 'kubernetes.io/hostname', operator: 'In', values: [host] };
  const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions: [onHost] }] } };
  const spec = { claimRef: { namespace, name }, ...(host === undefined ? {} : { nodeAffinity }) };
  const object = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `pv-${name}` },
    spec,
    status: { phase },
  };
  await inside.kubectl('create -f -', JSON.stringify(object));
}

it('is fine before there is a cluster or a volume', async () => {
  expect(said(volumePlacesKind.judge(closed() as never, worldOf({})))).toBe('ok: there is no cluster yet');
  expect(said(await inside.judge(closed('rig1')))).toBe('ok: no volume of PostgreSQL is where its pods may not come');
});

it('refuses when machines are closed that hold a volume, with which is where', async () => {
  await volume('postgres-1', 'rig1');
  await volume('postgres-2', 'rig2');
  expect(said(await inside.judge(closed('rig3')))).toMatch(/^ok: /);
  expect(await inside.judge(closed('rig1', 'rig3'))).toMatchObject({
    verdict: 'refused',
    problem: {
      seen: 'the volume of the claim postgres/postgres-1 is on rig1 alone, where pods of PostgreSQL may not come',
      why: 'that is why',
      next: ['take it out'],
    },
  });
  expect(await inside.judge(closed('rig1', 'rig2'))).toMatchObject({
    problem: {
      seen: expect.stringMatching(
        /^the volumes of the claims postgres\/postgres-1 \(rig1\), postgres\/postgres-2 \(rig2\) are/,
      ),
    },
  });
});

it('leaves out what can be mounted anywhere, other claims, and what no claim has any more', async () => {
  await volume('postgres-1');
  await volume('mine', 'rig1');
  await volume('postgres-2', 'rig1', 'other');
  await volume('postgres-3', 'rig1', 'postgres', 'Released');
  expect(said(await inside.judge(closed('rig1')))).toMatch(/^ok: /);
});

it('waits for an API that does not answer', async () => {
  inside.intercept('exit 1');
  expect(said(await inside.judge(closed('rig1')))).toBe('settling: the API on cp1 does not answer');
});
