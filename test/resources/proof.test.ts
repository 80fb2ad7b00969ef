import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Declared, Json, Verdict } from '../../src/engine/types.ts';
import type { KubeManifest } from '../../src/resources/manifest.ts';
import { proof } from '../../src/resources/proof.ts';
import { InCluster } from './in-cluster.ts';
import { said } from './world.ts';

let it1: InCluster;
beforeEach(async () => {
  it1 = new InCluster();
  await it1.start();
});
afterEach(() => it1.stop());

const pod = (spec: Record<string, Json> = {}, script = 'echo "all is well"'): KubeManifest => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'try' },
  spec: {
    restartPolicy: 'Never',
    nodeSelector: { 'kubernetes.io/hostname': 'cp1' },
    containers: [{ name: 'try', image: 'busybox', command: ['sh', '-ec', script] }],
    ...spec,
  },
});
const claim: KubeManifest = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'none-such', resources: { requests: { storage: '1Mi' } } },
};

interface Wish {
  readonly inputs?: Json;
  readonly objects?: readonly KubeManifest[];
}
const thing = ({ inputs = { version: '1' }, objects = [pod()], ...rest }: Wish = {}): Declared =>
  proof({
    ...{ id: 'storage/proof@cp1', on: 'cluster', needs: [], what: 'a pod runs on cp1', node: 'cp1', pod: 'try' },
    ...{ inputs, objects, expect: 'all is well', timeoutS: 20, ...rest },
  }) as Declared;

const kubectl = (words: string, stdin = '') => it1.kubectl(words, stdin);
const left = () => kubectl('get pods,pvc,cm -n mlk8s-proof -o name -l mlk8s.io/proof');
const judge = async (it: Declared) => said(await it1.judge(it));
const prove = async (it: Declared) => it1.apply(it, await it1.judge(it));
const script = (verdict: Verdict): string => {
  const [move] = verdict.verdict === 'change' ? verdict.moves : [];
  return move && 'run' in move ? move.run.bash : 'false';
};

it.each([false, true])(
  'is forgotten when the type of one of its objects is gone (kubectl remembers it: %s)',
  async (isRemembered) => {
    const crd = {
      ...{
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'books.lab.org' },
      },
      spec: {
        ...{ group: 'lab.org', scope: 'Namespaced', names: { kind: 'Book', plural: 'books', singular: 'book' } },
        versions: [{ name: 'v1', served: true, storage: true }],
      },
    };
    await kubectl('apply -f -', JSON.stringify(crd));
    const it = thing({ objects: [{ apiVersion: 'lab.org/v1', kind: 'Book', metadata: { name: 'b' } }, pod()] });
    expect(await prove(it)).toEqual({ ok: true, err: '' });
    expect(await kubectl('get books -n mlk8s-proof -o name')).toBe('');
    await kubectl('delete crd books.lab.org');
    if (isRemembered) {
      const words =
        'Error from server (NotFound): Unable to list "lab.org/v1, Resource=books": the server could not find the requested resource';
      it1.intercept(`case "$*" in *book*) echo '${words}' >&2; exit 1 ;; esac`);
    }
    expect(await it1.apply(it, await it1.undo(it))).toEqual({ ok: true, err: '' });
    expect(said(await it1.undo(it))).toBe('ok: nothing is kept of it');
  },
);

it('is proved by a pod that asks another one of its namespace, and has a Secret as a folder', async () => {
  const selector = { app: 'web' };
  const spec = { containers: [{ name: 'web', image: 'web' }] };
  const web = { selector: { matchLabels: selector }, template: { metadata: { labels: selector }, spec } };
  const folder = { volumes: [{ name: 'login', secret: { secretName: 'login' } }] };
  const it = thing({
    objects: [
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login' }, data: { password: 'eA==' } },
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: web },
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector, ports: [{ port: 80 }] } },
      pod(
        folder,
        "for try in $(seq 60); do curl http://web.mlk8s-proof.svc/ && break; sleep 2; done\necho 'all is well'",
      ),
    ],
    timeoutS: 120,
  } as Wish);
  expect(await prove(it)).toEqual({ ok: true, err: '' });
});

it('is proved by a pod, leaves nothing, and says when and where', async () => {
  const it = thing();
  expect(await judge(it)).toBe('change: not proved yet');
  expect(await prove(it)).toEqual({ ok: true, err: '' });
  expect(await judge(it)).toBe('ok: proved just now');
  expect(await left()).toBe('');
  it1.lab.pass(3 * 86_400 + 5);
  expect(await judge(it)).toBe('ok: proved 3 days ago');
});

it('says where it was proved when its id does not', async () => {
  const it = { ...thing(), id: 'storage/proof@cluster' } as Declared;
  await prove(it);
  expect(await judge(it)).toBe('ok: proved just now on cp1');
});

