import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type Data, flatLines } from '../../../src/charts/values.ts';
import type { Cluster } from '../../../src/config/schema.ts';
import { checkNeeds } from '../../../src/engine/judge.ts';
import type { Declared } from '../../../src/engine/types.ts';
import type { HelmReleaseSpec } from '../../../src/resources/helm-release.ts';
import type { KubeManifest } from '../../../src/resources/manifest.ts';
import { inCluster } from '../../../src/steps/gpu/cluster.ts';
import { monitoringStep } from '../../../src/steps/monitoring/index.ts';
import { storageStep } from '../../../src/steps/storage/index.ts';
import { unknownKeys } from '../../charts/recorded-keys.ts';
import { asHelmReads, listOf, namesByKubectl } from '../../real-tools.ts';
import { cluster, node, worldOf } from '../../resources/world.ts';

type Monitoring = NonNullable<Cluster['monitoring']>;

const nodes = [node('rig1', { role: 'control-plane' }), node('rig2'), node('rig3')];
const storage = { openebs: true, hostpath: false };
const DEFAULTS: Monitoring = { retentionDays: 15, sizeGi: 20, pushgateway: true, alerts: {} };
const file = (monitoring: Partial<Monitoring> = {}, more: Partial<Cluster> = {}): Cluster =>
  cluster(nodes, { storage, monitoring: { ...DEFAULTS, ...monitoring }, ...more });

const resources = (of: Cluster) => monitoringStep.resources(of);
const ids = (of: Cluster) => resources(of).map(({ id }) => id);
function find(of: Cluster, id: string): Declared {
  const found = resources(of).find((it) => it.id === id);
  if (!found) throw new Error(`there is no ${id}`);
  return found;
}
const releasesOf = (of: Cluster) =>
  resources(of).flatMap((it) => (it.kind === 'helm-release' ? [it.spec as HelmReleaseSpec] : []));
const objectsOf = (it: Declared) => (it.spec as { objects: readonly KubeManifest[] }).objects;
const stackValues = (of: Cluster) => (find(of, 'monitoring/stack@cluster').spec as HelmReleaseSpec).values;
const at = (values: Data, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], values);

describe('what is declared', () => {
  it('is nothing without the section', () => {
    const none = cluster(nodes, { storage });
    expect([ids(none), monitoringStep.asksFor?.(none), monitoringStep.services?.(none)]).toEqual([[], [], []]);
  });

  it('by default: types, login, volumes, the stack, what it asks, rules and dashboards', () => {
    expect(ids(file())).toEqual([
      'monitoring/lone-stack@cluster',
      'monitoring/types-owner@cluster',
      'monitoring/crds@cluster',
      'monitoring/grafana-admin@cluster',
      'monitoring/grafana-data@cluster',
      'monitoring/stack@cluster',
      'monitoring/targets@cluster',
      'monitoring/blackbox@cluster',
      'monitoring/pushgateway@cluster',
      'monitoring/rules@cluster',
      'monitoring/dashboards@cluster',
    ]);
  });

  it('has no pushgateway when nobody wants one', () => {
    expect(ids(file({ pushgateway: false }))).not.toContain('monitoring/pushgateway@cluster');
    expect(monitoringStep.services?.(file({ pushgateway: false })).map(({ name }) => name)).not.toContain(
      'pushgateway',
    );
  });

  it('has the secrets of alerts before the stack that mounts them', () => {
    const of = file({ alerts: { ntfy: { url: 'https://ntfy.sh/x', token: 'env:NTFY' } } });
    expect(find(of, 'monitoring/stack@cluster').needs).toContain('monitoring/alert-secrets@cluster');
    expect(at(stackValues(of), 'alertmanager.alertmanagerSpec.secrets')).toEqual(['mlk8s-alerts']);
  });

  it('needs only what some step lists', () => {
    const of = file({ alerts: { webhook: { url: 'env:URL' } } });
    const others = [...storageStep.resources(of), ...needed];
    expect(() => checkNeeds([...others, ...resources(of)])).not.toThrow();
  });

  it('never tells what it generates', () => {
    expect(find(file(), 'monitoring/grafana-admin@cluster').spec).toMatchObject({
      fixed: { 'admin-user': 'admin' },
      generated: ['admin-password'],
      knownTo: 'grafana-data',
    });
  });
});

/** Of the steps node, microk8s and capacity, as far as others need it. */
const needed: readonly Declared[] = [
  ...['microk8s/dns@cluster', 'capacity/room@cluster'],
  ...nodes.flatMap(({ name }) => [`microk8s/member@${name}`, `node/data-dir@${name}`]),
].map((id) => ({ kind: 'x', id, on: 'cluster', needs: [], spec: {} }) as unknown as Declared);

