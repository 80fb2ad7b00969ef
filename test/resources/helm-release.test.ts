import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chartOf } from '../../src/charts/catalogue.ts';
import type { ChartKey } from '../../src/charts/keys.ts';
import type { Data } from '../../src/charts/values.ts';
import type { Declared, Verdict } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { helmRelease } from '../../src/resources/helm-release.ts';
import { kinds } from '../../src/resources/index.ts';
import { InCluster } from './in-cluster.ts';
import { doings, said, worldOf } from './world.ts';

let it1: InCluster;
beforeEach(async () => {
  it1 = new InCluster();
  await it1.start();
});
afterEach(() => it1.stop());

const OFF = { enabled: false };
const lean = {
  engines: { local: { lvm: OFF, zfs: OFF }, replicated: { mayastor: OFF } },
  loki: OFF,
  alloy: OFF,
} satisfies Data;

const openebs = (values: Data = lean, more: { version?: string; local?: string; key?: ChartKey } = {}): Declared => {
  const pin = chartOf(more.key ?? 'openebs');
  return helmRelease({
    id: 'storage/openebs@cluster',
    on: 'cluster',
    needs: [],
    release: 'openebs',
    namespace: 'openebs',
    chart: { ...pin, version: more.version ?? pin.version },
    values,
    readyS: 600,
    local: more.local,
  }) as Declared;
};

const helm = (words: string, stdin = '') => it1.lab.mk('cp1', `helm3 ${words}`, { stdin });

/** Judged, applied, and given the time that its pods take. */
async function settle(it: Declared): Promise<void> {
  expect(await it1.apply(it, await it1.judge(it))).toEqual({ ok: true, err: '' });
  it1.lab.pass(120);
  expect(said(await it1.judge(it))).toMatch(/^ok: /);
}

it('is installed, comes up, and is right then', async () => {
  const absent = await it1.judge(openebs());
  expect(absent).toMatchObject({ verdict: 'change', because: 'release openebs is not installed' });
  expect(doings(absent)).toEqual(['install openebs 4.6.1 as release openebs']);
  expect(await it1.apply(openebs(), absent)).toEqual({ ok: true, err: '' });
  expect(await it1.judge(openebs())).toEqual({
    verdict: 'settling',
    because: 'Deployment openebs/openebs-localpv-provisioner has 0 of 1 ready (ContainerCreating)',
    deadlineS: 600,
  });
  it1.lab.pass(120);
  expect(said(await it1.judge(openebs()))).toBe('ok: openebs 4.6.1 is deployed and ready');
});

it('is planned while there is no cluster yet', async () => {
  const { kinds } = await import('../../src/resources/index.ts');
  const { worldOf } = await import('./world.ts');
  expect(kinds['helm-release']?.judge(openebs(), worldOf({}))).toMatchObject({
    verdict: 'change',
    because: 'there is no cluster yet',
  });
});

it('changes with its values and its version, and shows which', async () => {
  await settle(openebs(lean, { version: '4.4.0' }));
  const newer = await it1.judge(openebs({ ...lean, loki: { enabled: true } }));
  expect(newer).toMatchObject({
    verdict: 'change',
    because: 'release openebs has openebs 4.4.0, not 4.6.1',
    diff: [
      {
        what: 'release openebs',
        before: expect.stringMatching(/^version: 4\.4\.0\n[\s\S]*loki\.enabled: false\n/),
        after: expect.stringMatching(/^version: 4\.6\.1\n[\s\S]*loki\.enabled: true\n/),
      },
    ],
  });
  await settle(openebs());
  const other = openebs({ ...lean, alloy: { enabled: true } });
  expect(said(await it1.judge(other))).toBe('change: release openebs has other values');
  expect(doings(await it1.judge(other))).toEqual(['upgrade release openebs (openebs 4.6.1)']);
  await settle(other);
  await settle(openebs({ engines: lean.engines }));
  expect((await it1.lab.mk('cp1', 'kubectl get sts -n openebs -o name')).out).toContain('openebs-loki');
});

it('does not care in which order values stand', async () => {
  await settle(openebs({ a: { x: 1, y: 2 }, ...lean }));
  expect(said(await it1.judge(openebs({ ...lean, a: { y: 2, x: 1 } })))).toMatch(/^ok: /);
});