it('is proved while an aggregated API is away and kubectl says so at every call', async () => {
  it1.grumble();
  expect(await prove(thing())).toMatchObject({ ok: true });
  expect(await judge(thing())).toBe('ok: proved just now');
});

it('waits for its namespace to be gone when the last proof was just undone', async () => {
  it1.intercept(
    `case "$*" in *'get namespace mlk8s-proof'*phase*) if [ ! -e ${it1.dir}/gone ]; then echo Terminating; : >${it1.dir}/gone; exit; fi ;; esac`,
  );
  const start = it1.lab.now;
  expect(await prove(thing())).toMatchObject({ ok: true });
  expect(it1.lab.now - start).toBeGreaterThanOrEqual(2000);
  rmSync(`${it1.dir}/gone`);
});

it('forgets nothing of other proofs when the API does not say whether there are any', async () => {
  await prove(thing());
  const undo = await it1.undo(thing());
  it1.intercept(`case "$*" in *'get configmap proofs'*) exit 1 ;; esac`);
  expect(await it1.apply(thing(), undo)).toMatchObject({ ok: false });
  expect(await kubectl('get cm proofs -n mlk8s-system -o name')).not.toBe('');
});

it('keeps one key for each proof: time, node and digest', async () => {
  await prove(thing());
  const map = JSON.parse(await kubectl('get cm proofs -n mlk8s-system -o json')) as { data: Record<string, string> };
  expect(Object.keys(map.data)).toEqual(['storage_proof_cp1']);
  expect(JSON.parse(map.data.storage_proof_cp1 ?? '')).toEqual({
    at: expect.stringMatching(/^2026-11-21T20:\d\d:\d\dZ$/),
    node: 'cp1',
    digest: expect.stringMatching(/^[0-9a-f]{40}$/),
  });
});

it('is proved anew for other inputs, and says which', async () => {
  await prove(thing());
  const it = thing({ inputs: { version: '2' } });
  expect(await judge(it)).toBe('change: proved for other inputs: version: "2"');
  expect(await prove(it)).toMatchObject({ ok: true });
  expect(await judge(it)).toMatch(/^ok: proved/);
});

it('names nothing when inputs have no names', async () => {
  await prove(thing({ inputs: 'a'.repeat(40) }));
  expect(await judge(thing({ inputs: 'b'.repeat(40) }))).toBe('change: proved for other inputs');
});

it('shows of a name that lies deep only its end', async () => {
  const inputs = (value: string): Json => ({ [`${'a'.repeat(50)}`]: { [`${'b'.repeat(50)}`]: value } });
  await prove(thing({ inputs: inputs('x') }));
  const end = `…${'a'.repeat(8)}.${'b'.repeat(50)}`;
  expect(await judge(thing({ inputs: inputs('y') }))).toBe(`change: proved for other inputs: ${end}: "y"`);
});

it('shows of other inputs only what differs, long values cut and digests not at all', async () => {
  const inputs = (enabled: boolean, text: string, digest: string): Json => ({
    crds: digest.repeat(40),
    releases: [{ chart: 'x', values: { enabled, same: 'a'.repeat(900) } }, { notes: text.repeat(900) }],
  });
  await prove(thing({ inputs: inputs(false, 'b', 'c') }));
  const cut = `"${'z'.repeat(58)}…`;
  expect(await judge(thing({ inputs: inputs(true, 'z', 'f') }))).toBe(
    `change: proved for other inputs: crds, releases.0.values.enabled: true, releases.1.notes: ${cut}`,
  );
});

it('takes a result that somebody scribbled over for none', async () => {
  await prove(thing());
  const patch = JSON.stringify({ data: { storage_proof_cp1: '{"at":"yesterday"}' } });
  await it1.lab.mk('cp1', ['kubectl', '-n', 'mlk8s-system', 'patch', 'cm', 'proofs', '--type', 'merge', '-p', patch]);
  expect(await judge(thing())).toBe('change: not proved yet');
});

it('waits while the API does not answer', async () => {
  Object.assign(it1.lab.rig('cp1').microk8s ?? {}, { readyAt: it1.lab.now + 600_000 });
  expect(await judge(thing())).toBe('settling: the API on cp1 does not answer');
});

