import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { misfit, pinned } from '../../../src/charts/catalogue.ts';
import type { Data } from '../../../src/charts/values.ts';
import type { Cluster } from '../../../src/config/schema.ts';
import type { Declared } from '../../../src/engine/types.ts';
import type { HelmReleaseSpec } from '../../../src/resources/helm-release.ts';
import { kinds } from '../../../src/resources/index.ts';
import type { ProofSpec } from '../../../src/resources/proof.ts';
import { inCluster, loadsOf, modeOf } from '../../../src/steps/gpu/cluster.ts';
import { onMachines } from '../../../src/steps/gpu/runtime.ts';
import { unknownKeys } from '../../charts/recorded-keys.ts';
import { asHelmReads, realTools } from '../../real-tools.ts';
import { cluster, node, worldOf } from '../../resources/world.ts';

type Gpu = NonNullable<Cluster['gpu']>;

const GPU: Gpu = { mode: 'auto', driver: 'host', sharing: 1 };
const file = (gpu: Partial<Gpu>, more: Partial<Cluster> & { machines?: number } = {}): Cluster => {
  const { machines = 2, ...rest } = more;
  const nodes = Array.from({ length: machines }, (_, i) =>
    node(`rig${i + 1}`, i === 0 ? { role: 'control-plane' } : {}),
  );
  return cluster(nodes, { gpu: { ...GPU, ...gpu }, ...rest });
};
const ids = (all: readonly Declared[]) => all.map(({ id }) => id);
const releasesOf = (of: Cluster) =>
  inCluster(of).flatMap((it) => (it.kind === 'helm-release' ? [it.spec as HelmReleaseSpec] : []));

function proofOf(of: Cluster): ProofSpec {
  const found = inCluster(of).find(({ kind }) => kind === 'proof');
  if (!found) throw new Error('there is no proof');
  return found.spec as ProofSpec;
}

describe('the way that pods get at cards', () => {
  it.each<[number, Partial<Gpu>, string]>([
    [1, {}, 'device-plugin'],
    [2, {}, 'operator'],
    [5, { driver: 'none' }, 'operator'],
    [1, { driver: 'operator' }, 'operator'],
    [1, { mode: 'operator' }, 'operator'],
    [5, { mode: 'device-plugin' }, 'device-plugin'],
  ])('with %i machines and %j is %s', (machines, gpu, mode) => expect(modeOf(file(gpu, { machines }))).toBe(mode));

  it('is nothing without the section', () => {
    const none = cluster([node('rig1')]);
    expect([inCluster(none), onMachines(none), loadsOf(none)]).toEqual([[], [], []]);
  });
});

describe('what is declared', () => {
  it('with the operator', () => {
    const it = file({});
    expect(ids([...onMachines(it), ...inCluster(it)])).toEqual([
      'gpu/lone-nfd@cluster',
      'gpu/runtime-class@cluster',
      'gpu/gpu-operator@cluster',
      'gpu/cluster-policy@cluster',
      'gpu/toolkit@cluster',
      'gpu/allocatable@rig1',
      'gpu/proof@rig1',
      'gpu/allocatable@rig2',
      'gpu/proof@rig2',
    ]);
    expect(loadsOf(it)).toEqual([{ name: 'GPU operator', cpu: 315, memory: 420, perNode: { cpu: 5, memory: 64 } }]);
  });

  it('with the device plugin', () => {
    const it = file({}, { machines: 1 });
    expect(ids([...onMachines(it), ...inCluster(it)])).toEqual([
      'gpu/toolkit@rig1',
      'gpu/lone-nfd@cluster',
      'gpu/runtime-class@cluster',
      'gpu/device-plugin@cluster',
      'gpu/dcgm-exporter@cluster',
      'gpu/allocatable@rig1',
      'gpu/proof@rig1',
    ]);
  });

  it('keeps drivers, labels and the RuntimeClass before all that pods bring', () => {
    for (const it of [file({}), file({}, { machines: 1 })]) {
      const first = inCluster(it).find(({ kind }) => kind === 'helm-release');
      expect(first?.needs).toEqual(
        expect.arrayContaining(['gpu/driver@*', 'gpu/lone-nfd@cluster', 'gpu/runtime-class@cluster']),
      );
    }
  });

  it('changes nothing that differs between the two ways while the other one is there', () => {
    for (const it of [file({}), file({}, { machines: 1 })]) {
      const differs = ['runtime-class', 'container-toolkit', 'helm-release'];
      const all = [...onMachines(it), ...inCluster(it)].filter(({ kind }) => differs.includes(kind));
      const first = all.filter(({ id }) => id !== 'gpu/dcgm-exporter@cluster');
      expect(first.filter(({ needs }) => !needs.includes('gpu/lone-nfd@cluster'))).toEqual([]);
    }
  });

  it('gives the RuntimeClass the handler of each way', () => {
    const specOf = (it: Cluster) => inCluster(it).find(({ kind }) => kind === 'runtime-class')?.spec;
    expect(specOf(file({}))).toEqual({ name: 'nvidia', handler: 'nvidia', by: 'operator' });
    expect(specOf(file({}, { machines: 1 }))).toEqual({
      ...{ name: 'nvidia', by: 'mlk8s' },
      handler: 'nvidia-container-runtime',
    });
  });

  it('brings no second node-feature-discovery when the user has switched ours off', () => {
    const brings = (it: Cluster) => inCluster(it).find(({ kind }) => kind === 'lone-nfd')?.spec as { brings: boolean };
    const one = { machines: 1 };
    expect(brings(file({})).brings).toBe(true);
    expect(brings(file({}, { values: { 'gpu-operator': { nfd: { enabled: false } } } })).brings).toBe(false);
    expect(brings(file({}, one)).brings).toBe(true);
    const off = { 'nvidia-device-plugin': { gfd: { enabled: false } } };
    expect(brings(file({}, { ...one, values: off })).brings).toBe(false);
  });

  it('proves anew when the driver, the sharing or values change', () => {
    const inputs = (it: Cluster) => proofOf(it).inputs;
    const all = [
      file({}),
      file({ sharing: 2 }),
      file({ driver: 'none' }),
      file({}, { values: { 'gpu-operator': { nfd: { enabled: false } } } }),
    ];
    expect(new Set(all.map((it) => JSON.stringify(inputs(it)))).size).toBe(all.length);
  });
});

