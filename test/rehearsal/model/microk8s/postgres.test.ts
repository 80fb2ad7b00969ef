import { beforeEach, describe, expect, it } from 'vitest';
import { Lab } from './harness.ts';

let lab: Lab;
beforeEach(async () => {
  lab = new Lab();
  await lab.ready('cp1');
  await lab.mk('cp1', 'enable hostpath-storage');
  const words =
    'helm3 upgrade cnpg cloudnative-pg --repo https://cloudnative-pg.github.io/charts --install -n cnpg-system';
  await lab.mk('cp1', `${words} --create-namespace -f -`, { stdin: '{}' });
  await k('create namespace postgres');
});

const k = (words: string, stdin = '') => lab.mk('cp1', `kubectl ${words}`, { stdin });
const cluster = (spec: object = {}) => ({
  ...{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', metadata: { name: 'postgres', namespace: 'postgres' } },
  spec: { instances: 1, imageName: 'postgis', storage: { size: '1Gi', storageClass: 'microk8s-hostpath' }, ...spec },
});
const apply = (object: object) => k('apply -f -', JSON.stringify(object));
const phase = async () =>
  (await k('get cluster.postgresql.cnpg.io postgres -n postgres -o jsonpath={.status.phase}')).out;
const names = async (what: string) => (await k(`get ${what} -n postgres -o jsonpath={.items[*].metadata.name}`)).out;
/** Lets the operator look every few seconds, as it does when somebody asks. */
async function pass(seconds: number): Promise<void> {
  for (let s = 0; s < seconds; s += 5) {
    lab.pass(5);
    await k('get nodes');
  }
}

describe('the webhook', () => {
  it('takes no Cluster before the operator is ready, and for a moment after that', async () => {
    const early = await apply(cluster());
    expect([early.code, early.err]).toEqual([1, expect.stringContaining('failed calling webhook "mcluster.cnpg.io"')]);
    expect(early.err).toContain('no endpoints available for service "cnpg-webhook-service"');
    lab.pass(42);
    expect((await apply(cluster())).err).toContain('certificate signed by unknown authority');
    lab.pass(30);
    expect(await apply(cluster())).toMatchObject({ code: 0 });
  });
});

describe('the operator', () => {
  beforeEach(() => lab.pass(120));

  it('makes an initdb, then the instance with its volume and services, and says how far it is', async () => {
    await apply(cluster());
    await pass(5);
    expect([await phase(), await names('pods')]).toEqual(['Setting up primary', 'postgres-1-initdb']);
    await pass(120);
    expect([await phase(), await names('pods')]).toEqual(['Cluster in healthy state', 'postgres-1']);
    expect(await names('pvc')).toBe('postgres-1');
    expect(await names('services')).toBe('postgres-r postgres-ro postgres-rw');
    const labels = (await k('get pvc postgres-1 -n postgres -o jsonpath={.metadata.labels}')).out;
    expect(JSON.parse(labels)).toMatchObject({ 'cnpg.io/cluster': 'postgres' });
  });

  it('makes a lost instance anew, with another uid and the same volume', async () => {
    await apply(cluster());
    await pass(120);
    const uid = async (what: string) => (await k(`get ${what} -n postgres -o jsonpath={.metadata.uid}`)).out;
    const [pod, claim] = [await uid('pod/postgres-1'), await uid('pvc/postgres-1')];
    await k('delete pod postgres-1 -n postgres');
    await pass(5);
    expect(await phase()).toBe('Waiting for the instances to become active');
    await pass(60);
    expect(await phase()).toBe('Cluster in healthy state');
    expect(await uid('pod/postgres-1')).not.toBe(pod);
    expect(await uid('pvc/postgres-1')).toBe(claim);
  });

  it('applies a Database of a Cluster that is healthy', async () => {
    const metadata = { name: 'app', namespace: 'postgres' };
    await apply({ ...cluster(), kind: 'Database', metadata, spec: { cluster: { name: 'postgres' }, name: 'app' } });
    const applied = async () =>
      (await k('get databases.postgresql.cnpg.io app -n postgres -o jsonpath={.status.applied}')).out;
    await apply(cluster());
    await pass(10);
    expect(await applied()).toBe('');
    await pass(120);
    expect(await applied()).toBe('true');
  });

  it('takes away what is too many, one after the other, but not the primary, and its claim with it', async () => {
    await apply(cluster({ instances: 2 }));
    await pass(240);
    expect([await phase(), await names('pods')]).toEqual(['Cluster in healthy state', 'postgres-1 postgres-2']);
    await k('delete pod postgres-1 -n postgres');
    await pass(60);
    const primary = '-n postgres get cluster.postgresql.cnpg.io postgres -o jsonpath={.status.currentPrimary}';
    expect((await k(primary)).out).toBe('postgres-2');
    await apply(cluster());
    await pass(5);
    expect(await names('pods')).toBe('postgres-1 postgres-2');
    await pass(20);
    expect([await phase(), await names('pods'), await names('pvc')]).toEqual([
      ...['Cluster in healthy state', 'postgres-2', 'postgres-2'],
    ]);
    await apply(cluster({ instances: 2 }));
    await pass(120);
    expect([await phase(), await names('pvc')]).toEqual(['Cluster in healthy state', 'postgres-2 postgres-3']);
  });

  it('makes nothing anew in the place of data that is gone', async () => {
    await apply(cluster());
    await pass(120);
    await k('delete pvc postgres-1 -n postgres');
    await pass(60);
    expect([await phase(), await names('pods'), await names('pvc')]).toEqual([
      ...['Cluster is unrecoverable and needs manual intervention', '', ''],
    ]);
  });

  it('loses its volumes with the Cluster', async () => {
    await apply(cluster());
    await pass(120);
    await k('delete cluster.postgresql.cnpg.io postgres -n postgres');
    expect([await names('pods'), await names('pvc'), await names('services')]).toEqual(['', '', '']);
  });
});

describe('on a machine with hugepages (sheet 5/19)', () => {
  beforeEach(() => {
    lab.pass(120);
    const objects = Object.values(lab.world.clusters).flatMap((it) => Object.values(it.objects));
    const node = objects.find(({ kind }) => kind === 'Node') as unknown as {
      status: { allocatable: Record<string, string> };
    };
    node.status.allocatable['hugepages-2Mi'] = '2Gi';
  });
  const exits = async () =>
    (await k('get pods -n postgres -o jsonpath={.items[*].status.containerStatuses[*].state.terminated.exitCode}')).out;

  it('initdb dies of a Bus error', async () => {
    await apply(cluster());
    await pass(120);
    expect([await phase(), await names('pods'), await exits()]).toEqual([
      'Setting up primary',
      'postgres-1-initdb',
      '135',
    ]);
  });

  it('lives with a limit of its own', async () => {
    await apply(cluster({ resources: { limits: { 'hugepages-2Mi': '512Mi' } } }));
    await pass(120);
    expect(await phase()).toBe('Cluster in healthy state');
  });
});