describe('fails, leaves nothing, and an earlier success does not stand', () => {
  const failures: [string, () => Declared, (() => void) | undefined, string[]][] = [
    [
      'when the pod fails',
      () => thing(),
      () => it1.lab.rig('cp1').faults.push('podfails:try'),
      ['simulated failure', 'pod try: Failed Error', 'the pod failed'],
    ],
    [
      'when no node fits',
      () => thing({ objects: [pod({ nodeSelector: { 'kubernetes.io/hostname': 'rig9' } })] }),
      undefined,
      ["FailedScheduling: 0/1 nodes are available: 1 node(s) didn't match", 'the pod did not end within 20 s'],
    ],
    [
      'when its image cannot be pulled',
      () => thing(),
      () => it1.lab.rig('cp1').faults.push('imagepull'),
      ['pod try: Pending ImagePullBackOff Back-off pulling image "busybox"', 'the pod did not end within 20 s'],
    ],
    [
      'when its claim is not bound',
      () =>
        thing({ objects: [claim, pod({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] })] }),
      undefined,
      ['claim data of class none-such: Pending', 'unbound immediate PersistentVolumeClaims'],
    ],
    [
      'when the log does not hold what it must',
      () => thing({ objects: [pod({}, 'echo "something else"')] }),
      undefined,
      ['something else', 'the pod ended well, but its log does not hold "all is well"'],
    ],
  ];
  for (const [name, it2, fault, words] of failures) {
    it(name, async () => {
      await prove(thing({ inputs: { version: 'earlier' } }));
      fault?.();
      const it = it2();
      const { status, text } = await it1.bash(`set -euo pipefail\n${script(await it1.judge(it))}`);
      expect(status).toBe(1);
      for (const word of words) expect(text).toContain(word);
      expect(text.trim().split('\n').slice(-12).join('\n')).toContain(words[0]);
      expect(await left()).toBe('');
      expect(await judge(it)).toBe('change: failed just now');
    });
  }
});

it('says when it failed last, and that it was for other inputs', async () => {
  it1.lab.rig('cp1').faults.push('podfails:try');
  expect(await prove(thing())).toMatchObject({ ok: false });
  it1.lab.pass(125);
  expect(await judge(thing())).toBe('change: failed 2 minutes ago');
  expect(await judge(thing({ inputs: 2 }))).toBe('change: failed 2 minutes ago, for other inputs');
  const map = JSON.parse(await kubectl('get cm proofs -n mlk8s-system -o json')) as { data: Record<string, string> };
  expect(Object.keys(JSON.parse(map.data.storage_proof_cp1 ?? ''))).toEqual(['failedAt', 'node', 'digest']);
});

it('removes first what an interrupted run of an earlier version left, under whatever name', async () => {
  await kubectl('create namespace mlk8s-proof');
  await prove(thing());
  const label = /mlk8s\.io\/proof=([0-9a-f]+)/.exec(it1.ran.join('\n'))?.[1] ?? '';
  const old = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'old', namespace: 'mlk8s-proof' } };
  const labelled = (labels: object, name: string) =>
    JSON.stringify({ ...old, metadata: { ...old.metadata, name, labels }, spec: {} });
  await kubectl('apply -f -', labelled({ 'mlk8s.io/proof': label }, 'old'));
  await kubectl('apply -f -', labelled({ 'mlk8s.io/proof': 'another' }, 'of-another'));
  expect(await prove(thing({ inputs: 2 }))).toMatchObject({ ok: true });
  expect(await left()).toBe('persistentvolumeclaim/of-another\n');
});

it('interrupted at any point, is proved by the next run', async () => {
  const lines = script(await it1.judge(thing())).split('\n');
  const starts = lines.flatMap((line, i) => (/apply --server-side|^clean$|^until=|^log=/.test(line) ? [i] : []));
  expect(starts.length).toBeGreaterThanOrEqual(4);
  for (const at of starts) {
    const cut = [...lines.slice(0, at + 1), 'kill -KILL $$', ...lines.slice(at + 1)].join('\n');
    expect((await it1.bash(`set -euo pipefail\n${cut}`)).status).not.toBe(0);
    expect(await judge(thing())).toBe('change: begun just now, and has not ended');
    expect(await prove(thing())).toEqual({ ok: true, err: '' });
    expect(await left()).toBe('');
    await prove(thing({ inputs: at }));
  }
});

it('never names a node, and ends by itself', () => {
  expect(() => thing({ objects: [pod({ nodeName: 'cp1' })] })).toThrow('must be scheduled');
  expect(() => thing({ objects: [pod({ restartPolicy: 'Always' })] })).toThrow('restart policy Never');
});

it('is undone: its result goes, and with the last one the namespace', async () => {
  await prove(thing());
  const verdict = await it1.undo(thing());
  expect(said(verdict)).toBe('change: its result is kept');
  expect(await it1.bash(`set -euo pipefail\n${script(verdict)}`)).toMatchObject({ status: 0, err: '' });
  expect(said(await it1.undo(thing()))).toBe('ok: nothing is kept of it');
  expect(await kubectl('get namespaces -o name')).not.toContain('mlk8s-proof');
  expect(await kubectl('get cm -n mlk8s-system -o name')).not.toContain('proofs');
});

it('is undone while others stay', async () => {
  const other = { ...thing(), id: 'storage/other@cp1' } as Declared;
  await prove(thing());
  await prove(other);
  await it1.bash(`set -euo pipefail\n${script(await it1.undo(thing()))}`);
  expect(await judge(other)).toMatch(/^ok: proved/);
  expect(await kubectl('get namespaces -o name')).toContain('mlk8s-proof');
});
