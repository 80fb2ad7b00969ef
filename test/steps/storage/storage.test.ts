import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/config/schema.ts';
import { checkNeeds } from '../../../src/engine/judge.ts';
import type { Declared } from '../../../src/engine/types.ts';
import type { HelmReleaseSpec } from '../../../src/resources/helm-release.ts';
import type { KubeManifest } from '../../../src/resources/manifest.ts';
import type { ProofSpec } from '../../../src/resources/proof.ts';
import { steps } from '../../../src/steps/index.ts';
import { storageStep } from '../../../src/steps/storage/index.ts';
import { keysOf, unknownKeys } from '../../charts/recorded-keys.ts';
import { asHelmReads, listOf, namesByKubectl } from '../../real-tools.ts';
import { cluster, node, worldOf } from '../../resources/world.ts';

type Storage = NonNullable<Cluster['storage']>;

const nodes = [node('rig1', { role: 'control-plane' }), node('rig2'), node('rig3')];
const file = (storage?: Partial<Storage>, more: Partial<Cluster> = {}): Cluster =>
  cluster(nodes, { ...(storage ? { storage: { openebs: true, hostpath: false, ...storage } } : {}), ...more });

const nfs = { server: 'nas.lan', share: '/srv/nfs' };
const everything = file({ hostpath: true, nfs, registry: { sizeGi: 60 } });

const ids = (of: Cluster) => storageStep.resources(of).map((it) => it.id);
function find<T>(of: Cluster, id: string): T {
  const found = storageStep.resources(of).find((it) => it.id === id);
  if (!found) throw new Error(`there is no ${id}`);
  return found.spec as T;
}
const objectsOf = (of: Cluster, id: string) => find<{ objects: readonly KubeManifest[] }>(of, id).objects;

describe('what is declared', () => {
  it('is nothing without the section', () => expect(ids(file())).toEqual([]));

  it('by default: OpenEBS, proved on every machine', () => {
    expect(ids(file({}))).toEqual([
      'storage/no-pools@cluster',
      'storage/openebs@cluster',
      'storage/default-class@cluster',
      'storage/proof-openebs-hostpath@rig1',
      'storage/proof-openebs-hostpath@rig2',
      'storage/proof-openebs-hostpath@rig3',
    ]);
  });

  it('with all that needs no disks of its own: the other classes are proved on one worker', () => {
    expect(ids(everything)).toEqual([
      'storage/no-pools@cluster',
      'storage/openebs@cluster',
      'storage/hostpath@cluster',
      'storage/nfs@cluster',
      'storage/nfs-class@cluster',
      'storage/default-class@cluster',
      'storage/registry@cluster',
      'storage/registry-name@rig1',
      'storage/registry-name@rig2',
      'storage/registry-name@rig3',
      'storage/registry-trust@rig1',
      'storage/registry-trust@rig2',
      'storage/registry-trust@rig3',
      'storage/proof-openebs-hostpath@rig1',
      'storage/proof-openebs-hostpath@rig2',
      'storage/proof-openebs-hostpath@rig3',
      'storage/proof-microk8s-hostpath@rig2',
      'storage/proof-nfs-csi@rig2',
    ]);
  });

  it('without OpenEBS', () => {
    expect(ids(file({ openebs: false, nfs }))).toEqual([
      'storage/nfs@cluster',
      'storage/nfs-class@cluster',
      'storage/default-class@cluster',
      'storage/proof-nfs-csi@rig1',
      'storage/proof-nfs-csi@rig2',
      'storage/proof-nfs-csi@rig3',
    ]);
  });

  it('on a single machine: all is proved there', () => {
    const single = { ...everything, nodes: nodes.slice(0, 1) };
    expect(ids(single).filter((id) => id.includes('proof'))).toEqual([
      'storage/proof-openebs-hostpath@rig1',
      'storage/proof-microk8s-hostpath@rig1',
      'storage/proof-nfs-csi@rig1',
    ]);
  });

  it('needs only what some step lists', () => {
    for (const of of [file({}), everything, file({ openebs: false, hostpath: true })]) {
      expect(() => checkNeeds(steps.flatMap((step) => step.resources(of)))).not.toThrow();
    }
  });
});

