import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/config/schema.ts';
import { doctorAsks } from '../../src/health/asks.ts';
import { catalogue } from '../../src/health/catalogue.ts';
import { workloadsOf } from '../../src/health/cluster.ts';
import { type Diagnosis, diagnose } from '../../src/health/diagnose.ts';
import { nodesSeen, objectsSeen } from '../../src/health/machines.ts';
import { InCluster } from '../resources/in-cluster.ts';

const it1 = new InCluster();
beforeAll(() => it1.start());
afterAll(() => it1.stop());

const kubectl = (...args: string[]) => it1.lab.mk('cp1', ['kubectl', ...args]);
const apply = async (...objects: object[]) => {
  const items = objects.map((it) => JSON.stringify(it)).join('\n---\n');
  const { code, err } = await it1.lab.mk('cp1', ['kubectl', 'apply', '-f', '-'], { stdin: items });
  expect({ code, err }).toEqual({ code: 0, err: '' });
};

/** What the doctor makes of the simulated cluster as it is now. */
async function look(gpu?: Cluster['gpu']): Promise<Diagnosis & { counts: readonly (number | undefined)[] }> {
  // The clock of the simulated machine.
  writeFileSync(join(it1.dir, 'bin/date'), `#!/bin/sh\necho ${it1.lab.now / 1000}\n`, { mode: 0o755 });
  const asked = await it1.world(doctorAsks([]));
  const world = { ...asked, file: { ...asked.file, ...(gpu ? { gpu } : {}) } };
  const { pods, claims, evidence } = workloadsOf(world);
  const nodes = nodesSeen(world);
  const all = [...nodes.evidence, ...evidence, ...objectsSeen(world, pods ?? [])];
  return { ...diagnose(all, catalogue()), counts: [pods?.length, claims?.length, nodes.names?.length] };
}
const found = async (gpu?: Cluster['gpu']) => (await look(gpu)).findings.map((it) => it.entry);

const storageClass = (name: string, isDefault: boolean, volumeBindingMode = 'Immediate') => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': String(isDefault) } },
  provisioner: 'example.com/none',
  volumeBindingMode,
});
const claim = (name: string, storageClassName?: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName },
});
const pod = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'app', image: 'docker.io/a/app:1' }], ...spec },
});

describe('a healthy cluster', () => {
  it('has nothing wrong, and was looked at', async () => {
    it1.lab.now += 600_000;
    const { findings, counts } = await look();
    expect(findings).toEqual([]);
    expect(counts).toEqual([expect.any(Number), 0, 1]);
    expect(counts[0]).toBeGreaterThan(2);
  });

  it('is not asked for pods that have ended well: pipelines leave thousands of them', async () => {
    const before = (await look()).counts[0];
    await apply(pod('step-1', { restartPolicy: 'Never', containers: [{ name: 'app', image: 'busybox:1.36' }] }));
    it1.lab.pass(120);
    const { out } = await kubectl('get', 'pod', 'step-1', '-o', 'jsonpath={.status.phase}');
    expect(out).toBe('Succeeded');
    expect((await look()).counts[0]).toBe(before);
    await kubectl('delete', 'pod', 'step-1');
  });
});

describe('storage', () => {
  it('without a default class is found at a claim that names none', async () => {
    await apply(storageClass('slow', false), claim('data'));
    const { findings } = await look();
    expect(findings.map((it) => it.entry)).toEqual(['no-default-class']);
    expect(findings[0]?.objects).toEqual(['PersistentVolumeClaim default/data', 'StorageClasses']);
    expect(findings[0]?.problem.next.join()).toContain('mlk8s plan');
    await kubectl('delete', 'pvc', 'data');
    await kubectl('delete', 'storageclass', 'slow');
  });

  it('with two default classes is found, and both are named', async () => {
    await apply(storageClass('fast', true), storageClass('slow', true));
    const { findings } = await look();
    expect(findings.map((it) => it.entry)).toEqual(['two-default-classes']);
    expect(findings[0]?.problem.seen).toBe('2 StorageClasses are the default: fast, slow');
    await kubectl('delete', 'storageclass', 'slow');
  });

  it('whose class is not there is found at the claim', async () => {
    await apply(claim('data', 'nowhere'));
    expect(await found()).toEqual(['class-missing']);
    await kubectl('delete', 'pvc', 'data');
  });

  it('that waits for its first pod is no trouble', async () => {
    await apply(storageClass('later', false, 'WaitForFirstConsumer'), claim('data', 'later'));
    const { findings, harmless } = await look();
    expect(findings).toEqual([]);
    expect(harmless).toEqual([expect.stringContaining('PersistentVolumeClaim default/data')]);
    await kubectl('delete', 'pvc', 'data');
    await kubectl('delete', 'storageclass', 'later', 'fast');
  });
});

describe('a pod', () => {
  it('that cannot be placed is listed after some minutes, known or not', async () => {
    await apply(pod('lost', { nodeSelector: { disk: 'gold' } }));
    expect(await found()).toEqual([]);
    it1.lab.now += 6 * 60_000;
    const { findings } = await look();
    expect(findings.map((it) => it.entry)).toEqual(['not-known']);
    expect(findings[0]?.problem.seen).toMatch(
      /^not ready for 6 min: 0\/1 nodes are available: 1 node\(s\) didn't match/,
    );
    await kubectl('delete', 'pod', 'lost');
  });

  it('that waits for a claim is found by its claim', async () => {
    await apply(
      claim('data', 'nowhere'),
      pod('waits', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }),
    );
    it1.lab.now += 6 * 60_000;
    expect(await found()).toEqual(['class-missing', 'claim-not-bound']);
    await kubectl('delete', 'pod', 'waits');
    await kubectl('delete', 'pvc', 'data');
  });
});

