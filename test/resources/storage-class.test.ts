import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, Declared, Recorded, Verdict, World } from '../../src/engine/types.ts';
import { storageClass, storageClassKind } from '../../src/resources/storage-class.ts';
import { InCluster } from './in-cluster.ts';
import { answerOf, at, cluster, node, type Told, worldOf } from './world.ts';

const only = storageClass({
  ...{ id: 'storage/default-class@cluster', on: 'cluster', needs: [] },
  ...{ className: 'openebs-hostpath', from: 'storage/openebs@cluster' },
});

function world(told: Told, more: Partial<World> = {}): World {
  const answers = new Map<string, Answer>([[at('cluster', 'storage classes'), answerOf(told)]]);
  const file = cluster([node('rig1', { role: 'control-plane' })]);
  return { ...worldOf({ file, answers }), lead: 'rig1', identity: 'X', ...more };
}

const said = (verdict: Verdict) => ('because' in verdict ? `${verdict.verdict}: ${verdict.because}` : verdict.verdict);
const ours = 'openebs-hostpath';

it.each<[when: string, answer: Told, verdict: string]>([
  ['it is the only one', `${ours}\ttrue\t\nnfs-csi\t\t\n`, `ok: ${ours} is the default class, and the only one`],
  ['it is by the old annotation', `${ours}\t\ttrue\n`, `ok: ${ours} is the default class, and the only one`],
  [
    'another one is no longer',
    `${ours}\ttrue\t\nx\tfalse\tfalse\n`,
    `ok: ${ours} is the default class, and the only one`,
  ],
  ['none is', `${ours}\tfalse\t\n`, 'change: no class is the default one: claims that name none wait for ever'],
  ['another one is', `${ours}\t\t\nx\ttrue\t\n`, `change: the default class is x, not ${ours}`],
  ['two are', `${ours}\ttrue\t\nx\ttrue\t\n`, `change: 2 classes are the default one: ${ours}, x`],
  [
    'one more is by the old annotation',
    `${ours}\ttrue\t\nx\t\ttrue\n`,
    `change: 2 classes are the default one: ${ours}, x`,
  ],
  ['three are', `a\ttrue\t\n${ours}\ttrue\t\nx\ttrue\t\n`, `change: 3 classes are the default one: a, ${ours}, x`],
  ['it is not there', 'x\ttrue\t\n', `later: there is no class ${ours}`],
  ['there is none at all', '', `later: there is no class ${ours}`],
  ['the API is away', { text: '', status: 1 }, 'settling: the API on rig1 does not list its storage classes'],
  ['nobody answered', { kind: 'timeout' }, 'refused'],
])('when %s', (_, answer, verdict) => expect(said(storageClassKind.judge(only, world(answer)))).toBe(verdict));

it('is a change while there is no cluster', () => {
  expect(said(storageClassKind.judge(only, worldOf({})))).toBe('change: there is no cluster yet');
});

describe('undone', () => {
  const undo = (told: Told, more: Partial<World> = {}) => {
    if (storageClassKind.transient) throw new Error('it leaves something behind');
    return storageClassKind.undo(
      { ...only, origin: 'created', state: 'done' } as Recorded<typeof only.spec>,
      world(told, more),
    );
  };

  it('stays as long as the class is there, because claims rely on it', () => {
    expect(undo(`${ours}\ttrue\t\n`)).toMatchObject({ verdict: 'ok', stays: true });
  });

  it('is gone with the class, with its annotation, and with the cluster', () => {
    expect(undo('x\ttrue\t\n')).toEqual({ verdict: 'ok', because: `${ours} is not the default class` });
    expect(undo(`${ours}\tfalse\t\n`)).toEqual({ verdict: 'ok', because: `${ours} is not the default class` });
    expect(undo('', { leaving: ['rig1'], identity: undefined })).toMatchObject({ because: 'it goes with the cluster' });
  });
});

describe('in a cluster', () => {
  const inside = new InCluster();
  beforeAll(() => inside.start());
  afterAll(() => inside.stop());
  const it1 = { ...only, spec: { className: 'microk8s-hostpath', from: 'storage/hostpath@cluster' } } as Declared;
  const defaults = async () =>
    (await inside.lab.mk('cp1', 'kubectl get sc -o jsonpath={.items[*].metadata.annotations}')).out;

  it('finds the second one that a person brought, names both, and puts it right', async () => {
    await inside.lab.mk('cp1', 'enable hostpath-storage');
    expect(said(await inside.judge(it1))).toMatch(/^ok/);
    const own = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'x/y' };
    const legacy = { 'storageclass.beta.kubernetes.io/is-default-class': 'true' };
    const metadata = { name: "a'b; x", annotations: legacy };
    await inside.lab.mk('cp1', 'kubectl apply -f -', { stdin: JSON.stringify({ ...own, metadata }) });
    const verdict = await inside.judge(it1);
    expect(verdict).toMatchObject({
      because: "2 classes are the default one: a'b; x, microk8s-hostpath",
      diff: [{ what: 'default class', before: "a'b; x\nmicrok8s-hostpath\n", after: 'microk8s-hostpath\n' }],
    });
    expect(await inside.apply(it1, verdict)).toEqual({ ok: true, err: '' });
    expect(said(await inside.judge(it1))).toBe('ok: microk8s-hostpath is the default class, and the only one');
    expect(await defaults()).not.toContain('beta.kubernetes.io/is-default-class":"true"');
  });

  it('sets the default anew when somebody took it away', async () => {
    await inside.lab.mk('cp1', 'kubectl annotate sc microk8s-hostpath storageclass.kubernetes.io/is-default-class-');
    const verdict = await inside.judge(it1);
    expect(said(verdict)).toBe('change: no class is the default one: claims that name none wait for ever');
    expect(await inside.apply(it1, verdict)).toEqual({ ok: true, err: '' });
    expect(said(await inside.judge(it1))).toMatch(/^ok/);
  });
});