describe('the default class', () => {
  it.each<[Partial<Storage>, string]>([
    [{}, 'openebs-hostpath'],
    [{ hostpath: true, nfs }, 'openebs-hostpath'],
    [{ openebs: false, hostpath: true, nfs }, 'microk8s-hostpath'],
    [{ openebs: false, nfs }, 'nfs-csi'],
    [{ nfs, defaultClass: 'nfs-csi' }, 'nfs-csi'],
    [{ hostpath: true, defaultClass: 'microk8s-hostpath' }, 'microk8s-hostpath'],
  ])('of %j is %s, and nothing else says that it is one', (storage, name) => {
    const of = file({ ...storage, registry: { sizeGi: 40 } });
    expect(find(of, 'storage/default-class@cluster')).toMatchObject({ className: name });
    const [, claim] = objectsOf(of, 'storage/registry@cluster');
    expect(claim?.spec).toMatchObject({ storageClassName: name, accessModes: ['ReadWriteOnce'] });
    const said = storageStep.resources(of).filter((it) => it.kind !== 'storage-class' && it.kind !== 'proof');
    const text = JSON.stringify(said.map((it) => it.spec));
    const others = text.match(/"isDefaultClass":true|--default-class","true"|is-default-class":"true"/g) ?? [];
    expect(others).toHaveLength(name === 'openebs-hostpath' ? 0 : 1);
  });

  it('needs all that brings classes', () => {
    const found = storageStep.resources(everything).find((it) => it.kind === 'storage-class');
    expect(found?.needs).toEqual(['storage/openebs@cluster', 'storage/hostpath@cluster', 'storage/nfs-class@cluster']);
  });
});

