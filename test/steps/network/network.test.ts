import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/config/schema.ts';
import { checkNeeds } from '../../../src/engine/judge.ts';
import type { Declared, Service, Step } from '../../../src/engine/types.ts';
import type { AddonSpec } from '../../../src/resources/addon.ts';
import type { HelmReleaseSpec } from '../../../src/resources/helm-release.ts';
import { type KubeManifest, manifest } from '../../../src/resources/manifest.ts';
import type { ProofSpec } from '../../../src/resources/proof.ts';
import { capacityStep } from '../../../src/steps/capacity/index.ts';
import { microk8sStep } from '../../../src/steps/microk8s/index.ts';
import { networkStep } from '../../../src/steps/network/index.ts';
import { nodeStep } from '../../../src/steps/node/index.ts';
import { release } from '../../../src/steps/release.ts';
import { storageStep } from '../../../src/steps/storage/index.ts';
import { keysOf, unknownKeys } from '../../charts/recorded-keys.ts';
import { listOf, namesByKubectl } from '../../real-tools.ts';
import { cluster, node, worldOf } from '../../resources/world.ts';

type Network = NonNullable<Cluster['network']>;

const tainted = { taints: [{ key: 'gpu', value: '', effect: 'NoSchedule' as const }] };
const nodes = [node('rig1', { role: 'control-plane' }), node('rig2', tainted), node('rig3')];
const file = (network?: Partial<Network>, more: Partial<Cluster> = {}): Cluster =>
  cluster(nodes, { ...(network ? { network: { domain: 'lab', ingress: true, tls: true, ...network } } : {}), ...more });
const range = { from: '192.168.1.200', to: '192.168.1.220' };

const service = (name: string, more: Partial<Service> = {}): Service => ({
  ...{ name, namespace: 'watch', service: `stack-${name}`, port: 80, web: true },
  ...more,
});
/** A step that brings things to look at, one of them from a namespace of its own. */
const bringer: Step = {
  name: 'watch',
  title: 'A stub',
  resources: (it) => [
    release(it, 'openebs', {
      ...{ id: 'watch/stack@cluster', release: 'stack', namespace: 'watch', values: {}, readyS: 1 },
    }),
    manifest({
      id: 'watch/board@cluster',
      on: 'cluster',
      needs: [],
      objects: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'boards' } }],
    }),
  ],
  services: () => [
    service('grafana'),
    service('board', { namespace: 'boards', port: 8080 }),
    service('db', { web: false }),
  ],
};

const step = networkStep([bringer]);
const ids = (of: Cluster, it = step) => it.resources(of).map(({ id }) => id);
function found<T>(of: Cluster, id: string, it = step): Declared<T> {
  const one = it.resources(of).find((each) => each.id === id);
  if (!one) throw new Error(`there is no ${id}`);
  return one as unknown as Declared<T>;
}
const objectsOf = (of: Cluster, id: string) => found<{ objects: readonly KubeManifest[] }>(of, id).spec.objects;

