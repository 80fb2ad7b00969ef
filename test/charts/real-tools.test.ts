import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Data } from '../../src/charts/values.ts';
import type { Declared, Verdict } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { helmRelease } from '../../src/resources/helm-release.ts';
import { kinds } from '../../src/resources/index.ts';
import { manifest } from '../../src/resources/manifest.ts';
import { proof } from '../../src/resources/proof.ts';
import { realCluster } from './real-cluster.ts';

const { dir, api, bash, judge, apply } = realCluster();
beforeEach(() => {
  mkdirSync(join(dir(), 'tiny/templates'), { recursive: true });
  mkdirSync(join(dir(), 'tiny/crds'));
  writeFileSync(join(dir(), 'tiny/Chart.yaml'), 'apiVersion: v2\nname: tiny\nversion: 1.2.3\n');
  writeFileSync(join(dir(), 'tiny/templates/a.yaml'), TEMPLATE);
  writeFileSync(join(dir(), 'tiny/crds/thing.yaml'), CRD);
});

const TEMPLATE = `apiVersion: apps/v1
kind: Deployment
metadata: {name: tiny, namespace: {{ .Release.Namespace }}, labels: {app.kubernetes.io/managed-by: Helm}}
spec:
  replicas: 1
  selector: {matchLabels: {app: tiny}}
  template:
    metadata: {labels: {app: tiny}}
    spec: {containers: [{name: c, image: {{ .Values.image | toJson }}}]}
---
apiVersion: v1
kind: Service
metadata: {name: tiny, namespace: {{ .Release.Namespace }}}
spec: {selector: {app: tiny}, ports: [{port: 80}]}
`;
const CRD = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.x.example}
spec: {group: x.example, scope: Cluster, names: {kind: Thing, plural: things}, versions: []}
`;

const tiny = (values: Data): Declared =>
  helmRelease({
    ...{ id: 'demo/tiny@cluster', on: 'cluster', needs: [], release: 'tiny', namespace: 'demo', values, readyS: 60 },
    chart: { chart: 'tiny', version: '1.2.3', tracks: {}, requests: {}, source: 'none 0' },
    local: join(dir(), 'tiny'),
  }) as Declared;
const said = (verdict: Verdict) => ('because' in verdict ? `${verdict.verdict}: ${verdict.because}` : verdict);

describe('the real helm', () => {
  it('installs, upgrades, rolls back and uninstalls what the kind tells it to', async () => {
    const strange = `it's "$(id)" {{ .x }}\n- é`;
    await apply(await judge(tiny({ image: strange })));
    const deployment = api().objects.get('deployments demo/tiny');
    expect(deployment).toMatchObject({ spec: { template: { spec: { containers: [{ image: strange }] } } } });
    expect(api().objects.has('customresourcedefinitions /things.x.example')).toBe(true);
    expect(said(await judge(tiny({ image: strange })))).toBe('settling: Deployment demo/tiny has 0 of 1 ready');
    Object.assign(deployment ?? {}, { status: { readyReplicas: 1, updatedReplicas: 1, observedGeneration: 1 } });
    expect(said(await judge(tiny({ image: strange })))).toBe('ok: tiny 1.2.3 is deployed and ready');
    const other = await judge(tiny({ image: 'b:2' }));
    expect(said(other)).toBe('change: release tiny has other values');
    await apply(other);
    expect(JSON.stringify(api().objects.get('deployments demo/tiny'))).toContain('b:2');

    // A helm that is killed while the API keeps it waiting, and one that a person runs.
    api().hangs = true;
    const upgrade = `helm3 upgrade tiny ${dir()}/tiny -n demo --set image=c --labels mlk8s.io/digest=x.3`;
    await bash(`timeout -s KILL 3 microk8s ${upgrade}`);
    api().hangs = false;
    expect(said(await judge(tiny({ image: 'b:2' })))).toBe(
      'change: release tiny was left pending-upgrade by a helm that was cut off',
    );
    expect((await bash(`microk8s ${upgrade}`)).err).toContain(
      'another operation (install/upgrade/rollback) is in progress',
    );
    await apply(await judge(tiny({ image: 'b:2' })));
    expect(said(await judge(tiny({ image: 'b:2' })))).toMatch(/^(ok|settling)/);
    await bash('microk8s helm3 rollback tiny 1 -n demo');
    expect(said(await judge(tiny({ image: 'b:2' })))).toBe(
      'change: release tiny was changed by somebody else since revision 1',
    );

    await apply(await judge(tiny({}), undoing(kinds)));
    expect(said(await judge(tiny({}), undoing(kinds)))).toBe('ok: release tiny is not installed');
    expect([...api().objects.keys()].sort()).toEqual([
      'customresourcedefinitions /things.x.example',
      'namespaces /demo',
    ]);
  });

  it('gives back replicas and a Service that a release lost', async () => {
    await apply(await judge(tiny({ image: 'a' })));
    expect(said(await judge(tiny({ image: 'a' })))).toMatch(/^settling: /);
    Object.assign(api().objects.get('deployments demo/tiny')?.spec ?? {}, { replicas: 0 });
    api().objects.delete('services demo/tiny');
    const lost = await judge(tiny({ image: 'a' }));
    expect(said(lost)).toBe(
      'change: Deployment demo/tiny was scaled to 0; the only Service of release tiny was deleted',
    );
    await apply(lost);
    expect(said(await judge(tiny({ image: 'a' })))).toBe('settling: Deployment demo/tiny has 0 of 1 ready');
    expect(api().objects.has('services demo/tiny')).toBe(true);
  });

  it('finds nothing wrong with the chart and our values', async () => {
    const { status, text } = await bash(`microk8s helm3 lint ${dir()}/tiny -f - <<<'{"image":"a:1"}'`);
    expect([status, text]).toEqual([0, expect.stringContaining('1 chart(s) linted, 0 chart(s) failed')]);
  });

  it('lists a release that somebody else installed with the name of its chart', async () => {
    await bash(`microk8s helm3 upgrade --install tiny ${dir()}/tiny -n demo --create-namespace --set image=a`);
    expect(said(await judge(tiny({ image: 'a' })))).toBe(
      'change: release tiny of tiny-1.2.3 was not installed by mlk8s',
    );
    await apply(await judge(tiny({ image: 'a' })));
    expect(said(await judge(tiny({ image: 'a' })))).toMatch(/^settling/);
  });
});

