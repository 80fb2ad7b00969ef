import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { User, until } from './user.ts';

/** What a run says just before it is killed: ten moments of one first up that is begun again after each. */
const MOMENTS = [
  '"event":"plan"',
  '"event":"change"',
  'checking the machines before the first change',
  '"event":"change"',
  '"event":"plan"',
  '"event":"change"',
  'checking the machines before the first change',
  '"event":"change"',
  '"event":"plan"',
  '"event":"change"',
];

/** Single kills of a first up, as shares of its changes: in the first jobs, around the join, before the end. */
const POINTS = [0.1, 0.9, 0.97];

describe('up that was killed, and up again', () => {
  let changes = 0;
  let whole = '';
  const users: User[] = [];
  const newUser = () => {
    const user = new User();
    users.push(user);
    user.file({ sample: 'two-nodes' });
    return user;
  };

  /** Starts up and kills it when it has said `moment` for the nth time. True if it was killed before its end. */
  const killAt = async (user: User, moment: string, nth = 1): Promise<boolean> => {
    const { child, end } = user.start('up', '--rehearse', '--yes', '--json');
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await until(() => child.exitCode !== null || said.split(moment).length > nth);
    const killed = child.kill('SIGKILL');
    await end;
    return killed;
  };

  beforeAll(async () => {
    const user = newUser();
    const { summary } = await user.up();
    expect(summary.exitCode).toBe(0);
    changes = summary.applied;
    whole = await user.dump();
  });
  afterAll(async () => void (await Promise.all(users.map((user) => user.leave()))));

  it.concurrent('ends as if nothing had happened: killed ten times on its way', async () => {
    const user = newUser();
    const kills: boolean[] = [];
    for (const moment of MOMENTS) kills.push(await killAt(user, moment));
    expect(kills.filter((killed) => killed).length).toBe(MOMENTS.length);
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, failed: 0, refused: 0 });
    // Everything there is, hosts files, members, nodes, records: as in a run that nobody disturbed, and once.
    expect(await user.dump()).toBe(whole);
  });

  it.concurrent.each(POINTS)('ends as if nothing had happened: killed once, at %f of its changes', async (point) => {
    const user = newUser();
    expect(await killAt(user, '"event":"change"', Math.floor(point * changes) + 1)).toBe(true);
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, failed: 0, refused: 0 });
    expect(await user.dump()).toBe(whole);
  });

  it.concurrent('followed the jobs that ran at the kill to their end', async () => {
    const user = newUser();
    // Time runs slower and another program holds apt's lock, so that the job is still at work when the next run looks,
    // however busy this computer is.
    user.env.MLK8S_REHEARSAL_SCALE = '40';
    const { child, end } = user.start('up', '--rehearse', '--yes', '--json', '--fault', 'rig1:aptlock:150');
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await until(() => child.exitCode !== null || said.includes('Waiting for cache lock'));
    child.kill('SIGKILL');
    await end;
    const again = await user.up('--fault', 'rig1:aptlock:300');
    expect(again.events.filter((event) => event.event === 'follow').length).toBeGreaterThan(0);
    expect(again.summary.exitCode).toBe(0);
    expect(
      await user.exec('rig1', 'ls /var/lib/mlk8s/jobs/*/exit | wc -l; ls -d /var/lib/mlk8s/jobs/*/ | wc -l'),
    ).toMatch(/^(\d+)\n\1\n$/);
  });
});