describe('the order', () => {
  const gpu: Cluster['gpu'] = { mode: 'operator', driver: 'host', sharing: 1 };
  const light: Cluster['gpu'] = { ...gpu, mode: 'device-plugin' };
  const needsOf = (of: Cluster, id: string) => inCluster(of).find((it) => it.id === id)?.needs;

  it('has the types of monitors before whatever brings monitors', () => {
    expect(needsOf(file({}, { gpu }), 'gpu/gpu-operator@cluster')).toContain('monitoring/crds@cluster');
    expect(needsOf(file({}, { gpu: light }), 'gpu/dcgm-exporter@cluster')).toContain('monitoring/crds@cluster');
    expect(needsOf(cluster(nodes, { gpu }), 'gpu/gpu-operator@cluster')).not.toContain('monitoring/crds@cluster');
  });

  it('lets the light exporter of GPUs bring a monitor only where there are such types', () => {
    const isOn = (of: Cluster) => {
      const found = inCluster(of).find(({ id }) => id === 'gpu/dcgm-exporter@cluster');
      return at(found?.spec as Data, 'values.serviceMonitor.enabled');
    };
    expect([isOn(file({}, { gpu: light })), isOn(cluster(nodes, { gpu: light }))]).toEqual([true, false]);
  });

  it('has a default class before the first claim', () => {
    expect(find(file(), 'monitoring/grafana-data@cluster').needs).toContain('storage/default-class@cluster');
    expect(find(file(), 'monitoring/stack@cluster').needs).toContain('monitoring/grafana-data@cluster');
  });
});

