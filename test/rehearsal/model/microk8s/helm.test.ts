import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { pinned } from '../../../../src/charts/catalogue.ts';
import { templatePath } from '../../../../src/templates.ts';
import { Killed, Lab, type Outcome, type RunOptions } from './harness.ts';

let lab: Lab;
beforeEach(async () => {
  lab = new Lab();
  await lab.ready('cp1');
});

const REPO = 'https://openebs.github.io/openebs';
const helm = (words: string, options: RunOptions = {}): Promise<Outcome> => lab.mk('cp1', `helm3 ${words}`, options);
const kubectl = async (words: string): Promise<string> => (await lab.mk('cp1', `kubectl ${words}`)).out;
const lean = {
  engines: {
    local: { lvm: { enabled: false }, zfs: { enabled: false } },
    replicated: { mayastor: { enabled: false } },
  },
  loki: { enabled: false },
  alloy: { enabled: false },
};
const install = (values: object = lean, more = '', options: RunOptions = {}) =>
  helm(`upgrade --install openebs openebs --repo ${REPO} --version 4.6.1 -n openebs --create-namespace -f - ${more}`, {
    stdin: JSON.stringify(values),
    ...options,
  });
/** `1 superseded` for each revision. */
const revisions = async (): Promise<string[]> => {
  const list = JSON.parse(await kubectl('get secrets -n openebs -l owner=helm -o json')) as {
    items: { metadata: { labels: Record<string, string> } }[];
  };
  return list.items.map(({ metadata: { labels } }) => `${labels.version} ${labels.status}`);
};

describe('upgrade --install', () => {
  it('installs, and what the release brought comes up after a while', async () => {
    const { code, out } = await install();
    expect(code).toBe(0);
    expect(out).toMatch(
      /^Release "openebs" does not exist\. Installing it now\.\nNAME: openebs\n.*\nNAMESPACE: openebs\nSTATUS: deployed\nREVISION: 1\n/,
    );
    const ready = () => kubectl('get deploy -n openebs -o jsonpath={.items[*].status.readyReplicas}');
    expect(await ready()).toBe('0');
    lab.pass(60);
    expect(await ready()).toBe('1');
    expect(await kubectl('get deploy,ds,sts -n openebs -o name')).toBe('deployment.apps/openebs-localpv-provisioner\n');
    expect(JSON.parse(await kubectl('get deploy openebs-localpv-provisioner -n openebs -o json'))).toMatchObject({
      metadata: {
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
        annotations: { 'meta.helm.sh/release-name': 'openebs', 'meta.helm.sh/release-namespace': 'openebs' },
      },
    });
  });

  it('brings what the values say', async () => {
    const local = { localpv: { basePath: '/data/x' }, hostpathClass: { name: 'mine', isDefaultClass: true } };
    await install({ ...lean, 'localpv-provisioner': local });
    expect(JSON.parse(await kubectl('get sc mine -o json'))).toMatchObject({
      metadata: {
        annotations: {
          'storageclass.kubernetes.io/is-default-class': 'true',
          'cas.openebs.io/config': expect.stringContaining('value: /data/x\n'),
        },
      },
      provisioner: 'openebs.io/local',
    });
    await install(lean);
    expect(await kubectl('get sc -o name')).toBe('storageclass.storage.k8s.io/openebs-hostpath\n');
    expect(await kubectl('get sc -o yaml')).not.toContain('is-default-class');
    await install({});
    expect(await kubectl('get sts -n openebs -o name')).toBe('');
    await install({}, '--reset-values');
    expect(await kubectl('get sts -n openebs -o name')).toContain('openebs-loki');
    expect(await revisions()).toEqual(['1 superseded', '2 superseded', '3 superseded', '4 deployed']);
  });

  it('keeps labels at the release, through upgrades too, and only so many revisions', async () => {
    await install(lean, '--labels mlk8s.io/digest=a,x=y');
    await install(lean, '--labels mlk8s.io/digest=b --history-max 2');
    await install(lean, '--history-max 2');
    expect(await kubectl('get secrets -n openebs -l mlk8s.io/digest=b,x=y,version=3 -o name')).toContain('.v3');
    expect(await revisions()).toEqual(['2 superseded', '3 deployed']);
    expect(await install(lean, '--labels status=x')).toMatchObject({
      code: 1,
      err: expect.stringContaining('system reserved label name'),
    });
  });

  it.each([
    [
      'a version that the repository does not have',
      '--version 9.9.9',
      `chart "openebs" version "9.9.9" not found in ${REPO} repository`,
    ],
    [
      'a repository that is none',
      '--repo https://example.com/x',
      'looks like "https://example.com/x" is not a valid chart repository or cannot be reached: failed to fetch https://example.com/x/index.yaml : 404 Not Found',
    ],
    ['a word that helm does not know', '--nosuch', 'unknown flag: --nosuch'],
  ])('refuses %s', async (_, more, message) => {
    expect(await install(lean, more)).toEqual({ code: 1, out: expect.any(String), err: `Error: ${message}\n` });
  });

  it('cannot reach a repository without name resolution', async () => {
    lab.rig('cp1').faults.push('nodns');
    expect((await install()).err).toContain('dial tcp: lookup openebs.github.io: no such host\n');
    expect(await kubectl('get ns openebs --ignore-not-found')).toBe('');
  });

  it('needs the namespace, and no object of somebody else', async () => {
    const bare = await helm(`upgrade --install openebs openebs --repo ${REPO} -n openebs`);
    expect(bare.err).toBe('Error: INSTALLATION FAILED: create: failed to create: namespaces "openebs" not found\n');
    const own =
      'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: openebs-hostpath}\nprovisioner: x\n';
    await lab.mk('cp1', 'kubectl apply -f -', { stdin: own });
    expect((await install()).err).toMatch(
      /INSTALLATION FAILED: Unable to continue with install: StorageClass "openebs-hostpath" .*invalid ownership metadata/,
    );
  });

  it('leaves a failed release behind when a hook does not end, and the next try mends it', async () => {
    lab.rig('cp1').faults.push('helmfails:openebs');
    expect(await install()).toMatchObject({
      code: 1,
      err: expect.stringContaining('timed out waiting for the condition'),
    });
    expect(await revisions()).toEqual(['1 failed']);
    expect(await install()).toMatchObject({ code: 0 });
    expect(await revisions()).toEqual(['1 failed', '2 deployed']);
  });
});