it('keeps values out of scripts: they are inputs', async () => {
  const values = { ...lean, own: `it's "$(touch x)"` };
  const verdict = await it1.judge(openebs(values));
  expect(await it1.apply(openebs(values), verdict)).toEqual({ ok: true, err: '' });
  expect(it1.ran.join('\n')).not.toContain('touch x');
  const status = JSON.parse((await helm('status openebs -n openebs -o json')).out) as { config: object };
  expect(status.config).toEqual(values);
});

describe('a helm that was cut off', () => {
  const cutOff = async (it: Declared) => {
    const verdict = await it1.judge(it);
    it1.killAfterS = 5;
    expect(await it1.apply(it, verdict)).toMatchObject({ ok: false });
    it1.killAfterS = undefined;
  };

  it('in the first install is removed, and installed again', async () => {
    await cutOff(openebs());
    const verdict = await it1.judge(openebs());
    expect(said(verdict)).toBe('change: release openebs was left pending-install by a helm that was cut off');
    expect(doings(verdict)).toEqual([
      'remove what is there of release openebs, which never was complete',
      'install openebs 4.6.1 as release openebs',
    ]);
    await settle(openebs());
  });

  it('in an upgrade is rolled back, and upgraded again', async () => {
    await settle(openebs());
    const other = openebs({ ...lean, alloy: { enabled: true } });
    await cutOff(other);
    const verdict = await it1.judge(other);
    expect(said(verdict)).toBe('change: release openebs was left pending-upgrade by a helm that was cut off');
    expect(doings(verdict)).toEqual([
      'roll release openebs back to revision 1',
      'upgrade release openebs (openebs 4.6.1)',
    ]);
    // And again, in the middle of the repair.
    it1.killAfterS = 2;
    expect(await it1.apply(other, verdict)).toMatchObject({ ok: false });
    it1.killAfterS = undefined;
    expect(said(await it1.judge(other))).toContain('was left pending-rollback');
    await settle(other);
  });

  it('after an install that failed is rolled back to that: what it brought may be in use', async () => {
    it1.lab.rig('cp1').faults.push('helmfails');
    await it1.apply(openebs(), await it1.judge(openebs()));
    await cutOff(openebs());
    const verdict = await it1.judge(openebs());
    expect(doings(verdict)[0]).toBe('roll release openebs back to revision 1');
    await settle(openebs());
  });

  it('is waited for as long as a job works on the lead', async () => {
    await cutOff(openebs());
    mkdirSync(join(it1.dir, 'jobs/j1'));
    expect(await it1.judge(openebs())).toEqual({
      verdict: 'settling',
      because: 'release openebs is pending-install: a job (j1) works on it',
      deadlineS: 900,
    });
    writeFileSync(join(it1.dir, 'jobs/j1/exit'), 'finished');
    expect(said(await it1.judge(openebs()))).toMatch(/^change: /);
  });

  it('of somebody else is waited for, not repaired', async () => {
    const command =
      'upgrade --install openebs openebs --repo https://openebs.github.io/openebs -n openebs --create-namespace';
    await it1.lab.mk('cp1', `helm3 ${command}`, { killAfterS: 5 }).catch(() => {});
    expect(said(await it1.judge(openebs()))).toBe(
      'settling: release openebs is pending-install: somebody else works on it',
    );
  });
});

it('that somebody changed by hand is put right', async () => {
  await settle(openebs());
  await helm('rollback openebs 1 -n openebs');
  expect(said(await it1.judge(openebs()))).toBe(
    'change: release openebs was changed by somebody else since revision 1',
  );
  await settle(openebs());
});

it('gets back a workload that somebody deleted', async () => {
  await settle(openebs());
  await it1.lab.mk('cp1', 'kubectl delete deployment -n openebs openebs-localpv-provisioner');
  expect(said(await it1.judge(openebs()))).toBe('change: the only workload of release openebs was deleted');
  await settle(openebs());
  expect((await it1.lab.mk('cp1', 'kubectl get deployments -n openebs -o name')).out).toContain('localpv-provisioner');
});

it('names what is there still when some of its workloads were deleted', async () => {
  await settle(openebs({ engines: lean.engines, loki: OFF }));
  await it1.lab.mk('cp1', 'kubectl delete deployment -n openebs openebs-localpv-provisioner');
  expect(said(await it1.judge(openebs({ engines: lean.engines, loki: OFF })))).toBe(
    'change: 1 of 2 workloads of release openebs was deleted; still there: DaemonSet openebs/openebs-alloy',
  );
});