describe('a proof', () => {
  const of = (storage: Partial<Storage>, more: Partial<Cluster> = {}) =>
    find<ProofSpec>(file(storage, more), 'storage/proof-openebs-hostpath@rig2');

  it('claims from its class and is scheduled onto its node, whatever its taints are', () => {
    const { objects, what, node: on } = of({});
    expect([what, on]).toEqual(['a claim of class openebs-hostpath is bound, written and read on rig2', 'rig2']);
    expect(objects).toMatchObject([
      { kind: 'PersistentVolumeClaim', spec: { storageClassName: 'openebs-hostpath' } },
      {
        kind: 'Pod',
        spec: {
          nodeSelector: { 'kubernetes.io/hostname': 'rig2' },
          tolerations: [{ operator: 'Exists' }],
          containers: [{ image: 'busybox:1.28.4' }],
          volumes: [{ persistentVolumeClaim: { claimName: 'openebs-hostpath-rig2' } }],
        },
      },
    ]);
  });

  it('is done anew when what it stands on changes, and not when anything else does', () => {
    expect(of({ registry: { sizeGi: 1 } }).inputs).toEqual(of({}).inputs);
    expect(of({}, { node: { ...file().node, dataDir: '/srv/data' } }).inputs).not.toEqual(of({}).inputs);
    expect(of({}, { values: { openebs: { loki: { enabled: true } } } }).inputs).not.toEqual(of({}).inputs);
  });

  const script = (dir: string) => {
    const pod = of({}).objects[1] as unknown as { spec: { containers: [{ command: string[] }] } };
    const [shell, option, text = ''] = pod.spec.containers[0].command;
    expect([shell, option]).toEqual(['sh', '-c']);
    return text.replaceAll(/\/(volume|tmp)\//g, (_, folder) => (folder === 'tmp' ? `${dir}/` : `${dir}/volume/`));
  };

  it('runs a script that says what is expected only when the volume gives back what was written', () => {
    const dir = mkdtempSync(join(tmpdir(), 'mlk8s-volume-'));
    const run = (text: string) => spawnSync('sh', ['-c', text], { encoding: 'utf8' });
    execFileSync('mkdir', [`${dir}/volume`]);
    expect(run(script(dir))).toMatchObject({ status: 0, stdout: `${of({}).expect}\n` });
    const other = script(dir).replace('sync', `sync; printf x | dd of=${dir}/volume/written seek=9 conv=notrunc bs=1`);
    expect(run(other)).toMatchObject({ status: 1, stdout: expect.stringMatching(/differ: .*\n$/) });
    rmSync(`${dir}/volume`, { recursive: true });
    expect(run(script(dir)).stdout).not.toContain(of({}).expect);
    rmSync(dir, { recursive: true });
  });
});

describe('the registry', () => {
  it('has the size of the file, the pinned image and its node port', () => {
    const [, claim, deployment, service] = objectsOf(everything, 'storage/registry@cluster');
    expect(claim?.spec).toMatchObject({ resources: { requests: { storage: '60Gi' } } });
    expect(deployment?.spec).toMatchObject({
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      template: { spec: { containers: [{ image: 'registry:2.8.3', resources: { requests: { cpu: '50m' } } }] } },
    });
    expect(service?.spec).toMatchObject({ type: 'NodePort', ports: [{ port: 5000, nodePort: 32000 }] });
  });

  it('is known and trusted on every machine', () => {
    expect(find(everything, 'storage/registry-trust@rig3')).toMatchObject({
      path: '/var/snap/microk8s/current/args/certs.d/registry.local:32000/hosts.toml',
      content: expect.stringContaining('[host."http://registry.local:32000"]'),
    });
    expect(find(everything, 'storage/registry-name@rig3')).toEqual({
      path: '/etc/hosts',
      name: 'registry',
      lines: [`${nodes[2]?.address} registry.local`],
    });
    expect(JSON.stringify(steps.flatMap((step) => step.resources(file({}))))).not.toContain('registry.local');
  });
});

it('asks for what its pods ask for', () => {
  expect(storageStep.asksFor?.(everything)).toEqual([
    { name: 'OpenEBS', cpu: 10, memory: 32 },
    { name: 'NFS' },
    { name: 'Registry', cpu: 50, memory: 128, disk: 60 },
  ]);
  expect(storageStep.asksFor?.(file())).toEqual([]);
});

it('says what is there', () => {
  expect(storageStep.notes?.(worldOf({ file: everything }))).toEqual([
    'claims that name no class get openebs-hostpath',
    'images of your own: registry.local:32000/NAME, from every machine',
  ]);
  expect(storageStep.notes?.(worldOf({ file: file() }))).toEqual([]);
});

const releases = storageStep
  .resources(everything)
  .flatMap((it) => (it.kind === 'helm-release' ? [it.spec as HelmReleaseSpec] : []));

describe('values', () => {
  it.each(releases)('of $chart are in the recorded key list', (release) => {
    expect(unknownKeys(release)).toEqual([]);
    expect(keysOf(release).length).toBeGreaterThan(3);
  });

  it('of the user win', () => {
    const own = { openebs: { 'localpv-provisioner': { hostpathClass: { reclaimPolicy: 'Retain' } } } };
    const { values } = find<HelmReleaseSpec>(file({}, { values: own }), 'storage/openebs@cluster');
    expect(values['localpv-provisioner']).toMatchObject({
      hostpathClass: { name: 'openebs-hostpath', reclaimPolicy: 'Retain' },
      localpv: { basePath: '/data/microk8s' },
    });
  });
});

describe('the real helm and kubectl', () => {
  it.each(releases)('helm reads the values of $release as they are meant', ({ values }) => {
    expect(asHelmReads(values)).toEqual(values);
  });

  const written = (it: Declared) => (it.spec as { objects?: readonly KubeManifest[] }).objects ?? [];
  const parsed = storageStep.resources(everything).filter((it) => ['manifest', 'proof'].includes(it.kind));

  it.each(parsed.map((it) => [it.id, written(it)] as const))('kubectl takes the objects of %s', (_, objects) => {
    expect(namesByKubectl(listOf(objects))).toHaveLength(objects.length);
  });
});