describe('a helm that is killed half-way', () => {
  it('leaves a pending release that keeps every upgrade out, until it is uninstalled', async () => {
    await expect(install(lean, '', { killAfterS: 3 })).rejects.toThrow(Killed);
    expect(await revisions()).toEqual(['1 pending-install']);
    expect((await helm('list -A -o json')).out).toBe('[]\n');
    expect(JSON.parse((await helm('list -A -a -m 0 -o json')).out)).toMatchObject([
      { name: 'openebs', namespace: 'openebs', status: 'pending-install', chart: 'openebs-4.6.1' },
    ]);
    expect((await install()).err).toBe(
      'Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress\n',
    );
    expect(await helm('uninstall openebs -n openebs')).toEqual({
      code: 0,
      out: 'release "openebs" uninstalled\n',
      err: '',
    });
    expect(await install()).toMatchObject({ code: 0 });
  });

  it('leaves a pending upgrade that can be rolled back', async () => {
    await install(lean, '--labels d=1');
    await expect(install({}, '--labels d=2', { killAfterS: 3 })).rejects.toThrow(Killed);
    expect(await revisions()).toEqual(['1 deployed', '2 pending-upgrade']);
    expect(await helm('rollback openebs 7 -n openebs')).toMatchObject({
      code: 1,
      err: 'Error: release has no 7 version\n',
    });
    expect(await helm('rollback openebs 1 -n openebs')).toMatchObject({
      code: 0,
      out: 'Rollback was a success! Happy Helming!\n',
    });
    expect(await revisions()).toEqual(['1 superseded', '2 pending-upgrade', '3 deployed']);
    expect(await kubectl('get secrets -n openebs -l d=1,version=3 -o name')).toContain('.v3');
    expect(await install(lean)).toMatchObject({ code: 0 });
  });
});