const VARIANTS: [string, Cluster][] = [
  ['operator-host', file({})],
  ['operator-operator', file({ driver: 'operator' })],
  ['operator-sharing', file({ sharing: 4 })],
  ['plugin', file({}, { machines: 1 })],
  ['plugin-sharing', file({ sharing: 4 }, { machines: 1 })],
];

describe.each(VARIANTS)('values: %s', (name, of) => {
  it('are those of the golden file', async () => {
    const shown = Object.fromEntries(releasesOf(of).map(({ release, values }) => [release, values]));
    await expect(stringify(shown)).toMatchFileSnapshot(`../../golden/gpu/${name}.yaml`);
  });

  it('have only keys that the chart is known to have', () => {
    for (const release of releasesOf(of)) expect(unknownKeys(release)).toEqual([]);
  });
});

describe('tracks', () => {
  it.each(['1.33', '1.34', '1.35', '1.36'])('gives the operator the same values on %s', (track) => {
    const on = file({ sharing: 4 }, { microk8s: { channel: `${track}/stable` } });
    expect(releasesOf(on)).toEqual(releasesOf(file({ sharing: 4 })));
    expect(misfit(pinned().charts['gpu-operator'] as never, `${track}/stable`)).toBeUndefined();
  });

  it('refuses the operator where containerd is too old for its way', () => {
    expect(misfit(pinned().charts['gpu-operator'] as never, '1.32/stable')).toContain('1.33 to 1.37');
  });
});

describe('the real helm and kubectl', () => {
  it.each(VARIANTS)('helm reads the values as they are meant: %s', (_, of) => {
    for (const { values } of releasesOf(of)) expect(asHelmReads(values)).toEqual(values);
  });

  /** `--local` decodes the object into the types of Kubernetes: a field that they lack is lost. */
  function decoded(object: object): unknown {
    const args = ['label', '--local', '-o', 'json', '-f', '-', 'seen=yes'];
    const out = execFileSync(join(realTools(), 'kubectl'), args, {
      input: JSON.stringify(object),
      env: { KUBECONFIG: '/dev/null' },
    });
    return JSON.parse(out.toString());
  }

  it('kubectl knows every field of the pod that computes', () => {
    const pod = proofOf(file({})).objects[0] as Data;
    expect(decoded(pod)).toMatchObject({ spec: pod.spec });
  });

  it('kubectl knows every field of the RuntimeClass', () => {
    const it = inCluster(file({}, { machines: 1 })).find(({ kind }) => kind === 'runtime-class') as Declared;
    const verdict = kinds['runtime-class']?.judge(it, worldOf({}));
    const [move] = verdict?.verdict === 'change' ? verdict.moves : [];
    const [, json = ''] = /^printf %s '(.*)' \|/.exec(move && 'run' in move ? move.run.bash : '') ?? [];
    const object = JSON.parse(json) as object;
    expect(object).toMatchObject({ kind: 'RuntimeClass', handler: 'nvidia-container-runtime' });
    expect(decoded(object)).toMatchObject(object);
  });
});

describe('sharing', () => {
  const configOf = (values: Data, ...path: string[]): unknown =>
    path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], values);

  it('has another name for another content, because the plugin reads the same name only once', () => {
    const name = (sharing: number) => {
      const [{ values }] = releasesOf(file({ sharing })) as [HelmReleaseSpec];
      return configOf(values, 'devicePlugin', 'config', 'name');
    };
    expect([name(2), name(4)]).toEqual(['mlk8s-time-slicing-2', 'mlk8s-time-slicing-4']);
  });

  it('is a text that the plugin can read', () => {
    const [{ values }] = releasesOf(file({ sharing: 4 }, { machines: 1 })) as [HelmReleaseSpec];
    const text = configOf(values, 'config', 'map', 'time-slicing-4') as string;
    expect(parse(text)).toEqual({
      version: 'v1',
      sharing: {
        timeSlicing: { failRequestsGreaterThanOne: true, resources: [{ name: 'nvidia.com/gpu', replicas: 4 }] },
      },
    });
  });
});
