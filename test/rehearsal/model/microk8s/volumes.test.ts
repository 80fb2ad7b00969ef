import { beforeEach, describe, expect, it } from 'vitest';
import { Lab } from './harness.ts';

let lab: Lab;
beforeEach(async () => {
  lab = new Lab();
  await lab.ready('cp1');
});

const k = (words: string, stdin = '') => lab.mk('cp1', `kubectl ${words}`, { stdin });
const apply = (object: object) => k('apply -f -', JSON.stringify(object));

/** With OpenEBS' hostpath engine, ready. */
async function openebs(): Promise<void> {
  const off = { enabled: false };
  const values = { engines: { local: { lvm: off, zfs: off }, replicated: { mayastor: off } }, loki: off, alloy: off };
  const words = 'helm3 upgrade openebs openebs --repo https://openebs.github.io/openebs --install -n openebs';
  await lab.mk('cp1', `${words} --create-namespace -f -`, { stdin: JSON.stringify(values) });
  lab.pass(120);
}

const claim = (name: string, spec: object = {}) =>
  apply({
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  });
const pod = (name: string, claimName: string) =>
  apply({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
    spec: { containers: [{ name: 'c' }], volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }] },
  });
const phase = async (what: string) => (await k(`get ${what} -o jsonpath={.status.phase}`)).out;
const events = async () => (await k('get events -o jsonpath={.items[*].message}')).out;
const volumes = async () => (await k('get pv -o jsonpath={.items[*].status.phase}')).out;

describe('a claim of a class that waits for its first consumer', () => {
  it('is bound some seconds after its pod was made, on the node of that pod, and the pod starts then', async () => {
    await lab.mk('cp1', 'enable hostpath-storage');
    lab.pass(60);
    await claim('data');
    lab.pass(600);
    expect(await phase('pvc data')).toBe('Pending');
    expect(await events()).toContain('waiting for first consumer to be created before binding');
    await pod('p', 'data');
    expect([await phase('pvc data'), await phase('pod p')]).toEqual(['Pending', 'Pending']);
    lab.pass(4);
    expect([await phase('pvc data'), await phase('pod p')]).toEqual(['Bound', 'Pending']);
    lab.pass(6);
    expect(await phase('pod p')).toBe('Running');
    const affinity = '{.items[0].spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values[0]}';
    expect((await k(`get pv -o jsonpath=${affinity}`)).out).toBe('cp1');
  });

  it('shows a helper pod while OpenEBS works', async () => {
    await openebs();
    await claim('data', { storageClassName: 'openebs-hostpath' });
    await pod('p', 'data');
    expect((await k('get pods -n openebs -o name')).out).toMatch(/^pod\/init-pvc-pvc-/m);
    lab.pass(8);
    expect(await phase('pvc data')).toBe('Bound');
    expect((await k('get pods -n openebs -o name')).out).not.toContain('init-pvc');
  });
});

describe('a claim is never bound, and an event says why,', () => {
  const openebsClaim = async (spec: object = {}) => {
    await claim('data', { storageClassName: 'openebs-hostpath', ...spec });
    await pod('p', 'data');
    lab.pass(3600);
    expect([await phase('pvc data'), await phase('pod p')]).toEqual(['Pending', 'Pending']);
    return events();
  };

  it('when OpenEBS is asked for a volume of many writers', async () => {
    await openebs();
    expect(await openebsClaim({ accessModes: ['ReadWriteMany'] })).toContain('Only support ReadWriteOnce access mode');
  });

  it.each(['claimpending', 'claimpending:openebs-hostpath'])('with the fault %s on its node', async (fault) => {
    await openebs();
    lab.rig('cp1').faults.push(fault);
    expect(await openebsClaim()).toContain('read-only file system');
  });

  it('when its class does not exist', async () => {
    expect(await openebsClaim()).toContain('storageclass.storage.k8s.io "openebs-hostpath" not found');
  });

  it('when nobody makes volumes of its class', async () => {
    await openebs();
    await k('delete deployment openebs-localpv-provisioner -n openebs');
    expect(await openebsClaim()).toContain("external provisioner 'openebs.io/local'");
  });

  it('but not with a fault that is about another class', async () => {
    await openebs();
    lab.rig('cp1').faults.push('claimpending:nfs-csi');
    await claim('data', { storageClassName: 'openebs-hostpath' });
    await pod('p', 'data');
    lab.pass(10);
    expect(await phase('pvc data')).toBe('Bound');
  });
});

describe('a bound claim', () => {
  beforeEach(async () => {
    await openebs();
    await claim('data', { storageClassName: 'openebs-hostpath' });
    await pod('p', 'data');
    lab.pass(10);
    expect(await volumes()).toBe('Bound');
  });

  it('stays bound without its provisioner, and its volume is left behind when it goes then', async () => {
    await k('delete deployment openebs-localpv-provisioner -n openebs');
    expect(await phase('pvc data')).toBe('Bound');
    await k('delete pvc data');
    expect(await volumes()).toBe('Released');
  });

  it('takes its volume along', async () => {
    await k('delete pvc data');
    expect(await volumes()).toBe('');
  });

  it('cannot be changed', async () => {
    const { err } = await claim('data', { storageClassName: 'other' });
    expect(err).toContain('PersistentVolumeClaim "data" is invalid: field is immutable');
    expect((await claim('data', { storageClassName: 'openebs-hostpath' })).code).toBe(0);
  });
});

it.each(['registry', 'observability'])(
  '%s brings a second default class, and claims get the newer one',
  async (addon) => {
    await openebs();
    await k('annotate sc openebs-hostpath storageclass.kubernetes.io/is-default-class=true');
    await lab.mk('cp1', `enable ${addon}`);
    lab.pass(60);
    const defaults =
      '{.items[?(@.metadata.annotations.storageclass\\.kubernetes\\.io/is-default-class=="true")].metadata.name}';
    expect((await k(`get sc -o jsonpath=${defaults}`)).out).toBe('microk8s-hostpath openebs-hostpath');
    await claim('data');
    await pod('p', 'data');
    lab.pass(10);
    expect((await k('get pvc data -o jsonpath={.spec.storageClassName}')).out).toBe('microk8s-hostpath');
  },
);
