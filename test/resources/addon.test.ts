import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Declared } from '../../src/engine/types.ts';
import { hostpath } from '../../src/steps/storage/hostpath.ts';
import { InCluster } from './in-cluster.ts';
import { cluster, node, said } from './world.ts';

const file = cluster([node('cp1', { role: 'control-plane' })], { storage: { openebs: true, hostpath: true } });
const own = hostpath.resources(file)[0] as Declared;

let inside: InCluster;
beforeEach(async () => {
  inside = new InCluster();
  await inside.start();
});
afterEach(() => inside.stop());

const kubectl = (words: string, stdin = '') => inside.kubectl(words, stdin);
const enable = async () => {
  expect(await inside.apply(own, await inside.judge(own))).toMatchObject({ ok: true });
  inside.lab.pass(60);
};

it('is enabled, comes up, and is not the default class when another one is', async () => {
  expect(said(await inside.judge(own))).toContain('Deployment.apps kube-system/hostpath-provisioner does not exist');
  expect(await inside.apply(own, await inside.judge(own))).toMatchObject({ ok: true });
  expect(said(await inside.judge(own))).toMatch(
    /^settling: Deployment kube-system\/hostpath-provisioner has 0 of 1 ready/,
  );
  inside.lab.pass(60);
  expect(said(await inside.judge(own))).toMatch(/^ok: hostpath-storage: Deployment/);
  expect(await kubectl('get sc microk8s-hostpath -o json')).toContain(
    '"storageclass.kubernetes.io/is-default-class": "false"',
  );
});

it('is the default class when the file has no other', () => {
  const [alone] = hostpath.resources({ ...file, storage: { openebs: false, hostpath: true } });
  expect(alone?.spec).toMatchObject({ args: ['--default-class', 'true'] });
  expect(own.spec).toMatchObject({ args: ['--default-class', 'false'] });
});

it('is enabled anew when a part is missing of what MicroK8s takes for enabled', async () => {
  await enable();
  await kubectl('delete sc microk8s-hostpath');
  expect((await inside.lab.mk('cp1', 'enable hostpath-storage')).out).toContain('is already enabled');
  const verdict = await inside.judge(own);
  expect(said(verdict)).toBe('change: StorageClass.storage.k8s.io microk8s-hostpath does not exist');
  await enable();
  expect(said(await inside.judge(own))).toMatch(/^ok/);
});

describe('undone', () => {
  it('goes without `microk8s disable`, and what it held stays', async () => {
    await enable();
    const verdict = await inside.undo(own);
    expect(said(verdict)).toBe('change: enabled by mlk8s');
    expect(JSON.stringify(verdict)).not.toContain('disable');
    expect(await inside.apply(own, verdict)).toMatchObject({ ok: true });
    expect(await kubectl('get deployments -n kube-system -o name')).not.toContain('hostpath');
    expect(said(await inside.undo(own))).toBe('ok: nothing of the addon hostpath-storage is there');
  });

  it('is refused while there are claims, with their names', async () => {
    await enable();
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'films' } };
    const spec = { storageClassName: 'microk8s-hostpath', accessModes: ['ReadWriteOnce'] };
    await kubectl('apply -f -', JSON.stringify({ ...claim, spec }));
    const verdict = await inside.undo(own);
    expect(verdict).toMatchObject({
      verdict: 'refused',
      problem: { seen: 'data is in volumes of microk8s-hostpath: default/films' },
    });
    await kubectl('delete pvc films');
    expect(said(await inside.undo(own))).toBe('change: enabled by mlk8s');
  });
});
