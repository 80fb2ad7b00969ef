import { expect, it } from 'vitest';
import { checkDeleteData } from '../../src/cli/delete-data.ts';
import { collect, type PlanFlags } from '../../src/cli/options.ts';
import type { Cluster } from '../../src/config/schema.ts';
import type { UserError } from '../../src/errors.ts';
import { cluster, node } from '../resources/world.ts';
import { file } from '../steps/kubeflow/people.ts';

const NONE = { only: [], skip: [], host: [], parallel: 10, fault: [] } as const;
const problemsOf = (flags: Partial<PlanFlags>, asked: Cluster = cluster([node('rig1')])) => {
  try {
    checkDeleteData({ ...NONE, ...flags }, asked);
  } catch (error) {
    return (error as UserError).problems;
  }
  return [];
};

it('is taken with --prune, also where the run is limited to the databases', () => {
  const flags = { prune: true, deleteData: ['redis'] };
  expect(problemsOf(flags)).toEqual([]);
  expect(problemsOf({ ...flags, only: ['databases'] })).toEqual([]);
  expect(problemsOf({ ...flags, skip: ['devbox'] })).toEqual([]);
});

it.each<[Partial<PlanFlags>, string]>([
  [{ only: ['devbox'] }, '--only devbox'],
  [{ skip: ['databases'] }, '--skip databases'],
  [{ host: ['rig1'] }, '--host rig1'],
])('is refused where the databases are left out: %j', (limits, seen) => {
  expect(problemsOf({ prune: true, deleteData: ['redis'], ...limits })).toEqual([
    {
      where: 'command line',
      seen: `--delete-data redis with ${seen}`,
      why: 'that leaves the step databases out of the run: nothing of redis would be deleted',
      next: ['mlk8s up --prune --delete-data redis'],
    },
  ]);
});

it('is refused for a user of Kubeflow where Kubeflow is left out', () => {
  const flags = { prune: true, deleteData: ['kubeflow-carl'] };
  expect(problemsOf({ ...flags, only: ['kubeflow'] })).toEqual([]);
  expect(problemsOf({ ...flags, only: ['databases'] })).toMatchObject([
    { seen: '--delete-data kubeflow-carl with --only databases' },
  ]);
});

it('knows a name with a capital, and guesses nothing else', () => {
  const next = (name: string) => problemsOf({ prune: true, deleteData: [name] })[0]?.next;
  const known = expect.stringMatching(/^known are: postgres/);
  expect(next('Redis')).toEqual(['did you mean --delete-data redis?', known]);
  expect(next('redi')).toEqual([known]);
});

it('takes the namespace of a user who left the file, and refuses that of one who is in it', () => {
  expect(problemsOf({ prune: true, deleteData: ['kubeflow-carl'] }, file())).toEqual([]);
  expect(problemsOf({ prune: true, deleteData: ['kubeflow-anna'] }, file())).toMatchObject([
    {
      seen: '--delete-data kubeflow-anna: the cluster file asks for it',
      next: ['take anna out of kubeflow.users first'],
    },
  ]);
});

it('refuses what is neither a database nor the namespace of a user', () => {
  const known = 'known are: postgres, redis, milvus, dynamodb, kubeflow-NAME';
  expect(problemsOf({ prune: true, deleteData: ['redis', 'carl'] }, file())).toMatchObject([
    {
      seen: '--delete-data carl: there is no "carl"',
      next: ['did you mean --delete-data kubeflow-carl?', known],
    },
  ]);
  expect(problemsOf({ prune: true, deleteData: ['carl'] })).toMatchObject([
    { seen: '--delete-data carl: there is no "carl"', next: [known] },
  ]);
  expect(problemsOf({ prune: true, deleteData: ['Redis'] }, file())).toMatchObject([
    { next: ['did you mean --delete-data redis?', known] },
  ]);
});

it.each(['--rehearse', '-y'])('takes no option for a name: %s', (option) => {
  expect(() => collect(option, [])).toThrow(`${option} is an option`);
  expect(collect('redis', ['milvus'])).toEqual(['milvus', 'redis']);
});
