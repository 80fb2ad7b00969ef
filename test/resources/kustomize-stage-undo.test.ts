import { describe, expect, it } from 'vitest';
import type { Answer, Declared, Verdict, World } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { claimsAsk } from '../../src/resources/claims.ts';
import { kinds } from '../../src/resources/index.ts';
import { kustomizeStage } from '../../src/resources/kustomize-stage.ts';
import { instancesAsk } from '../../src/resources/stage-instances.ts';
import { stagesAsk } from '../../src/resources/stage-sight.ts';
import { besidesAsk } from '../../src/resources/stage-theirs.ts';
import { answerOf, at, cluster, doings, node, said, type Told, worldOf } from './world.ts';

const overlay = { paths: ['common/a'], namespace: 'kubeflow-ben', patches: [], images: [] };
const STAGE = kustomizeStage({
  ...{ id: 'kubeflow/dashboard@cluster', on: 'cluster', needs: [] },
  ...{ stage: 'dashboard', title: 'the dashboard', release: 'Kubeflow 1.0' },
  ...{ source: '/var/lib/mlk8s/kubeflow/1.0', digest: 'd', overlay, replaces: [], passes: [], marks: [], readyS: 900 },
}) as unknown as Declared;
const UNDONE = { ...STAGE, origin: 'created', state: 'done' } as Declared;

const TYPE = 'apiextensions.k8s.io/v1 CustomResourceDefinition - profiles.kubeflow.org';
const receipts = (rows: string, there: string) => `stage stage-dashboard 00\n${rows}\n----\n${there}----\n----\n`;
const STAGES = receipts(`${TYPE}\n`, 'customresourcedefinition.apiextensions.k8s.io/profiles.kubeflow.org   5d\n');
const claim = (namespace: string, name = 'home') => `${namespace}\t${name}\tssd\tpv-1\t10Gi\t\t\n`;
const claims = (...rows: string[]) => `${rows.join('')}----\n----\n----\n`;

function world(told: { stages?: Told; instances?: Told; claims?: Told; besides?: Told; deletes?: string[] }) {
  const answers = new Map<string, Answer>([
    [at('cluster', stagesAsk.key), answerOf(told.stages ?? STAGES)],
    [at('cluster', instancesAsk('dashboard').key), answerOf(told.instances ?? '')],
    [at('cluster', besidesAsk('dashboard').key), answerOf(told.besides ?? '')],
    [at('cluster', claimsAsk.key), answerOf(told.claims ?? claims())],
  ]);
  return { ...worldOf({ answers, deletes: told.deletes ?? [] }), lead: 'cp1', identity: 'X' };
}

const undone = (told: Parameters<typeof world>[0]) =>
  undoing(kinds)['kustomize-stage']?.judge(UNDONE, world(told)) ?? { verdict: 'ok', because: '' };

describe('a stage that goes', () => {
  const profiles = 'profile.kubeflow.org/by-hand   5d\nprofile.kubeflow.org/empty   5d\n';

  it('is kept while Profiles of its type have claims, and says which', () => {
    const verdict = undone({ instances: profiles, claims: claims(claim('by-hand'), claim('elsewhere')) });
    expect(verdict).toEqual({
      verdict: 'refused',
      problem: {
        where: 'kubeflow/dashboard@cluster',
        seen: 'Profile by-hand holds data, in claim by-hand/home (10Gi)',
        why: 'with the dashboard goes each Profile, with it its namespace, and its data would be gone for good',
        next: [
          'to keep it, put the section kubeflow back into the cluster file, or copy the data elsewhere',
          'to give it up, with all data: microk8s kubectl delete profile.kubeflow.org by-hand',
        ],
      },
    });
  });

  it.each([
    ['of which none has a claim', claims(claim('elsewhere')), []],
    ['whose data is given up', claims(claim('by-hand')), ['by-hand']],
  ])('takes Profiles along %s', (_, held, deletes) => {
    expect(doings(undone({ instances: profiles, claims: held, deletes }))).toEqual([
      'delete the one object of the dashboard, and what was made of its types: profile.kubeflow.org by-hand, profile.kubeflow.org empty',
    ]);
  });

  it.each<[string, Told]>([
    ['is not listed', { text: '', status: 1 }],
    ['is not listed in time', { kind: 'timeout' }],
  ])('waits when what is of its types %s', (_, instances) => {
    expect(said(undone({ instances }))).toBe('settling: the API on cp1 does not answer');
  });
});