describe('a release with Services and ConfigMaps', () => {
  const valkey = (): Declared =>
    helmRelease({
      id: 'databases/redis@cluster',
      on: 'cluster',
      needs: [],
      release: 'redis',
      namespace: 'redis',
      chart: chartOf('valkey'),
      values: { fullnameOverride: 'redis', valkeyConfig: 'appendonly yes' },
      readyS: 600,
    }) as Declared;

  it.each([
    ['scale deployment redis --replicas=0', 'Deployment redis/redis was scaled to 0'],
    ['delete service redis', 'the only Service of release redis was deleted'],
    ['delete configmap redis-config', 'the only ConfigMap of release redis was deleted'],
  ])('is upgraded, and whole again, after: %s', async (broken, because) => {
    await settle(valkey());
    await it1.lab.mk('cp1', `kubectl -n redis ${broken}`);
    const verdict = await it1.judge(valkey());
    expect(said(verdict)).toBe(`change: ${because}`);
    expect(doings(verdict)).toEqual(['upgrade release redis (valkey 0.11.0)']);
    await settle(valkey());
    const there = await it1.kubectl(
      '-n redis get deployments,services,configmaps -l app.kubernetes.io/managed-by=Helm -o name',
    );
    expect(there.trim().split('\n')).toEqual(['deployment.apps/redis', 'service/redis', 'configmap/redis-config']);
    expect(await it1.kubectl('-n redis get deployment redis -o jsonpath={.spec.replicas}')).toBe('1');
  });

  it('tells of all that is missing', async () => {
    await settle(valkey());
    await it1.lab.mk('cp1', 'kubectl -n redis scale deployment redis --replicas=0');
    await it1.lab.mk('cp1', 'kubectl -n redis delete service redis');
    expect(said(await it1.judge(valkey()))).toBe(
      'change: Deployment redis/redis was scaled to 0; the only Service of release redis was deleted',
    );
  });

  it('does not count what others have in its namespace', async () => {
    await settle(valkey());
    await it1.lab.mk('cp1', 'kubectl -n redis create configmap own');
    await it1.lab.mk('cp1', 'kubectl -n redis delete configmap redis-config');
    expect(said(await it1.judge(valkey()))).toBe('change: the only ConfigMap of release redis was deleted');
  });

  it('is left alone where an earlier version counted workloads only, those of no replicas too', async () => {
    await settle(valkey());
    await it1.lab.mk('cp1', 'kubectl -n redis label secrets -l owner=helm mlk8s.io/brought- mlk8s.io/workloads=1.1');
    await it1.lab.mk('cp1', 'kubectl -n redis scale deployment redis --replicas=0');
    await it1.lab.mk('cp1', 'kubectl -n redis delete service redis');
    expect(said(await it1.judge(valkey()))).toBe('ok: valkey 0.11.0 is deployed and ready');
    await it1.lab.mk('cp1', 'kubectl -n redis delete deployment redis');
    expect(said(await it1.judge(valkey()))).toBe('change: the only workload of release redis was deleted');
    await settle(valkey());
    await it1.lab.mk('cp1', 'kubectl -n redis delete service redis');
    expect(said(await it1.judge(valkey()))).toBe('change: the only Service of release redis was deleted');
  });
});

it('counts what it brought when helm was cut off before', async () => {
  await settle(openebs());
  await it1.lab.mk('cp1', 'kubectl -n openebs label secrets -l owner=helm mlk8s.io/brought-');
  expect(said(await it1.judge(openebs()))).toBe(
    'change: what release openebs brought was not counted: helm was cut off',
  );
  await settle(openebs());
});

it('counts nothing when the API does not list them: none would be missed later', async () => {
  await settle(openebs());
  await it1.lab.mk('cp1', 'kubectl -n openebs label secrets -l owner=helm mlk8s.io/brought-');
  const counting = await it1.judge(openebs());
  it1.intercept(`case "$*" in *'get deployments,'*) exit 1 ;; esac`);
  expect(await it1.apply(openebs(), counting)).toMatchObject({ ok: false });
  expect((await it1.lab.mk('cp1', 'kubectl get secrets -n openebs --show-labels')).out).not.toContain(
    'mlk8s.io/brought',
  );
});

it('that failed is tried again', async () => {
  it1.lab.rig('cp1').faults.push('helmfails');
  const { ok, err } = await it1.apply(openebs(), await it1.judge(openebs()));
  expect([ok, err]).toEqual([false, expect.stringContaining('timed out waiting for the condition')]);
  expect(said(await it1.judge(openebs()))).toBe('change: release openebs is failed');
  await settle(openebs());
});

