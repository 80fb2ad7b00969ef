import { describe, expect, it } from 'vitest';
import type { Declared, Verdict } from '../../src/engine/types.ts';
import { postgresCluster, postgresClusterKind } from '../../src/resources/postgres-cluster.ts';
import { answersTo, type Told, worldOf } from './world.ts';

const thing = postgresCluster({
  ...{ id: 'databases/postgres-ready@cluster', on: 'cluster', needs: [], namespace: 'postgres', cluster: 'postgres' },
  ...{ instances: 2, readyS: 1800, anew: 'to begin anew: --delete-data postgres' },
});

const HEALTHY = { phase: 'Cluster in healthy state', readyInstances: 2, currentPrimary: 'postgres-1' };
const APPLIED = [{ metadata: { name: 'postgres-app' }, status: { applied: true } }];
const FINE = 'postgres-1\tRunning\tTrue\t\t\t\tinstance\npostgres-2\tRunning\tTrue\t\t\t\tinstance\n';
const THREE = `${FINE}postgres-3\tRunning\tTrue\t\t\t\tinstance\n`;

function told(status: object | string, databases: readonly object[] = APPLIED, pods = FINE): string {
  const cluster = typeof status === 'string' ? status : `${JSON.stringify({ spec: { instances: 2 }, status })}\n`;
  return `${cluster}----\n${JSON.stringify({ items: databases })}\n----\n${pods}`;
}

function judge(answer: Told): Verdict {
  const asks = postgresClusterKind.asks(thing as Declared<never>);
  const world = { ...worldOf({ answers: answersTo(asks, [answer]) }), lead: 'rig1', identity: 'X' };
  return postgresClusterKind.judge(thing as Declared<never>, world);
}

it('is ok with all instances and all databases', () => {
  expect(judge(told(HEALTHY))).toEqual({
    ...{ verdict: 'ok', because: '2 of 2 instances ready, postgres-1 is the primary', shown: true },
  });
});

describe('waits', () => {
  it.each<[when: string, answer: Told, because: string]>([
    ['for the API', { text: '', status: 1 }, 'the API on rig1 does not answer'],
    [
      'for its type',
      told('error: the server doesn\'t have a resource type "clusters"\n'),
      'there is no Cluster postgres/postgres',
    ],
    ['to be written', told(''), 'there is no Cluster postgres/postgres'],
    ['for the operator', told({}), 'Cluster postgres/postgres: not looked at by the operator yet, 0 of 2 ready'],
    [
      'for an instance that the operator does not miss yet',
      told(
        { ...HEALTHY, readyInstances: 1 },
        APPLIED,
        'postgres-1\tRunning\tTrue\t\t\t\npostgres-2\tPending\tFalse\t\tImagePullBackOff\t\n',
      ),
      'Cluster postgres/postgres: Cluster in healthy state, 1 of 2 ready (pod postgres-2: ImagePullBackOff)',
    ],
    [
      'for an instance that was lost while the operator was away',
      told(HEALTHY, APPLIED, 'postgres-1\tRunning\tTrue\t\t\t\n'),
      'Cluster postgres/postgres: Cluster in healthy state, 1 of 2 ready',
    ],
    [
      'for the operator to take an instance away that is too many',
      told({ ...HEALTHY, instances: 3, readyInstances: 3 }, APPLIED, THREE),
      'Cluster postgres/postgres: 3 instances, and 2 are asked for: the operator removes postgres-3, with the claim postgres/postgres-3 and the copy in it',
    ],
    [
      'for its pod to end, whatever the operator counts',
      told({ ...HEALTHY, instances: 2 }, APPLIED, THREE),
      'Cluster postgres/postgres: 3 instances, and 2 are asked for: the operator removes postgres-3, with the claim postgres/postgres-3 and the copy in it',
    ],
    [
      'for its claim to go, when its pod is gone',
      told({ ...HEALTHY, instances: 3 }),
      'Cluster postgres/postgres: 3 instances, and 2 are asked for',
    ],
    [
      'for a machine to run on',
      told({ phase: 'Setting up primary' }, [], 'postgres-1-initdb-x\tPending\t\t\t\t0/3 nodes are available\n'),
      'Cluster postgres/postgres: Setting up primary, 0 of 2 ready (pod postgres-1-initdb-x: 0/3 nodes are available)',
    ],
    [
      'with the reason of the operator',
      told({ phase: 'Unrecoverable', phaseReason: 'no valid primary' }, [], ''),
      'Cluster postgres/postgres: Unrecoverable, 0 of 2 ready (no valid primary)',
    ],
    [
      'for a database, with what the operator says',
      told(HEALTHY, [
        {
          metadata: { name: 'postgres-app' },
          status: { applied: false, message: 'extension "vecto" is not available' },
        },
      ]),
      'Database postgres-app: extension "vecto" is not available',
    ],
    [
      'for a database that the operator has not seen',
      told(HEALTHY, [{ metadata: { name: 'postgres-app' } }]),
      'Database postgres-app: not made by the operator yet',
    ],
  ])('%s', (_, answer, because) => expect(judge(answer)).toEqual({ verdict: 'settling', because, deadlineS: 1800 }));
});

it('says which instance goes with its claim when fewer are asked for than the Cluster has, and never the primary', () => {
  const before = JSON.stringify({ spec: { instances: 3 }, status: { ...HEALTHY, instances: 3, readyInstances: 3 } });
  const judgedWith = (primary: string) =>
    judge(told(`${before.replace('"postgres-1"', `"${primary}"`)}\n`, APPLIED, THREE));
  expect(judgedWith('postgres-1')).toMatchObject({
    verdict: 'ok',
    warning:
      '3 instances, and 2 are asked for: the operator removes postgres-3, with the claim postgres/postgres-3 and the copy in it',
  });
  expect(judgedWith('postgres-3')).toMatchObject({ warning: expect.stringContaining('removes postgres-2,') });
});

it('is refused when the operator gave up since no claim is left, with what can be done', () => {
  const lost = {
    ...{ phase: 'Cluster is unrecoverable and needs manual intervention', instances: 0, readyInstances: 0 },
    phaseReason: 'One or more instances were previously created, but no PersistentVolumeClaims (PVCs) exist. To …',
  };
  expect(judge(told(lost, APPLIED, ''))).toMatchObject({
    verdict: 'refused',
    problem: {
      seen: 'Cluster postgres/postgres had instances, and none of their claims is there any more',
      why: 'somebody deleted them, or a machine went with its volume; the operator makes no empty database in the place of one that held data',
      next: [expect.stringMatching(/dump or a copy/), expect.stringContaining('--delete-data postgres')],
    },
  });
});

it('names hugepages when initdb died of a Bus error, and what to do', () => {
  const pods = 'postgres-1-initdb-x\tFailed\tFalse\t135\t\t\n';
  expect(judge(told({ phase: 'Setting up primary' }, [], pods))).toMatchObject({
    verdict: 'refused',
    problem: {
      where: 'databases/postgres-ready@cluster',
      seen: 'pod postgres/postgres-1-initdb-x died of a Bus error (exit code 135)',
      why: expect.stringContaining('hugepages'),
      next: expect.arrayContaining([expect.stringContaining('vm.nr_hugepages=0')]),
    },
  });
});

it('does not speak of a Bus error of long ago when all is well', () => {
  expect(judge(told(HEALTHY, APPLIED, `${FINE}postgres-1-initdb-x\tFailed\tFalse\t135\t\t\n`))).toMatchObject({
    verdict: 'ok',
  });
});