/** Each trap of MicroK8s that the monitoring-and-cost sheet lists, by its place there. */
describe('the traps of MicroK8s', () => {
  const values = stackValues(file());

  it.each(['kubeControllerManager', 'kubeScheduler', 'kubeProxy', 'kubeEtcd'])('1.2: nobody asks %s', (name) =>
    expect(at(values, `${name}.enabled`)).toBe(false),
  );

  it.each(['KubeCPUOvercommit', 'KubeMemoryOvercommit', 'NodeSystemSaturation', 'CPUThrottlingHigh'])(
    '1.2: %s never fires where all is well',
    (name) => expect(at(values, `defaultRules.disabled.${name}`)).toBe(true),
  );

  it('1.2: no group of rules is left empty', () => {
    expect(at(values, 'defaultRules.rules')).toEqual({ kubeApiserverSlos: false, kubeApiserverBurnrate: false });
    expect(at(values, 'defaultRules.disabled.KubeAPIErrorBudgetBurn')).toBeUndefined();
  });

  it('1.2: clocks are watched unless the file leaves them alone', () => {
    const of = file({}, { node: { ...file().node, timeSync: false } });
    const key = 'defaultRules.disabled.NodeClockNotSynchronising';
    expect([at(values, key), at(stackValues(of), key)]).toEqual([undefined, true]);
  });

  it('1.2, 7/13: bind mounts of its kubelet and containerd are no disks', () => {
    const [mounts = '', types = ''] = at(values, 'prometheus-node-exporter.extraArgs') as string[];
    const excluded = new RegExp(mounts.replace('--collector.filesystem.mount-points-exclude=', ''));
    const are = (path: string) => excluded.test(path);
    expect(
      [
        '/var/snap/microk8s/common/var/lib/kubelet/pods/x/volumes/y',
        '/var/snap/microk8s/common/run/containerd/z',
        '/proc',
        '/sys/fs',
      ].filter((path) => !are(path)),
    ).toEqual([]);
    expect(['/', '/data/microk8s', '/var/snap/microk8s/common/default-storage', '/home'].filter(are)).toEqual([]);
    expect(types).toContain('squashfs');
  });

  it('1.2, 7/10: what the kubelet says of the whole process is thinned out', () => {
    const rules = at(values, 'kubelet.serviceMonitor.metricRelabelings') as { regex: string; sourceLabels: string[] }[];
    const [own, ours] = rules;
    expect(own?.sourceLabels).toEqual(['__name__', 'le']);
    const isDropped = (metric: string) => new RegExp(`^(?:${ours?.regex})$`).test(metric);
    expect(isDropped('apiserver_request_duration_seconds_bucket')).toBe(true);
    expect(['kubelet_volume_stats_available_bytes', 'up', 'apiserver_request_total'].some(isDropped)).toBe(false);
    expect(at(values, 'prometheus.prometheusSpec.scrapeInterval')).toBe('60s');
  });

  it.each(['serviceMonitor', 'podMonitor', 'probe', 'rule', 'scrapeConfig'])(
    '1.3, 7/2: every %s is picked up',
    (sort) => expect(at(values, `prometheus.prometheusSpec.${sort}SelectorNilUsesHelmValues`)).toBe(false),
  );

  it.each([
    [1, 7, '819MiB'],
    [20, 15, '16384MiB'],
    [100, 90, '81920MiB'],
  ])('1.3: of %i GiB Prometheus fills four fifths, and keeps %i days', (sizeGi, retentionDays, retentionSize) => {
    const spec = at(stackValues(file({ sizeGi, retentionDays })), 'prometheus.prometheusSpec');
    expect(spec).toMatchObject({ retention: `${retentionDays}d`, retentionSize });
    expect(spec).toMatchObject({
      storageSpec: { volumeClaimTemplate: { spec: { resources: { requests: { storage: `${sizeGi}Gi` } } } } },
    });
  });

  it('7/7, platform 5/9: every claim names its class', () => {
    const of = file({}, { storage: { ...storage, hostpath: true, defaultClass: 'microk8s-hostpath' } });
    const lines = flatLines(stackValues(of)).filter((line) => line.includes('storageClassName'));
    expect(lines).toHaveLength(2);
    expect(lines.every((line) => line.endsWith('"microk8s-hostpath"'))).toBe(true);
    expect(objectsOf(find(of, 'monitoring/grafana-data@cluster'))[0]?.spec).toMatchObject({
      storageClassName: 'microk8s-hostpath',
    });
  });

  it('7/6: a new pod of Grafana never waits for the volume of the old one', () => {
    expect(at(values, 'grafana.deploymentStrategy.type')).toBe('Recreate');
    expect(at(values, 'grafana.persistence')).toEqual({ enabled: true, existingClaim: 'grafana-data' });
  });

  it('7/8: the password is not one that everybody knows', () => {
    expect(at(values, 'grafana.admin')).toEqual({
      existingSecret: 'grafana-admin',
      userKey: 'admin-user',
      passwordKey: 'admin-password',
    });
    expect(JSON.stringify(values)).not.toContain('prom-operator');
  });

  it('7/9: Grafana is found at the port of its Service', () => {
    expect(monitoringStep.services?.(file())).toMatchObject([
      { name: 'grafana', service: 'kube-prom-stack-grafana', port: 80, web: true, login: { secret: 'grafana-admin' } },
      { name: 'prometheus', service: 'kube-prom-stack-kube-prome-prometheus', port: 9090, web: true },
      { name: 'alertmanager', service: 'kube-prom-stack-kube-prome-alertmanager', port: 9093, web: true },
      { name: 'pushgateway', port: 9091, web: false },
    ]);
  });

  it('7/3: the types are a release of their own, and outlive it', () => {
    expect(at(values, 'crds.enabled')).toBe(false);
    const { chart, values: ofTypes } = find(file(), 'monitoring/crds@cluster').spec as HelmReleaseSpec;
    expect([chart, ofTypes]).toEqual([
      'prometheus-operator-crds',
      { crds: { annotations: { 'helm.sh/resource-policy': 'keep' } } },
    ]);
  });

  it('platform 5/5: no type is handed over and nothing is installed beside another stack', () => {
    expect(find(file(), 'monitoring/types-owner@cluster').needs).toEqual(['monitoring/lone-stack@cluster']);
    expect(find(file(), 'monitoring/crds@cluster').needs).toContain('monitoring/types-owner@cluster');
  });

  it('platform 5/6: types that the addon left behind are no obstacle', () => {
    expect(find(file(), 'monitoring/crds@cluster').needs).toContain('monitoring/types-owner@cluster');
  });

  it('platform 1: release and namespace have the names of the addon', () => {
    expect(find(file(), 'monitoring/stack@cluster').spec).toMatchObject({
      release: 'kube-prom-stack',
      namespace: 'observability',
    });
  });
});