describe('a release of somebody else', () => {
  const theirs = (chart: string, repo: string) =>
    helm(`upgrade --install openebs ${chart} --repo ${repo} -n openebs --create-namespace -f -`, JSON.stringify(lean));

  it('is adopted when it is the same chart, and never removed', async () => {
    await theirs('openebs', 'https://openebs.github.io/openebs');
    const verdict = await it1.judge(openebs());
    expect(verdict).toMatchObject({
      verdict: 'change',
      because: 'release openebs of openebs-4.6.1 was not installed by mlk8s',
      adopts: true,
    });
    await settle(openebs());
    expect(await it1.undo(openebs())).toMatchObject({ verdict: 'ok', stays: true });
  });

  it('is refused when it holds data, which other values may lose', async () => {
    const kept = openebs();
    const data = { name: 'redis', namespace: 'openebs', claims: 'redis-data' };
    const holding = { ...kept, spec: { ...(kept.spec as object), data } } as Declared;
    await theirs('openebs', 'https://openebs.github.io/openebs');
    expect(await it1.judge(holding)).toMatchObject({
      verdict: 'refused',
      problem: {
        seen: 'release openebs/openebs of openebs-4.6.1 was there before mlk8s',
        next: [expect.stringMatching(/^to keep it, take redis out/), expect.any(String)],
      },
    });
    it1.records.push({ ...holding, origin: 'created', state: 'done' });
    expect(await it1.judge(holding), 'ours, installed anew by hand').toMatchObject({ verdict: 'change' });
  });

  it('is refused when it is another chart', async () => {
    await theirs('csi-driver-nfs', 'https://raw.githubusercontent.com/kubernetes-csi/csi-driver-nfs/master/charts');
    expect(await it1.judge(openebs())).toEqual({
      verdict: 'refused',
      problem: {
        where: 'storage/openebs@cluster',
        seen: 'release openebs in namespace openebs is csi-driver-nfs-v4.13.6, not openebs',
        why: 'somebody else installed it under that name, and mlk8s never takes over another chart',
        next: [
          'look at it: helm list --namespace openebs',
          'when it is not needed any more: helm uninstall openebs --namespace openebs',
        ],
      },
    });
  });
});

describe('what does not come up', () => {
  it('is named with the reason: an image', async () => {
    await it1.apply(openebs(), await it1.judge(openebs()));
    it1.lab.rig('cp1').faults.push('imagepull');
    it1.lab.pass(100);
    expect(said(await it1.judge(openebs()))).toMatch(
      /^settling: Deployment openebs\/openebs-localpv-provisioner has 0 of 1 ready \(ImagePullBackOff: Back-off pulling image "openebs\/prov/,
    );
  });

  it('is named with the reason: no node', async () => {
    await settle(openebs());
    await it1.lab.mk('cp1', 'kubectl taint node cp1 gpu=yes:NoSchedule');
    expect(said(await it1.judge(openebs()))).toBe(
      'settling: Deployment openebs/openebs-localpv-provisioner has 0 of 1 ready (Pending: 0/1 nodes are available: 1 node(s) had untolerated taint {gpu: yes}.)',
    );
  });
});

it('waits while the API does not answer', async () => {
  Object.assign(it1.lab.rig('cp1').microk8s ?? {}, { readyAt: it1.lab.now + 600_000 });
  expect(said(await it1.judge(openebs()))).toBe('settling: cp1 does not list its Helm releases');
  expect(said(await it1.undo(openebs()))).toBe('settling: cp1 does not list its Helm releases');
});

it('applies CRDs before the release, also those that Helm would leave as they are', async () => {
  const operator = { ...openebs({}, { key: 'gpu-operator' }), id: 'gpu/operator@cluster' } as Declared;
  expect(await it1.apply(operator, await it1.judge(operator))).toEqual({ ok: true, err: '' });
  await it1.lab.mk('cp1', 'kubectl delete crd nvidiadrivers.nvidia.com');
  const other = { ...openebs({ own: 1 }, { key: 'gpu-operator' }), id: 'gpu/operator@cluster' } as Declared;
  expect(await it1.apply(other, await it1.judge(other))).toEqual({ ok: true, err: '' });
  expect((await it1.lab.mk('cp1', 'kubectl get crd nvidiadrivers.nvidia.com -o name')).code).toBe(0);
});

it('is not put over a workload or a Service of somebody else with its name, when it is a database', async () => {
  const metadata = { name: 'openebs', namespace: 'openebs' };
  await it1.lab.mk('cp1', 'kubectl create namespace openebs');
  const put = (annotations: object) => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { ...metadata, annotations } };
    const ports = { spec: { ports: [{ port: 80 }] } };
    return it1.lab.mk('cp1', 'kubectl apply -f -', { stdin: JSON.stringify({ ...service, ...ports }) });
  };
  await put({});
  const data = { name: 'redis', namespace: 'openebs', claims: 'redis-data' };
  const database = { ...openebs(), spec: { ...(openebs().spec as Data), data } } as Declared;
  expect(await it1.judge(database)).toMatchObject({
    verdict: 'refused',
    problem: { seen: 'Service openebs/openebs was there before mlk8s' },
  });
  await put({ 'meta.helm.sh/release-name': 'openebs', 'meta.helm.sh/release-namespace': 'openebs' });
  expect(said(await it1.judge(database))).toBe('change: release openebs is not installed');
});

