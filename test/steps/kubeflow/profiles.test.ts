import { expect, it } from 'vitest';
import { checkNeeds } from '../../../src/engine/judge.ts';
import { toUndo } from '../../../src/engine/undo.ts';
import { kinds } from '../../../src/resources/index.ts';
import { steps } from '../../../src/steps/index.ts';
import { kubeflowStep } from '../../../src/steps/kubeflow/index.ts';
import { at, worldOf } from '../../resources/world.ts';
import { ANNA, file, objectsOf, resourceOf, specOf } from './people.ts';

it('is a Profile with an owner for each user, and a quota where the file has one', () => {
  expect(objectsOf(file(), 'profile-anna')).toEqual([
    {
      ...{ apiVersion: 'kubeflow.org/v1', kind: 'Profile', metadata: { name: 'kubeflow-anna' } },
      spec: {
        owner: { kind: 'User', name: 'anna@lab' },
        resourceQuotaSpec: {
          hard: { cpu: '4', memory: '8Gi', 'requests.nvidia.com/gpu': '1', 'requests.storage': '50Gi' },
        },
      },
    },
  ]);
  expect(objectsOf(file(), 'profile-ben-2')).toMatchObject([
    { metadata: { name: 'kubeflow-ben-2' }, spec: { owner: { kind: 'User', name: 'Ben@home.lab' } } },
  ]);
  expect(JSON.stringify(objectsOf(file(), 'profile-ben-2'))).not.toContain('resourceQuotaSpec');
});

it('keeps somebody from all cards with a quota of none', () => {
  const none = file({ users: [{ name: 'anna', gpus: 0 }] });
  expect(JSON.stringify(objectsOf(none, 'profile-anna'))).toContain('{"hard":{"requests.nvidia.com/gpu":"0"}}');
});

it('gives containers that ask for nothing a request where a quota wants one', () => {
  expect(objectsOf(file(), 'limits-anna')).toMatchObject([
    {
      kind: 'LimitRange',
      metadata: { namespace: 'kubeflow-anna' },
      spec: { limits: [{ type: 'Container', defaultRequest: { cpu: '50m', memory: '64Mi' } }] },
    },
  ]);
  expect(() => resourceOf(file(), 'limits-ben-2')).toThrow();
  const memory = file({ users: [{ ...ANNA, cpu: undefined }] } as never);
  expect(objectsOf(memory, 'limits-anna')).toMatchObject([
    { spec: { limits: [{ defaultRequest: { memory: '64Mi' } }] } },
  ]);
});

it('holds the volumes of a user, and all they made, until that is given up', () => {
  expect(specOf<{ data: object }>(file(), 'profile-anna').data).toEqual({
    ...{ name: 'kubeflow-anna', namespace: 'kubeflow-anna', things: true },
    asked: { what: 'user', name: 'anna', where: 'kubeflow.users' },
  });
  expect(resourceOf(file(), 'profile-anna').needs).toContain('kubeflow/login-anna@cluster');
});

it('keeps all stages while the data of a user is kept, but for that in the namespace of a user', () => {
  const of = file({ components: 'full' });
  const stages = kubeflowStep.resources(of).filter(({ kind }) => kind === 'kustomize-stage');
  const inProfile = stages.filter(({ needs }) => needs.includes('kubeflow/user-anna@cluster')).map(({ id }) => id);
  expect(inProfile).toEqual(['kubeflow/registry@cluster']);
  expect(stages.map(({ id }) => id).filter((id) => !resourceOf(of, 'profile-ben-2').needs.includes(id))).toEqual(
    inProfile,
  );
});

it('has records of which none rests on itself', () => {
  const records = kubeflowStep.resources(file({ components: 'full' })).map((it) => ({ ...it, needs: [...it.needs] }));
  const undone = toUndo(records as never, kinds).map(({ id }) => id);
  const place = (id: string) => undone.indexOf(id as never);
  for (const { id, needs } of records)
    for (const need of needs.filter((it) => place(it) >= 0))
      expect(place(id), `${id} ${need}`).toBeLessThan(place(need));
});

it('waits for what Kubeflow makes of a Profile', () => {
  const it_ = resourceOf(file(), 'user-anna');
  const kind = kinds.brought;
  const [ask] = kind?.asks(it_) ?? [];
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kubeflow-anna' } };
  const account = {
    ...{ apiVersion: 'v1', kind: 'ServiceAccount' },
    metadata: { name: 'default-editor', namespace: 'kubeflow-anna' },
  };
  const judge = (items: readonly object[], status = 0) => {
    const text = items.length === 0 ? '' : JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 4);
    const answers = new Map([[at('cluster', ask?.key ?? ''), { kind: 'bytes', text, status, cut: false } as const]]);
    return kind?.judge(it_, { ...worldOf({ answers }), lead: 'rig1', identity: 'X' });
  };
  const by = "Kubeflow's profile controller";
  const account_ = 'ServiceAccount kubeflow-anna/default-editor';
  expect(judge([])).toMatchObject({
    ...{ verdict: 'settling', because: `${by} has not made Namespace kubeflow-anna, ${account_} yet` },
  });
  expect(judge([namespace])).toMatchObject({ verdict: 'settling', because: `${by} has not made ${account_} yet` });
  expect(judge([namespace, account])).toEqual({
    verdict: 'ok',
    because: `${by} made Namespace kubeflow-anna, ${account_}`,
  });
  const going = { ...namespace, metadata: { ...namespace.metadata, deletionTimestamp: '2026-11-22T00:00:00Z' } };
  expect(judge([going, account])).toMatchObject({
    verdict: 'settling',
    because: 'Namespace kubeflow-anna: being removed',
  });
  expect(judge([], 1)).toMatchObject({ verdict: 'settling', because: 'the API on rig1 does not answer' });
  expect(kind?.judge(it_, worldOf({}))).toMatchObject({ verdict: 'settling', because: 'there is no cluster yet' });
});

it('names no need that no resource answers to', () => {
  const monitoring = { retentionDays: 15, sizeGi: 20, pushgateway: true, alerts: {} };
  for (const of of [file(), file({ components: 'full' }, { monitoring })])
    expect(() => checkNeeds(steps.flatMap((step) => step.resources(of)))).not.toThrow();
});
