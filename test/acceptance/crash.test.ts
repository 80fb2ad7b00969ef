import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { User, until } from './user.ts';

/** Ten points, as shares of the changes of a first up: most on one machine, those around a join on two. */
const POINTS = [
  ...[0.02, 0.15, 0.3, 0.45, 0.6, 0.75, 0.95].map((point) => ({ sample: 'single', point })),
  ...[0.9, 0.94, 0.98].map((point) => ({ sample: 'two-nodes', point })),
];

describe('up that was killed, and up again', () => {
  const whole: Record<string, { changes: number; dump: string }> = {};
  const users: User[] = [];
  const newUser = (sample: string) => {
    const user = new User();
    users.push(user);
    user.file({ sample });
    return user;
  };

  beforeAll(async () => {
    const undisturbed = async (sample: string) => {
      const user = newUser(sample);
      const { summary } = await user.up();
      expect(summary.exitCode).toBe(0);
      whole[sample] = { changes: summary.applied, dump: await user.dump() };
      expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
    };
    await Promise.all(['single', 'two-nodes'].map(undisturbed));
  });
  afterAll(async () => void (await Promise.all(users.map((user) => user.leave()))));

  it.concurrent.each(POINTS)(
    'ends as if nothing had happened: $sample, killed at $point',
    async ({ sample, point }) => {
      const user = newUser(sample);
      const { child, end } = user.start('up', '--rehearse', '--yes', '--json');
      let said = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      // In the middle of a job: after a change began, before it was applied.
      const nth = Math.floor(point * (whole[sample]?.changes ?? 0)) + 1;
      await until(() => child.exitCode !== null || (said.match(/"event":"change"/g) ?? []).length >= nth);
      child.kill('SIGKILL');
      await end;
      const again = await user.up();
      expect(again.summary).toMatchObject({ exitCode: 0, failed: 0, refused: 0 });
      // Everything there is, hosts files, members, nodes, records: as in a run that nobody disturbed, and once.
      expect(await user.dump()).toBe(whole[sample]?.dump);
    },
  );

  it('followed the jobs that ran at the kill to their end', async () => {
    const user = newUser('two-nodes');
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