it('stays while it looks after something of somebody else, and names that', async () => {
  await settle(openebs());
  const looksAfter = { type: 'widgets.example.com', called: 'Widget', own: 'ours/one' };
  const operator = { ...openebs(), spec: { ...(openebs().spec as Data), looksAfter } } as Declared;
  const apply = (object: object) => it1.lab.mk('cp1', 'kubectl apply -f -', { stdin: JSON.stringify(object) });
  expect(doings(await it1.undo(operator)), 'nobody defined that type').toEqual(['uninstall release openebs']);
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget' };
  const versions = [{ name: 'v1', served: true, storage: true }];
  await apply({
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
    metadata: { name: 'widgets.example.com' },
    spec: { group: 'example.com', scope: 'Namespaced', names, versions },
  });
  const widget = { apiVersion: 'example.com/v1', kind: 'Widget' };
  await apply({ ...widget, metadata: { name: 'one', namespace: 'ours' } });
  expect(doings(await it1.undo(operator))).toEqual(['uninstall release openebs']);
  await apply({ ...widget, metadata: { name: 'mine', namespace: 'openebs' } });
  const verdict = await it1.undo(operator);
  expect(verdict).toMatchObject({ verdict: 'ok', stays: true });
  expect(said(verdict)).toContain('release openebs looks after Widget openebs/mine');
});

it('is undone by uninstalling it; what is gone already stays gone', async () => {
  await settle(openebs());
  const verdict = await it1.undo(openebs());
  expect(doings(verdict)).toEqual(['uninstall release openebs']);
  await it1.apply(openebs(), verdict);
  expect(await it1.undo(openebs())).toEqual({ verdict: 'ok', because: 'release openebs is not installed' });
});

describe('a chart of the workstation', () => {
  const folder = () => join(it1.dir, 'chart');
  const input = (verdict: Verdict) =>
    verdict.verdict === 'change' && verdict.moves[0] && 'run' in verdict.moves[0]
      ? (verdict.moves[0].inputs ?? {})
      : {};

  it.each([
    ['is not there', () => {}, /^there is no .*chart on this machine$/],
    ['is a folder without Chart.yaml', () => mkdirSync(folder()), /chart is no chart$/],
  ])('is refused when it %s', async (_, make, seen) => {
    make();
    const verdict = await it1.judge(openebs(lean, { local: folder() }));
    expect(verdict).toMatchObject({ verdict: 'refused', problem: { seen: expect.stringMatching(seen) } });
  });

  it('travels packed, the same way every time, and another content is another digest', async () => {
    mkdirSync(join(folder(), 'templates'), { recursive: true });
    writeFileSync(join(folder(), 'Chart.yaml'), 'apiVersion: v2\nname: openebs\nversion: 4.6.1\n');
    writeFileSync(join(folder(), 'templates/a.yaml'), 'kind: ConfigMap\n');
    const it = openebs(lean, { local: folder() });
    const [first, again] = [await it1.judge(it), await it1.judge(it)];
    expect(again).toEqual(first);
    writeFileSync(join(folder(), 'templates/a.yaml'), 'kind: Secret\n');
    expect(input(await it1.judge(it))['chart-openebs-openebs']).not.toEqual(input(first)['chart-openebs-openebs']);
    // What arrives there is that folder.
    const move = (first.verdict === 'change' ? first.moves[0] : undefined) as { run: { bash: string } };
    const unpacking = move.run.bash.split('\ncrds=')[0] ?? '';
    const secret = input(first)['chart-openebs-openebs'] as { secret: string };
    const { text, status } = await it1.bash(
      `set -euo pipefail\n${unpacking}\ncd "$chart"; cat Chart.yaml templates/a.yaml`,
      {
        'chart-openebs-openebs': secret.secret,
      },
    );
    expect([status, text]).toEqual([0, 'apiVersion: v2\nname: openebs\nversion: 4.6.1\nkind: ConfigMap\n']);
  });

  it('may be an archive', async () => {
    writeFileSync(folder(), 'simulated chart openebs 4.6.1\n');
    await settle(openebs(lean, { local: folder() }));
  });
});

