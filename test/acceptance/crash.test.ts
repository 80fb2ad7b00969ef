import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { User, until } from './user.ts';

const KILLS = 10;

describe('up that was killed, and up again', () => {
  let whole = '';
  let changes = 0;

  beforeAll(async () => {
    const user = new User();
    user.file({ sample: 'two-nodes' });
    const { summary } = await user.up();
    expect(summary.exitCode).toBe(0);
    changes = summary.applied;
    whole = await user.dump();
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
    await user.leave();
  });

  // Spread over the changes of a whole first up, two at a time.
  const points = Array.from({ length: KILLS }, (_, i) => (i + 0.5) / KILLS);
  const users: User[] = [];
  afterAll(async () => void (await Promise.all(users.map((user) => user.leave()))));

  it.concurrent.each(points)('ends as if nothing had happened: killed at %f of the way', async (point) => {
    const user = new User();
    users.push(user);
    user.file({ sample: 'two-nodes' });
    const { child, end } = user.start('up', '--rehearse', '--yes', '--json');
    let begun = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      begun += chunk.toString();
    });
    // In the middle of a job: after its change began, before it was applied.
    const nth = Math.floor(point * changes) + 1;
    await until(() => child.exitCode !== null || (begun.match(/"event":"change"/g) ?? []).length >= nth);
    child.kill('SIGKILL');
    await end;
    const again = await user.up();
    expect(again.summary).toMatchObject({ exitCode: 0, failed: 0, refused: 0 });
    // Everything there is, hosts files, members, nodes, records: as in a run that nobody disturbed, and once.
    expect(await user.dump()).toBe(whole);
  });

  it('followed the jobs that ran at the kill to their end', async () => {
    const user = new User();
    users.push(user);
    user.file({ sample: 'two-nodes' });
    // Another program holds apt's lock, so that the job is still at work when the next run looks.
    const { child, end } = user.start('up', '--rehearse', '--yes', '--json', '--fault', 'rig1:aptlock:500');
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await until(() => said.includes('Waiting for cache lock'));
    child.kill('SIGKILL');
    await end;
    const again = await user.up();
    expect(again.events.filter((event) => event.event === 'follow').length).toBeGreaterThan(0);
    expect(again.summary.exitCode).toBe(0);
    expect(
      await user.exec('rig1', 'ls /var/lib/mlk8s/jobs/*/exit | wc -l; ls -d /var/lib/mlk8s/jobs/*/ | wc -l'),
    ).toMatch(/^(\d+)\n\1\n$/);
  });
});
