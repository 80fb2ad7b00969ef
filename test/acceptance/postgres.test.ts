import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { databasesStep } from '../../src/steps/databases/index.ts';
import { nameOf, namesOf, open, openIds, planOf, refusals } from './plan.ts';
import { postgresBreaks, postgresUnbroken } from './postgres-breaks.ts';
import { User, until } from './user.ts';
import { cameUp, TWO_RIGS } from './users.ts';

const BARE = `${TWO_RIGS}storage: {}
monitoring: { sizeGi: 10 }
`;
const FILE = `${BARE}databases: { postgres: { instances: 2, sizeGi: 3 } }\n`;

describe('PostgreSQL on two machines', () => {
  const kubectl = (words: string) => user.exec('rig1', `microk8s kubectl ${words}`);
  const credential = async () => {
    const { stdout } = await user.run('credentials', 'postgres', '--rehearse', '--json');
    return (JSON.parse(stdout) as { credentials: { user: string; password: string }[] }).credentials[0];
  };
  const user = cameUp(FILE);

  it('has nothing to do the second time, with one exec per machine', async () => {
    const { summary } = await user.up();
    expect(summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0, execs: { rig1: 1, rig2: 1 } });
    expect(summary.notes).toContain('postgres: to reach one from here: mlk8s connect --rehearse postgres');
  });

  it('shows that it is healthy, and how old its proof is', async () => {
    const { code, stdout } = await user.run('status', '--rehearse');
    expect(code).toBe(0);
    // The proof restarted the first primary.
    expect(stdout).toMatch(/postgres-ready +cluster: 2 of 2 instances ready, postgres-2 is the primary/);
    expect(stdout).toMatch(/proof-postgres +cluster: proved/);
  });

  it('has a copy on each machine, in a volume of the class of the file', async () => {
    const nodes = await kubectl('-n postgres get pods -o jsonpath="{.items[*].spec.nodeSelector}"');
    expect([...nodes.matchAll(/rig\d/g)].map(([rig]) => rig).sort()).toEqual(['rig1', 'rig2']);
    const claims = await kubectl('-n postgres get pvc -o jsonpath="{.items[*].spec.storageClassName}"');
    expect(claims.trim()).toBe('openebs-hostpath openebs-hostpath');
  });

  it('has a break for each resource, or a reason why not', () => {
    const broken = [...Object.keys(postgresBreaks).map(nameOf), ...Object.keys(postgresUnbroken)];
    expect(namesOf(databasesStep, FILE)).toEqual(broken.toSorted());
  });

  it('is named exactly by what is broken, and up mends it with the old password', { timeout: 300_000 }, async () => {
    const before = await credential();
    for (const script of Object.values(postgresBreaks)) await user.exec('rig1', `set -e\n${script}`);
    const plan = await user.run('plan', '--rehearse', '--json');
    const ids = openIds(plan);
    expect(ids).toEqual(Object.keys(postgresBreaks).toSorted());
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, applied: ids.length });
    expect(await credential()).toEqual(before);
  });

  it('is reached through SSH until Ctrl-C, and the password stands in no journal', async () => {
    const { password = '' } = (await credential()) ?? {};
    const { child, end } = user.start('connect', 'postgres', '--rehearse');
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await until(() => out.includes('Ctrl-C'));
    const url = new RegExp(`^postgresql://app:${password}@127\\.0\\.0\\.1:(\\d+)/app$`, 'm').exec(out);
    expect(out).toContain(`PGPASSWORD=${password} psql postgresql://app@127.0.0.1:${url?.[1]}/app`);
    // The simulated one speaks no SQL: it says which service it is.
    expect(await (await fetch(`http://127.0.0.1:${url?.[1]}`)).text()).toContain('postgres/postgres-rw');
    child.kill('SIGINT');
    expect(await end).toMatchObject({ code: 0 });
    const state = join(user.home, '.local', 'state', 'mlk8s');
    const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((it) =>
      it.name.endsWith('.ndjson'),
    );
    expect(files.length).toBeGreaterThan(0);
    for (const it of files) expect(readFileSync(join(it.parentPath, it.name), 'utf8')).not.toContain(password);
  });

  it.each([
    ['milvus', /milvus is not in the cluster file[\s\S]*names: postgres[\s\S]*add "milvus: {}"/],
    ['valkey', /redis is not in the cluster file/],
    ['psql', /psql runs under the name postgres[\s\S]*mlk8s connect --rehearse postgres/],
    ['postgrse', /did you mean database postgres\?/],
  ])('says what is meant by connect %s', async (name, said) => {
    const { code, stderr } = await user.run('connect', name, '--rehearse');
    expect([code, stderr]).toEqual([1, expect.stringMatching(said)]);
  });

  it('keeps out who has lost the password, while there is data', async () => {
    await kubectl('-n postgres get secret postgres-login -o json >/tmp/kept');
    await kubectl('-n postgres delete secret postgres-login');
    const run = await user.up();
    await kubectl('create -f /tmp/kept');
    expect(run.code).toBe(1);
    expect(open(run)).toMatchObject([
      {
        ...{ id: 'databases/postgres-login@cluster', verdict: 'refused' },
        because: expect.stringMatching(/no password any more.* claims postgres\/postgres-1, postgres\/postgres-2 know/),
      },
    ]);
  });

  it('refuses another name for the database that there is, and leaves its login alone', async () => {
    const before = await credential();
    user.file(FILE.replace('instances: 2,', 'instances: 2, database: shop,'));
    const { code, problems } = await user.up();
    expect([code, problems.join('\n')]).toEqual([
      1,
      expect.stringContaining('was made with the database name app, and shop is asked for'),
    ]);
    expect(await kubectl('-n postgres get secret postgres-login -o jsonpath={.data.username}')).toBe(
      Buffer.from('app').toString('base64'),
    );
    // What is told is what there is, and not what the file asks for.
    expect(await credential()).toEqual(before);
    user.file(FILE);
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, applied: 0 });
    expect(await credential()).toEqual(before);
  });

  it('starts the operator that somebody stopped, and waits for an instance that is away', {
    timeout: 300_000,
  }, async () => {
    // Without the operator it does not come back by itself.
    await kubectl('-n cnpg-system scale deployment cnpg-cloudnative-pg --replicas=0');
    await kubectl('-n postgres delete pod postgres-2');
    const away = open(await user.run('plan', '--rehearse', '--json'));
    expect(away).toMatchObject([
      {
        ...{ id: 'databases/postgres-operator@cluster', verdict: 'change' },
        because: 'Deployment cnpg-system/cnpg-cloudnative-pg was scaled to 0',
      },
    ]);
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, applied: 1 });
    expect((await user.run('status', '--rehearse')).stdout).toContain('postgres-1 is the primary');
  });

  it('gets smaller: says which copy goes with its claim, and is proved when it is gone', {
    timeout: 300_000,
  }, async () => {
    const primary = await kubectl(
      '-n postgres get clusters.postgresql.cnpg.io postgres -o jsonpath={.status.currentPrimary}',
    );
    const other = primary === 'postgres-1' ? 'postgres-2' : 'postgres-1';
    user.file(FILE.replace('instances: 2', 'instances: 1'));
    const { stdout } = await user.run('plan', '--rehearse', '--only', 'databases');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      `postgres-ready@cluster: 2 instances, and 1 is asked for: the operator removes ${other}, with the claim postgres/${other} and the copy in it`,
    );
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, failed: 0 });
    expect(await kubectl('-n postgres get pods,pvc -l cnpg.io/cluster=postgres -o name')).toBe(
      `pod/${primary}\npersistentvolumeclaim/${primary}\n`,
    );
    expect((await user.run('status', '--rehearse')).stdout).toMatch(
      /1 of 1 instances ready[\s\S]*proof-postgres .*proved/,
    );
  });

  it('stays with its data when it leaves the file, until that is given up by name', { timeout: 300_000 }, async () => {
    user.file(BARE);
    const refused = await user.up('--prune');
    expect([refused.code, refused.summary.applied]).toEqual([1, 0]);
    expect(refusals(refused)).toEqual([
      'databases/postgres@cluster: postgres holds data, in the claim postgres/postgres-1 (3Gi)',
    ]);
    const blocked = planOf(refused).filter((it) => it.blocked);
    expect(blocked.map(({ id }) => id)).toContain('databases/postgres-operator@cluster');
    expect(refused.stdout).toContain('--prune --delete-data postgres');
    expect(await kubectl('-n postgres get pods -o name')).toContain('postgres-1');
    expect(await kubectl('-n postgres get secret -o name')).toContain('postgres-login');

    const look = await user.run('plan', '--rehearse', '--json', '--prune', '--delete-data', 'postgres');
    expect(open(look).every(({ removes }) => removes)).toBe(true);
    const will = open(look).flatMap(({ does = [] }) => does);
    expect(will).toEqual(
      expect.arrayContaining([
        'delete the data of postgres: postgres/postgres-1 (3Gi)',
        'delete Secret postgres/postgres-login',
        'delete Namespace postgres',
      ]),
    );
    const gone = await user.up('--prune', '--delete-data', 'postgres');
    expect([gone.code, gone.problems]).toEqual([0, []]);
    expect(await kubectl('get pvc,pods,secrets -n postgres -o name --ignore-not-found')).toBe('');
    expect(await user.exec('rig1', 'microk8s helm3 list -A -q')).not.toContain('cnpg');
    expect(await kubectl('get crd clusters.postgresql.cnpg.io -o name')).toContain('clusters');
    expect((await user.up('--prune')).summary.changes).toBe(0);
  });

  it.each([
    [['--delete-data', 'postgres'], 'without --prune'],
    [['--prune', '--delete-data', 'postgre'], 'known are: postgres, redis, milvus, dynamodb'],
  ])('gives nothing up by %j', async (args, why) => {
    const { code, stderr, stdout } = await user.up(...args);
    expect([code, stderr + stdout]).toEqual([1, expect.stringContaining(why)]);
  });

  it('gives nothing up that the file asks for', async () => {
    user.file(FILE);
    const { code, stderr, stdout } = await user.up('--prune', '--delete-data', 'postgres');
    expect([code, stderr + stdout]).toEqual([1, expect.stringContaining('the cluster file asks for it')]);
  });
});

it('without a database says what to type', async () => {
  const user = new User();
  try {
    user.file(BARE);
    const { code, stderr } = await user.run('connect', 'postgres', '--rehearse');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/asks for no database[\s\S]*postgres: \{\}/)]);
  } finally {
    await user.leave();
  }
});