describe('images that cannot be fetched', () => {
  it('are found with the pods that wait for them', async () => {
    it1.lab.rig('cp1').faults.push('imagepull');
    const workload = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default', annotations: { 'meta.helm.sh/release-name': 'web' } },
      spec: {
        replicas: 1,
        selector: {},
        template: { spec: { containers: [{ name: 'w', image: 'docker.io/a/b:1' }] } },
      },
    };
    await apply(workload);
    it1.lab.now += 60_000;
    const { findings } = await look();
    expect(findings.map((it) => it.entry)).toEqual(['image-pull']);
    expect(findings[0]?.problem.seen).toContain('Back-off pulling image "docker.io/a/b:1"');
    expect(findings[0]?.objects.join()).toMatch(/^Pod default\/web-\S+ on cp1$/);
    await kubectl('delete', 'deployment', 'web');
    it1.lab.rig('cp1').faults.length = 0;
  });
});

describe('a node', () => {
  it('that is not Ready or cordoned is found', async () => {
    it1.lab.rig('cp1').faults.push('notready');
    expect(await found()).toContain('network-not-ready');
    it1.lab.rig('cp1').faults.length = 0;
    await kubectl('cordon', 'cp1');
    const { findings } = await look();
    expect(findings.map((it) => it.entry)).toEqual(['cordoned']);
    expect(findings[0]?.problem.next.join()).toContain('microk8s kubectl uncordon cp1');
    await kubectl('uncordon', 'cp1');
  });

  it('with a card that it does not offer is found, if the file asks for cards', async () => {
    await kubectl('label', 'node', 'cp1', 'feature.node.kubernetes.io/pci-10de.present=true');
    expect(await found({ mode: 'auto', driver: 'host', sharing: 1 })).toEqual(['gpu-not-offered']);
    expect(await found()).toEqual([]);
    await kubectl('label', 'node', 'cp1', 'feature.node.kubernetes.io/pci-10de.present-');
  });
});

const warning = (kind: string, name: string, namespace: string, reason: string, message: string) => ({
  ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: `${name}.1`, namespace } },
  ...{ type: 'Warning', reason, message, involvedObject: { kind, namespace, name } },
});

describe('Kubeflow', () => {
  it.each([
    [
      'exceeded quota: kf-resource-quota, requested: cpu=8, used: cpu=4, limited: cpu=8',
      'user-quota',
      'kubeflow.users',
    ],
    ['failed quota: kf-resource-quota: must specify cpu for: main', 'user-quota-unsaid', 'requests:'],
    ['violates PodSecurity "baseline:latest": privileged', 'pod-security', 'create namespace'],
  ])('keeps a pod out with "%s", which is found with its remedy', async (says, entry, remedy) => {
    await apply(warning('StatefulSet', 'work', 'default', 'FailedCreate', `pods "work-0" is forbidden: ${says}`));
    const { findings } = await look();
    expect(findings.map((it) => it.entry)).toEqual([entry]);
    expect(findings[0]?.objects).toEqual(['StatefulSet default/work']);
    expect(findings[0]?.problem.next.join()).toContain(remedy);
    await kubectl('delete', 'event', 'work.1');
  });

  it.each([
    [
      'stat /var/run/istio-cni/istio-cni-kubeconfig: no such file or directory',
      'istio-cni-deadlock',
      'args/cni-network',
    ],
    ['no match for platform in manifest: not found', 'image-not-for-processor', 'a taint'],
  ])('has a pod that waits with "%s", which is found with its remedy', async (says, entry, remedy) => {
    await apply(pod('waits', { nodeSelector: { disk: 'gold' } }));
    it1.lab.now += 6 * 60_000;
    await apply(warning('Pod', 'waits', 'default', 'Failed', says));
    const { findings } = await look();
    expect(findings.map((it) => it.entry)).toEqual([entry]);
    expect(findings[0]?.problem.next.join()).toContain(remedy);
    await kubectl('delete', 'event', 'waits.1');
    await kubectl('delete', 'pod', 'waits');
  });
});

const crd = (group: string, kind: string, plural: string) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: { group, names: { kind, plural }, scope: 'Cluster', versions: [{ name: 'v1', served: true, storage: true }] },
});

describe('an operator', () => {
  it('that says ready without a single GPU node is not believed', async () => {
    const status = { state: 'ready', conditions: [{ type: 'Ready', status: 'True', reason: 'NoGPUNodes' }] };
    await apply(crd('nvidia.com', 'ClusterPolicy', 'clusterpolicies'));
    await apply({ apiVersion: 'nvidia.com/v1', kind: 'ClusterPolicy', metadata: { name: 'cluster-policy' }, status });
    const { findings } = await look();
    expect(findings.map((it) => it.entry)).toEqual(['no-gpu-nodes']);
    expect(findings[0]?.problem.why).toContain('found no machine with a card');
    await kubectl('delete', 'clusterpolicies.nvidia.com', 'cluster-policy');
  });

  it('whose resource types are gone is found', async () => {
    const labels = { owner: 'helm', status: 'deployed', name: 'gpu-operator', version: '1' };
    const metadata = { name: 'sh.helm.release.v1.gpu-operator.v1', namespace: 'gpu-operator', labels };
    await kubectl('create', 'namespace', 'gpu-operator');
    await apply({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'helm.sh/release.v1' });
    expect(await found()).toEqual([]);
    await kubectl('delete', 'crd', 'clusterpolicies.nvidia.com');
    expect(await found()).toEqual(['crds-vanished']);
  });
});