describe('the real kubectl', () => {
  const things = manifest({
    ...{ id: 'demo/things@cluster', on: 'cluster', needs: [] },
    objects: [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'demo' }, data: { a: `it's "x"\n` } },
    ],
  }) as Declared;

  it('applies, gets and deletes the objects of a manifest', async () => {
    expect(said(await judge(things))).toBe('change: Namespace demo does not exist, ConfigMap demo/a does not exist');
    await apply(await judge(things));
    expect(said(await judge(things))).toMatch(/^ok: /);
    expect(api().changes.filter((it) => it.startsWith('PATCH'))).toEqual([
      expect.stringMatching(/^PATCH \/api\/v1\/namespaces\/demo\?.*fieldManager=mlk8s.*force=true/),
      expect.stringMatching(/^PATCH \/api\/v1\/namespaces\/demo\/configmaps\/a\?.*fieldManager=mlk8s.*force=true/),
    ]);
    api().objects.delete('configmaps demo/a');
    expect(said(await judge(things))).toBe('change: ConfigMap demo/a does not exist');
    await apply(await judge(things));
    await apply(await judge(things, undoing(kinds)));
    expect([...api().objects.keys()]).toEqual([]);
  });

  const containers = [{ name: 'try', image: 'busybox' }];
  const tried = (timeoutS: number) =>
    proof({
      ...{ id: 'demo/proof@cp1', on: 'cluster', needs: [], what: 'it works', node: 'cp1', inputs: 1, pod: 'try' },
      ...{ expect: 'all is "well"', timeoutS },
      objects: [
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name: 'data' },
          spec: { storageClassName: 'x' },
        },
        { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'try' }, spec: { restartPolicy: 'Never', containers } },
      ],
    }) as Declared;

  it('makes a proof, keeps its result, and forgets it', async () => {
    api().pods = { phase: 'Succeeded', log: 'first\nall is "well"\n' };
    expect(said(await judge(tried(60)))).toBe('change: not proved yet');
    await apply(await judge(tried(60)));
    expect(said(await judge(tried(60)))).toMatch(/^ok: proved at \S+$/);
    const made = api()
      .changes.filter((it) => /\/(pods|persistentvolumeclaims)\//.test(it))
      .map((it) => it.split('?')[0]);
    const [pods, claims] = ['pods/try', 'persistentvolumeclaims/data'].map(
      (it) => `/api/v1/namespaces/mlk8s-proof/${it}`,
    );
    expect(made).toEqual([`PATCH ${claims}`, `PATCH ${pods}`, `DELETE ${pods}`, `DELETE ${claims}`]);
    expect([...api().objects.keys()].sort()).toEqual([
      'configmaps mlk8s-system/proofs',
      'namespaces /mlk8s-proof',
      'namespaces /mlk8s-system',
    ]);
    await apply(await judge(tried(60), undoing(kinds)));
    expect(said(await judge(tried(60), undoing(kinds)))).toBe('ok: nothing is kept of it');
    expect([...api().objects.keys()]).toEqual(['namespaces /mlk8s-system']);
  });

  it('shows why a proof failed, and removes everything', async () => {
    api().pods = { phase: 'Pending', log: '' };
    const event = { reason: 'ProvisioningFailed', message: 'no room', type: 'Warning', lastTimestamp: null };
    const verdict = await judge(tried(5));
    const script =
      verdict.verdict === 'change' && verdict.moves[0] && 'run' in verdict.moves[0] && verdict.moves[0].run;
    const running = bash(`set -euo pipefail\n${script ? script.bash : 'false'}`);
    const isThere = () => api().objects.has('pods mlk8s-proof/try');
    while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 20));
    const metadata = { name: 'data.1', namespace: 'mlk8s-proof' };
    api().objects.set('events mlk8s-proof/data.1', { apiVersion: 'v1', kind: 'Event', metadata, ...event });
    const { status, text } = await running;
    expect(status).toBe(1);
    expect(text).toContain(
      'claim data of class x: \nProvisioningFailed: no room\npod try: Pending\nthe pod did not end within 5 s\n',
    );
    expect([...api().objects.keys()].filter((key) => /^(pods|persistent)/.test(key))).toEqual([]);
  });

  it('says in the words that we know that a type is not there, and that the API is away', async () => {
    const own = manifest({
      ...{ id: 'demo/own@cluster', on: 'cluster', needs: [] },
      objects: [
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } },
        { apiVersion: 'x.example/v1', kind: 'Thing', metadata: { name: 't' } },
      ],
    }) as Declared;
    expect(said(await judge(own))).toBe('change: Namespace demo does not exist, Thing.x.example t does not exist');
    api().stop();
    expect(said(await judge(things))).toBe('settling: the API on cp1 does not answer');
    expect(said(await judge(tiny({})))).toBe('settling: cp1 does not list its Helm releases');
  });
});
