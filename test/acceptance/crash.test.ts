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
    expect(await user.up()).toMatchObject({ problems: [], code: 0 });
    // Everything there is, hosts files, members, nodes, records: as in a run that nobody disturbed, and once.
    expect(await user.dump()).toBe(whole);
  });

  it.concurrent.each(POINTS)('ends as if nothing had happened: killed once, at %f of its changes', async (point) => {
    const user = newUser();
    expect(await killAt(user, '"event":"change"', Math.floor(point * changes) + 1)).toBe(true);
    expect(await user.up()).toMatchObject({ problems: [], code: 0 });
    expect(await user.dump()).toBe(whole);
  });

  it.concurrent('closes a job that a power cut ended, also when nothing else is left to do', async () => {
    const user = newUser();
    expect((await user.up()).code).toBe(0);
    const job = '/var/lib/mlk8s/jobs/20260101-000000-00000000';
    await user.exec('rig2', `mkdir ${job} && echo 4999 >${job}/pid`);
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
    expect(await user.exec('rig2', `cat ${job}/exit`)).toBe('interrupted\n');
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0, execs: { rig1: 1, rig2: 1 } });
  });

  it.concurrent('follows a job that ran at the kill to its end', async () => {
    const user = newUser();
    // Another program holds apt's lock, a little shorter than apt waits for it: on a busy computer, too, there is time to
    // kill the run in the middle of the job and to stop the job.
    user.env.MLK8S_REHEARSAL_SCALE = '40';
    const { child, end } = user.start('up', '--rehearse', '--yes', '--json', '--fault', 'rig1:aptlock:550');
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await until(() => child.exitCode !== null || said.includes('Waiting for cache lock'));
    child.kill('SIGKILL');
    await end;
    // The job stands still until the next run has seen it, however busy this computer is.
    const open = 'for d in /var/lib/mlk8s/jobs/*; do [ -e $d/exit ] || cat $d/pid; done';
    expect(await user.exec('rig1', `kill -STOP $(${open}); ${open} | wc -l`)).toBe('1\n');
    const next = user.start('up', '--rehearse', '--yes', '--json');
    let then = '';
    next.child.stdout?.on('data', (chunk: Buffer) => {
      then += chunk.toString();
    });
    await until(() => next.child.exitCode !== null || then.includes('"event":"follow"'));
    await user.exec('rig1', `kill -CONT $(${open})`);
    expect(await next.end).toMatchObject({ problems: [], code: 0 });
    expect(then).toContain('"event":"follow"');
    expect(await user.dump()).toBe(whole);
  });
});