describe('what is declared', () => {
  it('is nothing without the section', () => expect(ids(file())).toEqual([]));

  it('by default: metrics, names, certificates, and proofs where the ingress runs', () => {
    expect(ids(file({}))).toEqual([
      'network/metrics-server@cluster',
      'network/lone-ingress@cluster',
      'network/ingress@cluster',
      'network/cert-manager@cluster',
      'network/ca@cluster',
      'network/certificates@cluster',
      'network/ingress-grafana@cluster',
      'network/ingress-board@cluster',
      'network/served@cluster',
      'network/names@workstation',
      'network/proof-ingress@rig1',
      'network/proof-ingress@rig3',
      'network/proof-certificate@rig2',
    ]);
  });

  it('with addresses of its own: MetalLB before the ingress, which takes the first address at once', () => {
    const of = file({ loadBalancer: range, tls: false });
    expect(ids(of, networkStep([]))).toEqual([
      'network/metrics-server@cluster',
      'network/metallb@cluster',
      'network/addresses@cluster',
      'network/lone-ingress@cluster',
      'network/ingress@cluster',
      'network/proof-ingress@rig1',
      'network/proof-ingress@rig3',
    ]);
    expect(found(of, 'network/metallb@cluster').needs).toContain('network/metrics-server@cluster');
    expect(found(of, 'network/ingress@cluster').needs).toContain('network/addresses@cluster');
    expect(found<AddonSpec>(of, 'network/metallb@cluster').spec.args).toEqual(['192.168.1.200-192.168.1.220']);
    expect(objectsOf(of, 'network/addresses@cluster')[0]?.spec).toEqual({ addresses: ['192.168.1.200-192.168.1.220'] });
  });

  it('without an ingress: certificates alone, and no names', () => {
    expect(ids(file({ ingress: false }))).toEqual([
      'network/metrics-server@cluster',
      'network/cert-manager@cluster',
      'network/ca@cluster',
      'network/certificates@cluster',
      'network/proof-certificate@rig2',
    ]);
  });

  it('claims the port of the registry before node ports are given out at random', () => {
    const of = file({ loadBalancer: range }, { storage: { openebs: true, hostpath: false, registry: { sizeGi: 40 } } });
    for (const name of ['metrics-server', 'metallb', 'ingress']) {
      expect(found(of, `network/${name}@cluster`).needs).toContain('storage/registry@cluster');
    }
  });

  it('needs only what some step lists', () => {
    const storage = { openebs: true, hostpath: false, registry: { sizeGi: 40 } };
    for (const of of [file({}), file({ loadBalancer: range }, { storage }), file({ ingress: false, tls: false })]) {
      const others = [bringer, storageStep];
      const all = [nodeStep(others), microk8sStep, capacityStep([networkStep(others)]), networkStep(others), ...others];
      expect(() => checkNeeds(all.flatMap((it) => it.resources(of)))).not.toThrow();
    }
  });
});

describe('the ingress', () => {
  const objects = (channel: string) =>
    found<AddonSpec>(file({}, { microk8s: { channel } }), 'network/ingress@cluster').spec.objects.map(
      ({ kind, metadata }) => `${kind} ${metadata.name}`,
    );

  it.each([
    ['1.34/stable', ['DaemonSet nginx-ingress-microk8s-controller', 'IngressClass public']],
    ['1.35/stable', ['IngressClass public', 'DaemonSet traefik', 'Service traefik']],
    ['1.36/edge', ['IngressClass public', 'DaemonSet traefik', 'Service traefik']],
  ])('of %s is known by what that track looks for', (channel, names) => expect(objects(channel)).toEqual(names));

  it.each(['1.34/stable', '1.35/stable'])('serves the class public on %s', (channel) => {
    const of = file({}, { microk8s: { channel } });
    expect(objectsOf(of, 'network/ingress-grafana@cluster')[0]?.spec).toMatchObject({ ingressClassName: 'public' });
  });

  it('has a name for every service of the web, with a certificate, when its namespace is there', () => {
    const of = file({});
    const [ingress] = objectsOf(of, 'network/ingress-board@cluster');
    expect(ingress).toMatchObject({
      metadata: { namespace: 'boards', annotations: { 'cert-manager.io/cluster-issuer': 'mlk8s-ca' } },
      spec: {
        rules: [
          {
            host: 'board.lab',
            http: { paths: [{ backend: { service: { name: 'stack-board', port: { number: 8080 } } } }] },
          },
        ],
        tls: [{ hosts: ['board.lab'], secretName: 'board-tls' }],
      },
    });
    const needs = (name: string) => found(of, `network/ingress-${name}@cluster`).needs;
    expect(needs('board')).toEqual(['network/ingress@cluster', 'network/ca@cluster', 'watch/board@cluster']);
    expect(needs('grafana')).toEqual(['network/ingress@cluster', 'network/ca@cluster', 'watch/stack@cluster']);
    const plain = objectsOf(file({ tls: false }), 'network/ingress-board@cluster')[0];
    expect([plain?.metadata.annotations, (plain?.spec as object | undefined) ?? {}]).toEqual([
      undefined,
      expect.not.objectContaining({ tls: expect.anything() }),
    ]);
  });
});

