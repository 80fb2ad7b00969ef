import { beforeAll, describe, expect, it } from 'vitest';
import { UP, type User, until } from './user.ts';
import { users } from './users.ts';

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

describe('up that was killed, and up again', () => {
  const newUser = users();
  let undisturbed: User;
  let whole = '';

  beforeAll(async () => {
    undisturbed = newUser({ sample: 'two-nodes' });
    expect(await undisturbed.up()).toMatchObject({ problems: [], code: 0 });
    whole = await undisturbed.dump();
  });

  it.concurrent('ends as if nothing had happened: killed ten times on its way', async () => {
    const user = newUser({ sample: 'two-nodes' });
    const kills: boolean[] = [];
    for (const moment of MOMENTS) kills.push((await user.killAt(moment, 1, ...UP)).killed);
    expect(kills.filter((killed) => killed).length).toBe(MOMENTS.length);
    expect(await user.up()).toMatchObject({ problems: [], code: 0 });
    // Everything there is, hosts files, members, nodes, records: as in a run that nobody disturbed, and once.
    expect(await user.dump()).toBe(whole);
  });

  it.concurrent('closes a job that a power cut ended, also when nothing else is left to do', async () => {
    const job = '/var/lib/mlk8s/jobs/20260101-000000-00000000';
    await undisturbed.exec('rig2', `mkdir ${job} && echo 4999 >${job}/pid`);
    expect((await undisturbed.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
    expect(await undisturbed.exec('rig2', `cat ${job}/exit`)).toBe('interrupted\n');
    expect((await undisturbed.up()).summary).toMatchObject({ exitCode: 0, changes: 0, execs: { rig1: 1, rig2: 1 } });
  });

  it.concurrent('follows a job that ran at the kill to its end', async () => {
    const user = newUser({ sample: 'two-nodes' });
    // Another program holds apt's lock, a little shorter than apt waits for it: on a busy computer, too, there is time to
    // kill the run in the middle of the job and to stop the job.
    user.env.MLK8S_REHEARSAL_SCALE = '40';
    await user.killAt('Waiting for cache lock', 1, ...UP, '--fault', 'rig1:aptlock:550');
    // The job stands still until the next run has seen it, however busy this computer is.
    const open = 'for d in /var/lib/mlk8s/jobs/*; do [ -e $d/exit ] || cat $d/pid; done';
    expect(await user.exec('rig1', `kill -STOP $(${open}); ${open} | wc -l`)).toBe('1\n');
    const next = user.start(...UP);
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