describe('uninstall', () => {
  it('takes the objects of the release, not the namespace', async () => {
    await install();
    expect(await helm('uninstall openebs -n openebs --wait')).toMatchObject({ code: 0 });
    expect(await kubectl('get deploy,sc,secrets -A -l app.kubernetes.io/managed-by=Helm -o name')).toBe('');
    expect(await revisions()).toEqual([]);
    expect(await kubectl('get ns openebs -o name')).toBe('namespace/openebs\n');
    expect((await helm('uninstall openebs -n openebs')).err).toBe(
      'Error: uninstall: Release not loaded: openebs: release: not found\n',
    );
    expect(await helm('uninstall openebs -n openebs --ignore-not-found')).toEqual({ code: 0, out: '', err: '' });
  });
});

describe('charts', () => {
  it('are pulled, shown and installed from the file', async () => {
    lab.filesOf('cp1').write('/tmp/d/.keep', '');
    expect(
      await helm(`pull gpu-operator --repo https://helm.ngc.nvidia.com/nvidia --version v26.7.0 -d /tmp/d`),
    ).toMatchObject({ code: 0 });
    const { out } = await helm('show crds /tmp/d/gpu-operator-v26.7.0.tgz');
    expect(parseAllDocuments(out).map((doc) => doc.toJS()?.metadata?.name)).toContain('clusterpolicies.nvidia.com');
    expect(await helm('upgrade --install g /tmp/d/gpu-operator-v26.7.0.tgz -n g --create-namespace')).toMatchObject({
      code: 0,
    });
    expect(await kubectl('get clusterpolicies -o name')).toBe('clusterpolicy.nvidia.com/cluster-policy\n');
    lab.filesOf('cp1').write('/tmp/d/x.tgz', 'no chart');
    expect((await helm('show crds /tmp/d/x.tgz')).err).toContain('does not appear to be a gzipped archive');
  });

  it('are all of charts.yaml, in the pinned versions', async () => {
    lab.filesOf('cp1').write('/tmp/d/.keep', '');
    for (const { chart, version, repo, oci } of Object.values(pinned().charts)) {
      const from = repo === undefined ? `${oci}/${chart}` : `${chart} --repo ${repo}`;
      expect(await helm(`pull ${from} --version ${version} --destination /tmp/d`)).toEqual({
        code: 0,
        out: '',
        err: '',
      });
    }
    const known = parse(readFileSync(templatePath('rehearsal', 'releases.yaml'), 'utf8')) as object;
    // What no step brings, but people do.
    const expected = [...Object.keys(pinned().charts), 'node-feature-discovery'];
    expect(Object.keys(known).sort()).toEqual(expected.sort());
  });
});

it('pods of a machine that cannot pull wait, with the reason, until it can', async () => {
  await install();
  lab.rig('cp1').faults.push('imagepull:openebs');
  lab.pass(100);
  const reason = () => kubectl('get pods -n openebs -o jsonpath={.items[*].status.containerStatuses[*].state.waiting}');
  expect(JSON.parse(await reason())).toEqual({
    reason: 'ImagePullBackOff',
    message: expect.stringContaining('Back-off pulling image "openebs/provisioner-localpv:4.6.0"'),
  });
  lab.rig('cp1').faults = [];
  expect(await reason()).toBe('');
});

it('says what helm says while the API is away', async () => {
  Object.assign(lab.rig('cp1').microk8s ?? {}, { readyAt: lab.now + 60_000 });
  expect((await install()).err).toMatch(/^Error: Kubernetes cluster unreachable/);
  lab.pass(90);
  expect((await helm('nosuch')).err).toBe(`Error: unknown command "nosuch" for "helm"\nRun 'helm --help' for usage.\n`);
  expect((await helm('version')).out).toBe('v3.19.2\n');
});
