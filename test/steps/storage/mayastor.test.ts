import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/config/schema.ts';
import type { Declared, InventoryRecord, Json } from '../../../src/engine/types.ts';
import { lastingNeeds } from '../../../src/engine/undo.ts';
import { kinds } from '../../../src/resources/index.ts';
import { steps } from '../../../src/steps/index.ts';
import { storageStep } from '../../../src/steps/storage/index.ts';
import { cluster, node, worldOf } from '../../resources/world.ts';

const DISKS = ['ata-ONE', 'nvme-TWO', 'ata-THREE'];
const machines = [node('rig1', { role: 'control-plane' }), node('rig2'), node('rig3'), node('rig4')];

function file(storage: Partial<NonNullable<Cluster['storage']>> = {}): Cluster {
  const pools = DISKS.map((disk, i) => ({ node: `rig${i + 1}`, disk: `/dev/disk/by-id/${disk}` }));
  return cluster(machines, { storage: { openebs: true, hostpath: false, mayastor: { pools }, ...storage } });
}

const resources = (of: Cluster) => new Map(storageStep.resources(of).map((it) => [it.id as string, it]));
const specAt = (it: Declared | undefined, path: string): unknown =>
  path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], it?.spec);

describe('a file that asks for Mayastor', () => {
  const all = resources(file());

  it('prepares the machines that have a disk for it, and lets every machine mount', () => {
    const on = (name: string) => [...all.keys()].filter((id) => id.startsWith(`storage/${name}@`));
    for (const name of ['hugepages', 'kubelet', 'engine']) {
      expect(on(name)).toEqual(['rig1', 'rig2', 'rig3'].map((rig) => `storage/${name}@${rig}`));
    }
    expect(on('nvme-tcp')).toHaveLength(4);
  });

  it('has the pages before kubelet first starts, and no such need on the other machines', () => {
    const snaps = steps.flatMap((step) => step.resources(file())).filter((it) => it.id.startsWith('microk8s/snap@'));
    const needing = snaps.filter((it) => it.needs.some((need) => need.startsWith('storage/hugepages@')));
    expect(needing.map((it) => it.id)).toEqual(['microk8s/snap@rig1', 'microk8s/snap@rig2', 'microk8s/snap@rig3']);
  });

  it('installs it with the release of OpenEBS, for the kubelet of MicroK8s', () => {
    const release = all.get('storage/openebs@cluster');
    expect(specAt(release, 'values.engines.replicated.mayastor.enabled')).toBe(true);
    expect(specAt(release, 'values.engines.local.hostpath.enabled')).toBe(true);
    expect(specAt(release, 'values.mayastor.csi.node.kubeletDir')).toBe('/var/snap/microk8s/common/var/lib/kubelet');
    expect(specAt(release, 'values.openebs-crds.csi.volumeSnapshots.enabled')).toBe(true);
    expect(specAt(release, 'values.loki.enabled')).toBe(false);
    expect(release?.needs).toEqual(
      expect.arrayContaining(['storage/kubelet@*', 'storage/nvme-tcp@*', 'storage/engine@*']),
    );
  });

  it('has the release make its class anew when that is the default one and somebody deleted it', () => {
    const brings = (of: Cluster) => specAt(resources(of).get('storage/openebs@cluster'), 'brings');
    expect(brings(file({ defaultClass: 'openebs-single-replica' }))).toEqual([
      'openebs-hostpath',
      'openebs-single-replica',
    ]);
    expect(brings(file())).toEqual(['openebs-hostpath']);
  });

  it('has the release once, with or without hostpath volumes of its own', () => {
    for (const openebs of [true, false]) {
      const ids = storageStep.resources(file({ openebs })).map((it) => it.id);
      expect(ids.filter((id) => id === 'storage/openebs@cluster')).toHaveLength(1);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  it('names a pool by its machine and its disk, wherever the line stands', () => {
    const names = (of: Cluster) =>
      (specAt(resources(of).get('storage/pools@cluster'), 'pools') as { name: string; disk: string }[]).map(
        ({ name, disk }) => `${disk} ${name}`,
      );
    const turned = file({ mayastor: { pools: [...(file().storage?.mayastor?.pools ?? [])].reverse() } });
    expect(names(turned).sort()).toEqual(names(file()).sort());
    expect(names(file())[0]).toMatch(/^\/dev\/disk\/by-id\/ata-ONE rig1-[0-9a-f]{8}$/);
  });

  it('keeps the engines until the pools are undone', () => {
    const pools = all.get('storage/pools@cluster') as Declared;
    const lasting = lastingNeeds(pools, [...all.values()], kinds);
    for (const name of ['hugepages', 'engine', 'nvme-tcp']) expect(lasting).toContain(`storage/${name}@rig3`);
  });

  it('asks for the room of three engines and of what steers them', () => {
    expect(storageStep.asksFor?.(file())).toContainEqual({ name: 'Mayastor', cpu: 7500, memory: 11_264 });
  });
});

/** Each key that mlk8s sets, and where a sheet has it. `inferred`: no sheet has read the values of this chart version. */
const KEYS: Readonly<Record<string, string>> = {
  'engines.replicated.mayastor.enabled': 'storage sheet 2.2, O46',
  'mayastor.csi.node.kubeletDir': 'storage sheet 1, O',
  'mayastor.io_engine.cpuCount': 'storage sheet 2.3, O46',
  'mayastor.eventing.enabled': 'storage sheet 2.3, O46',
  'mayastor.obs.callhome.enabled': 'storage sheet 2.3, O46',
  'openebs-crds.csi.volumeSnapshots.enabled': 'storage sheet 2.2, O (inferred for 4.6.1)',
};

it('sets no value that the sheet does not have', () => {
  const flat = (value: Json, path = ''): string[] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, inner]) => flat(inner as Json, path === '' ? key : `${path}.${key}`))
      : [path];
  const valuesOf = (of: Cluster) => specAt(resources(of).get('storage/openebs@cluster'), 'values') as Json;
  const plain = valuesOf(cluster(machines, { storage: { openebs: true, hostpath: false } }));
  const before = new Map(flat(plain).map((path) => [path, valueAt(plain, path)]));
  const changed = flat(valuesOf(file())).filter((path) => before.get(path) !== valueAt(valuesOf(file()), path));
  expect(changed.sort()).toEqual(Object.keys(KEYS).sort());
});