describe('a release with storage classes', () => {
  const classes = ['openebs-hostpath'];
  const own = (): Declared => {
    const { spec, ...it } = openebs();
    return { ...it, spec: { ...(spec as object), classes, brings: classes } } as Declared;
  };

  it('is upgraded when somebody deleted its class', async () => {
    await settle(own());
    await it1.lab.mk('cp1', 'kubectl delete sc openebs-hostpath');
    expect(said(await it1.judge(own()))).toBe('change: the class openebs-hostpath of release openebs was deleted');
    await settle(own());
    expect((await it1.lab.mk('cp1', 'kubectl get sc -o name')).out).toContain('openebs-hostpath');
  });

  it('is not uninstalled while there are volumes of them: claims and lost volumes are named', async () => {
    await settle(own());
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'films' } };
    const apply = (object: object) => it1.lab.mk('cp1', 'kubectl apply -f -', { stdin: JSON.stringify(object) });
    await apply({ ...claim, spec: { storageClassName: 'openebs-hostpath' } });
    await apply({ ...claim, metadata: { name: 'others' }, spec: { storageClassName: 'other' } });
    const lost = { claimRef: { namespace: 'gone', name: 'x', uid: '1' }, storageClassName: 'openebs-hostpath' };
    await apply({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv-7' }, spec: lost });
    expect(await it1.undo(own())).toMatchObject({
      verdict: 'refused',
      problem: { seen: 'data is in volumes of openebs-hostpath: default/films, volume pv-7' },
    });
    const volumes = [{ name: 'a', persistentVolumeClaim: { claimName: 'films' } }];
    const containers = [{ name: 'main', image: 'busybox:1' }];
    await apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'player' }, spec: { volumes, containers } });
    expect(await it1.undo(own())).toMatchObject({
      problem: { seen: 'data is in volumes of openebs-hostpath: default/films (used by pod player), volume pv-7' },
    });
    await it1.lab.mk('cp1', 'kubectl delete pod player');
    await it1.lab.mk('cp1', 'kubectl delete pvc films');
    const verdict = await it1.undo(own());
    expect(verdict).toMatchObject({
      problem: { next: [expect.anything(), expect.stringContaining('persistentvolume NAME'), expect.anything()] },
    });
    await it1.lab.mk('cp1', 'kubectl delete pv pv-7');
    expect(doings(await it1.undo(own()))).toEqual(['uninstall release openebs']);
  });

  it('is not uninstalled while it looks after volumes of a class of yours; what it keeps for itself goes with it', async () => {
    await settle(own());
    const apply = (object: object) => it1.lab.mk('cp1', 'kubectl apply -f -', { stdin: JSON.stringify(object) });
    const provisioner = 'openebs.io/local';
    await apply({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'fast' }, provisioner });
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec: { storageClassName: 'fast' } };
    await apply({ ...claim, metadata: { name: 'data-etcd-0', namespace: 'openebs' } });
    await apply({ ...claim, metadata: { name: 'films' } });
    expect(await it1.undo(own())).toMatchObject({
      verdict: 'refused',
      problem: { seen: 'data is in volumes of fast: default/films' },
    });
    await it1.lab.mk('cp1', 'kubectl delete pvc films');
    expect(doings(await it1.undo(own()))).toEqual(['uninstall release openebs']);
  });

  it('is not asked about when its record has none, and goes with the cluster', async () => {
    const kind = undoing(kinds)['helm-release'];
    const record = { ...openebs(), origin: 'created', state: 'done' } as Declared;
    expect(kind?.asks(record).map((ask) => ask.key)).toEqual(['helm releases']);
    expect(kind?.judge({ ...own(), origin: 'created' } as Declared, worldOf({}))).toEqual({
      verdict: 'ok',
      because: 'it goes with the cluster',
    });
  });
});