describe('the namespaces of a stage that goes', () => {
  const rows = 'v1 Namespace - kubeflow\nv1 Secret kubeflow ours\n';
  const stages = receipts(rows, 'namespace/kubeflow   Active   5d\nkubeflow   secret/ours   Opaque   1   5d\n');
  const besides =
    '---- kubeflow\nSecret\tours\t\t\t\t\t\t\t\t\t\troles\nConfigMap\tkube-root-ca.crt\nSecret\tmine\nPod\tdex-1\tReplicaSet\n';

  it('go with what is in them, and it is named', () => {
    expect(doings(undone({ stages, besides }))).toEqual([
      'delete the 2 objects of the dashboard, and what else is in its namespaces: Secret kubeflow/mine',
    ]);
  });

  it('stay with it when they hold data', () => {
    expect(doings(undone({ stages, besides, claims: claims(claim('kubeflow')) }))).toEqual([
      'delete the one object of the dashboard, but for Namespace kubeflow',
    ]);
  });

  it('are not touched while nobody knows what is in them', () => {
    expect(said(undone({ stages, besides: { kind: 'timeout' } }))).toBe('settling: the API on cp1 does not answer');
  });
});

describe('a stage that another one took over', () => {
  const kubeflow = { components: 'minimal' as const, users: [{ name: 'anna' }] };
  const TENSORBOARD = {
    ...UNDONE,
    spec: { ...(UNDONE.spec as object), stage: 'tensorboard', title: 'TensorBoard' },
  } as Declared;
  const goes = (channel: string, section: object) => {
    const told = { stages: STAGES.replace('stage-dashboard', 'stage-tensorboard') };
    const file = cluster([node('cp1')], { microk8s: { channel }, ...section });
    const known = world(told);
    const keys = [instancesAsk, besidesAsk].map((ask) => [ask('dashboard').key, ask('tensorboard').key] as const);
    const answer: World['answer'] = (on, key) => known.answer(on, keys.find(([, it]) => it === key)?.[0] ?? key);
    return doings(undoing(kinds)['kustomize-stage']?.judge(TENSORBOARD, { ...known, file, answer }) as Verdict);
  };

  it.each([
    ['goes on in it', '1.35/stable', { kubeflow }, 'leave the objects of TensorBoard to notebooks'],
    ['goes in a release in which it is a stage', '1.34/stable', { kubeflow }, 'delete the one object of TensorBoard'],
    ['goes with the section', '1.35/stable', {}, 'delete the one object of TensorBoard'],
  ])('%s', (_, channel, section, does) => expect(goes(channel, section)).toEqual([does]));
});

describe('a stage with data', () => {
  const CLAIM = 'v1 PersistentVolumeClaim kubeflow-anna db';
  const judged = (stages: string) => kinds['kustomize-stage']?.judge(STAGE, world({ stages })) ?? UNDONE;

  it('comes into no other namespace while its claim is there', () => {
    const verdict = judged(receipts(`${CLAIM}\n`, 'kubeflow-anna   persistentvolumeclaim/db   Bound   5d\n'));
    expect(verdict).toMatchObject({
      verdict: 'refused',
      problem: {
        seen: 'the dashboard keeps its data in the claim kubeflow-anna/db, and is to come into the namespace kubeflow-ben',
        next: [
          'to keep it, put the user of the namespace kubeflow-anna first again in kubeflow.users',
          expect.stringContaining('microk8s kubectl -n kubeflow-anna delete persistentvolumeclaim db'),
        ],
      },
    });
  });

  it('says that the data is gone, when its claim is', () => {
    expect(judged(receipts(`${CLAIM}\n`, ''))).toMatchObject({
      verdict: 'change',
      because: expect.stringContaining(
        'PersistentVolumeClaim kubeflow-anna/db does not exist any more and its data is gone: an empty one takes its place',
      ),
    });
  });
});

describe('the data of a stage in the namespace of a user', () => {
  const rows = 'v1 PersistentVolumeClaim kubeflow-ben db\nv1 Service kubeflow-ben db\n';
  const stages = receipts(rows, 'kubeflow-ben   persistentvolumeclaim/db   Bound\nkubeflow-ben   service/db   5d\n');
  const told = { stages, claims: claims(claim('kubeflow-ben', 'db')) };

  it('stays with the user', () => {
    expect(doings(undone(told))).toEqual(['delete the one object of the dashboard, but for PersistentVolumeClaim db']);
  });

  it('goes when the user is given up, before the namespace does', () => {
    expect(doings(undone({ ...told, deletes: ['kubeflow-ben'] }))).toEqual([
      'delete the 2 objects of the dashboard, and its data, in claim kubeflow-ben/db',
    ]);
  });
});