const valueAt = (value: Json, path: string): unknown =>
  path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value);

describe('a file that does not ask for Mayastor any more', () => {
  const plain = cluster(machines, { storage: { openebs: true, hostpath: false } });
  const guard = resources(plain).get('storage/no-pools@cluster') as Declared;
  const judge = (records: InventoryRecord[], prunes = false) =>
    kinds['no-pools']?.judge(guard, worldOf({ file: plain, records, prunes }));

  it('leaves the release alone while mlk8s keeps pools, and names them', () => {
    const spec = resources(file()).get('storage/pools@cluster')?.spec as Json;
    const record: InventoryRecord = {
      ...{ id: 'storage/pools@cluster', kind: 'disk-pools', on: 'cluster', spec },
      ...{ origin: 'created', state: 'done' },
    };
    expect(resources(plain).get('storage/openebs@cluster')?.needs).toContain(guard.id);
    expect(judge([record])).toMatchObject({
      verdict: 'refused',
      problem: {
        seen: expect.stringMatching(/pools are there: rig1-\w+ \(\/dev\/disk\/by-id\/ata-ONE of rig1\), rig2-/),
        next: [expect.stringContaining('storage.mayastor'), expect.stringMatching(/^mlk8s up --prune {3}/)],
      },
    });
    expect(judge([record], true)).toMatchObject({ verdict: 'later', after: 'storage/pools@cluster' });
  });

  it('goes on when there are none', () => {
    expect(judge([])).toEqual({ verdict: 'ok', because: 'mlk8s keeps no pools of Mayastor' });
  });
});
