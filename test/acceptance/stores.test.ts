import { afterAll, describe, expect, it } from 'vitest';
import { databasesStep } from '../../src/steps/databases/index.ts';
import { nameOf, namesOf, open, openIds, refusals } from './plan.ts';
import { releaseBreaks, storeBreaks, storeUnbroken } from './store-breaks.ts';
import { User, until } from './user.ts';
import { cameUp, TWO_RIGS } from './users.ts';

const FILE = `${TWO_RIGS}storage: {}
databases:
  redis: { sizeGi: 2 }
  milvus: { sizeGi: 10 }
  dynamodb: {}
`;

describe('Redis, Milvus and DynamoDB', () => {
  const kubectl = (words: string) => user.exec('rig1', `microk8s kubectl ${words}`);
  const user = cameUp(FILE);

  it('have nothing to do the second time, with one exec per machine', async () => {
    const { summary } = await user.up();
    expect(summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0, execs: { rig1: 1, rig2: 1 } });
  });

  it('keep their data in volumes of the class of the file, whatever the charts would do', async () => {
    const path = '{range .items[*]}{.metadata.name} {.spec.storageClassName} {.status.phase}{"\\n"}{end}';
    const claims = await kubectl(`get pvc -A -o jsonpath='${path}'`);
    const bound = (claim: string) => `${claim}-data openebs-hostpath Bound`;
    expect(claims.trim().split('\n').toSorted()).toEqual(['redis', 'milvus', 'dynamodb'].map(bound).toSorted());
    expect(await kubectl('get statefulsets -A -o name')).toBe('');
  });

  it('are proved to keep what is written over a restart', async () => {
    const { stdout } = await user.run('status', '--rehearse');
    for (const name of ['redis', 'milvus', 'dynamodb']) {
      expect(stdout).toMatch(new RegExp(`proof-${name} +cluster: proved`));
    }
  });

  it('have passwords that are made once', async () => {
    const { stdout } = await user.run('credentials', '--rehearse', '--json');
    const { credentials } = JSON.parse(stdout) as { credentials: { name: string; user: string; password: string }[] };
    expect(credentials.map((it) => `${it.name} ${it.user}`)).toEqual([
      'redis default',
      'redis-commander admin',
      'milvus root',
      'attu root',
    ]);
    for (const { password } of credentials) expect(password).toMatch(/^[A-Za-z0-9]{32}$/);
  });

  it.each([
    ['redis', /^redis:\/\/:[A-Za-z0-9]{32}@127\.0\.0\.1:\d+$/m],
    ['milvus', /Bearer root:[A-Za-z0-9]{32}"' \| curl -K - .*http:\/\/127\.0\.0\.1:\d+\/v2/],
    ['dynamodb', /aws dynamodb list-tables --endpoint-url http:\/\/127\.0\.0\.1:\d+$/m],
  ])('are reached from here: %s', async (database, shown) => {
    const { child, end } = user.start('connect', database, '--rehearse');
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await until(() => out.includes('Ctrl-C'));
    expect(out).toMatch(shown);
    child.kill('SIGINT');
    expect(await end).toMatchObject({ code: 0 });
  });

  it('say that nobody is behind them when their pods are gone', async () => {
    await kubectl('-n dynamodb scale deployment dynamodb --replicas=0');
    await kubectl('-n redis delete deployment redis-commander');
    for (const [verb, name] of [
      ['connect', 'dynamodb'],
      ['open', 'redis-commander'],
    ] as const) {
      const { code, stdout, stderr } = await user.run(verb, name, '--rehearse');
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(
        new RegExp(`error +${name}, through rig1 [\\s\\S]*seen +Service .*/${name}: nobody answers at`),
      );
      expect(stderr).toMatch(/why +the pods behind that service are not ready\n +next +(npx )?mlk8s status/);
    }
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, applied: 2 });
  });

  it('have a break for each resource, or a reason why not', () => {
    const known = [...Object.keys(storeBreaks).map(nameOf), ...Object.keys(storeUnbroken)];
    expect(namesOf(databasesStep, FILE)).toEqual(known.toSorted());
  });

  it('are named exactly by what is broken, and up mends it', async () => {
    for (const script of Object.values(storeBreaks)) await user.exec('rig1', `set -e\n${script}`);
    const plan = await user.run('plan', '--rehearse', '--json');
    const ids = openIds(plan);
    expect(ids).toEqual(Object.keys(storeBreaks).toSorted());
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, applied: ids.length });
  });

  it.each(releaseBreaks)('get back what Helm brought, after: kubectl %s', async (broken, id, because) => {
    await kubectl(broken);
    const changes = open(await user.run('plan', '--rehearse', '--json'));
    expect(changes.map((it) => `${it.id}: ${it.because}`)).toEqual([`${id}: ${because}`]);
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, applied: 1 });
  });

  it('refuse another message queue for data that there is', async () => {
    user.file(`${FILE}values: { milvus: { standalone: { messageQueue: rocksmq } } }\n`);
    const other = await user.up();
    expect(other.code).toBe(1);
    expect(refusals(other).join()).toContain('was made with the message queue woodpecker, and rocksmq is asked for');
    expect(await kubectl('-n milvus get deployment milvus-standalone -o yaml')).toContain('message-queue: woodpecker');
    user.file(FILE);
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, applied: 0 });
  });

  it('keep their data when they leave the file, until it is given up by name', async () => {
    const without = FILE.replace(/ {2}redis:.*\n {2}milvus:.*\n/, '');
    user.file(without);
    const kept = await user.up('--prune');
    expect(refusals(kept).toSorted()).toEqual([
      'databases/milvus@cluster: milvus holds data, in the claim milvus/milvus-data (10Gi)',
      'databases/redis@cluster: redis holds data, in the claim redis/redis-data (2Gi)',
    ]);
    expect([kept.code, kept.summary.applied]).toEqual([1, 0]);
    expect(await kubectl('-n redis get deployment redis -o name')).toContain('redis');
    const gone = await user.up('--prune', '--delete-data', 'redis', '--delete-data', 'milvus');
    expect([gone.summary.exitCode, gone.problems]).toEqual([0, []]);
    const claims = await kubectl('get pvc -A -o jsonpath="{.items[*].metadata.name}"');
    expect(claims.trim()).toBe('dynamodb-data');
    const namespaces = await kubectl('get namespaces -o jsonpath="{.items[*].metadata.name}"');
    expect(namespaces.split(' ').filter((it) => ['redis', 'milvus'].includes(it))).toEqual([]);
  });
});

describe('a database that keeps nothing', () => {
  const user = new User();
  afterAll(() => user.leave());

  it('is found by its proof: the values of the user took its volume away', async () => {
    user.file(
      `${FILE.replace(/ {2}(milvus|dynamodb):.*\n/g, '')}values: { valkey: { dataStorage: { persistentVolumeClaimName: null } } }\n`,
    );
    const { summary, problems } = await user.up();
    expect(summary.exitCode).toBe(1);
    expect(problems.join('\n')).toContain('databases/proof-redis@cluster');
  }, 240_000);
});