describe('rules', () => {
  const [rules, probe] = objectsOf(find(file(), 'monitoring/rules@cluster')) as [KubeManifest, KubeManifest];
  const all = (
    rules.spec as { groups: { rules: { alert: string; expr: string; annotations: object }[] }[] }
  ).groups.flatMap((group) => group.rules);

  it('are about what goes wrong at home', () => {
    expect(all.map(({ alert }) => alert)).toEqual([
      'MachineDown',
      'DiskFilling',
      'DiskFullTomorrow',
      'MemoryLow',
      'MachineHot',
      'GpuHot',
      'GpuMemoryHot',
      'GpuXid',
      'VolumeFilling',
      'CertificateExpiring',
      'CertificateNotRenewed',
      'ApiSilent',
    ]);
  });

  it('say what it is, what it means and what to do', () => {
    for (const { annotations } of all) expect(Object.keys(annotations)).toEqual(['summary', 'description', 'action']);
  });

  it('watch the certificate of each control plane', () => {
    expect(probe.spec).toMatchObject({
      module: 'tls',
      targets: { staticConfig: { static: [`${nodes[0]?.address}:16443`] } },
    });
    const { values } = find(file(), 'monitoring/blackbox@cluster').spec as HelmReleaseSpec;
    expect(at(values, 'config.modules.tls.tcp.tls')).toBe(true);
  });
});

describe('dashboards', () => {
  const maps = objectsOf(find(file(), 'monitoring/dashboards@cluster'));
  type Panel = {
    id: number;
    title: string;
    targets: { expr: string; refId: string }[];
    gridPos: Record<string, number>;
  };
  type Board = { uid: string; title: string; panels: Panel[] };
  const boards = maps.map((map) => JSON.parse(Object.values(map.data as Record<string, string>)[0] ?? '') as Board);

  it('are found by the sidecar of Grafana, one for machines, one for cards, one for storage', () => {
    for (const { metadata } of maps) expect(metadata.labels).toEqual({ grafana_dashboard: '1' });
    expect(boards.map(({ uid }) => uid)).toEqual(['mlk8s-machines', 'mlk8s-gpus', 'mlk8s-storage']);
  });

  it.each(boards.map((board) => [board.title, board] as const))(
    '%s has panels that ask something, side by side',
    (_, { panels }) => {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      expect(panels.flatMap(({ targets }) => targets).every(({ expr }) => expr.length > 5)).toBe(true);
      const cells = panels.flatMap(({ gridPos: { x = 0, y = 0, w = 0, h = 0 } }) =>
        Array.from({ length: w * h }, (_unused, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(panels.every(({ gridPos: { x = 0, w = 0 } }) => x + w <= 24)).toBe(true);
    },
  );
});

it('asks for what its pods ask for, with their volumes', () => {
  expect(monitoringStep.asksFor?.(file({ sizeGi: 50 }))).toEqual([
    { name: 'Prometheus', cpu: 290, memory: 1536, perNode: { cpu: 10, memory: 48 }, disk: 62 },
    { name: 'Blackbox exporter', cpu: 10, memory: 32 },
    { name: 'Pushgateway', cpu: 10, memory: 32 },
  ]);
  const requests = flatLines(stackValues(file())).filter((line) => /resources\.requests\.cpu/.test(line));
  const cpu = requests.map((line) => Number(/"(\d+)m"/.exec(line)?.[1]));
  expect(cpu.reduce((sum, each) => sum + each, 0)).toBe(290 + 10);
});

it('says what to open', () => {
  expect(monitoringStep.notes?.(worldOf({ file: file() }))).toEqual([
    'dashboards: mlk8s open grafana; its password: mlk8s credentials',
  ]);
});

const VARIANTS: [string, Cluster][] = [
  ['default', file()],
  ['small', file({ sizeGi: 5, retentionDays: 7, pushgateway: false })],
  ['alerts', file({ alerts: { telegram: { chat: -1001, token: 'env:BOT' } } })],
];

describe.each(VARIANTS)('values: %s', (name, of) => {
  it('are those of the golden file', async () => {
    const shown = Object.fromEntries(releasesOf(of).map(({ release, values }) => [release, values]));
    await expect(stringify(shown)).toMatchFileSnapshot(`../../golden/monitoring/${name}.yaml`);
  });

  it('have only keys that the chart is known to have', () => {
    for (const release of releasesOf(of)) expect(unknownKeys(release)).toEqual([]);
  });
});

describe('the real helm and kubectl', () => {
  it.each(VARIANTS)('helm reads the values as they are meant: %s', (_, of) => {
    for (const { values } of releasesOf(of)) expect(asHelmReads(values)).toEqual(values);
  });

  const manifests = resources(file()).filter(({ kind }) => kind === 'manifest');
  it.each(manifests.map((it) => [it.id, objectsOf(it)] as const))('kubectl takes the objects of %s', (_, objects) => {
    expect(namesByKubectl(listOf(objects))).toHaveLength(objects.length);
  });
});