describe('names', () => {
  const hosts = (of: Cluster, name: string) =>
    found<{ lines: string[] }>(of, `node/hosts@${name}`, nodeStep([bringer])).spec.lines;

  it('are in the block of every machine: each asks itself, unless its taint keeps the ingress away', () => {
    expect(hosts(file({}), 'rig3')).toContain('192.168.1.13 grafana.lab board.lab');
    expect(hosts(file({}), 'rig2')).toContain('192.168.1.11 grafana.lab board.lab');
    expect(hosts(file({ domain: 'home.arpa' }), 'rig1')).toContain('192.168.1.11 grafana.home.arpa board.home.arpa');
  });

  it.each([file(), file({ ingress: false })])('are nowhere without an ingress', (of) => {
    expect(hosts(of, 'rig1').join()).not.toContain('grafana');
  });

  it('are looked for on the workstation, unless it is a machine of the cluster', () => {
    expect(found(file({}), 'network/names@workstation').spec).toEqual({
      names: ['grafana.lab', 'board.lab'],
      address: '192.168.1.11',
      machines: ['192.168.1.11', '192.168.1.13'],
    });
    const local = { ...file({}), nodes: [{ ...nodes[0], local: true } as (typeof nodes)[number]] };
    expect(ids(local)).not.toContain('network/names@workstation');
  });
});

it('says what to open', () => {
  expect(step.notes?.(worldOf({ file: file({}) }))).toEqual([
    'grafana: https://grafana.lab',
    'board: https://board.lab',
    'to have browsers trust these names: mlk8s ca --help',
  ]);
  expect(step.notes?.(worldOf({ file: file({ tls: false }) }))).toEqual([
    'grafana: http://grafana.lab',
    'board: http://board.lab',
  ]);
  expect(step.notes?.(worldOf({ file: file() }))).toEqual([]);
});

it('asks for what its pods ask for', () => {
  expect(step.asksFor?.(file({ loadBalancer: range }))).toEqual([
    { name: 'metrics-server', cpu: 100, memory: 200 },
    { name: 'MetalLB' },
    { name: 'Ingress' },
    { name: 'cert-manager' },
  ]);
  expect(step.asksFor?.(file())).toEqual([]);
});

describe('proofs', () => {
  it('ask the machine that they run on, by a name, and never look at the address of an Ingress', () => {
    const { spec } = found<ProofSpec>(file({}), 'network/proof-ingress@rig3');
    const [, ingress, pod] = spec.objects;
    expect(ingress?.spec).toMatchObject({ ingressClassName: 'public', rules: [{ host: 'proof-rig3.lab' }] });
    expect(JSON.stringify(pod)).toContain(`--header 'Host: proof-rig3.lab' \\"http://$MACHINE/\\"`);
    expect(JSON.stringify(step.resources(file({ loadBalancer: range })))).not.toMatch(/status\.loadBalancer/);
  });

  it('are done anew with another ingress', () => {
    const inputs = (channel: string) =>
      found<ProofSpec>(file({}, { microk8s: { channel } }), 'network/proof-ingress@rig1').spec.inputs;
    expect(inputs('1.34/stable')).not.toEqual(inputs('1.35/stable'));
  });

  it('put scripts into their pods that a shell reads', () => {
    const pods = ['network/proof-ingress@rig1', 'network/proof-certificate@rig2'].map(
      (id) =>
        found<ProofSpec>(file({}), id).spec.objects.at(-1) as unknown as {
          spec: { containers: [{ command: string[] }] };
        },
    );
    for (const pod of pods) {
      const [shell, option, script = ''] = pod.spec.containers[0].command;
      expect([shell, option]).toEqual(['sh', '-c']);
      expect(execFileSync('sh', ['-n'], { input: script, encoding: 'utf8' })).toBe('');
    }
  });
});

it('sets only values of cert-manager that are in the recorded key list', () => {
  const { spec } = found<HelmReleaseSpec>(file({}), 'network/cert-manager@cluster');
  expect(keysOf(spec)).toHaveLength(3);
  expect(unknownKeys(spec)).toEqual([]);
});

describe('the real kubectl', () => {
  const all = step.resources(file({ loadBalancer: range }));
  const written = all.filter(({ kind }) => ['manifest', 'proof'].includes(kind));
  it.each(written.map((it) => [it.id, (it.spec as { objects: readonly object[] }).objects] as const))(
    'takes the objects of %s',
    (_, objects) => expect(namesByKubectl(listOf(objects))).toHaveLength(objects.length),
  );
});
