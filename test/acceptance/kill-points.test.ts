import { beforeAll, describe, expect, it } from 'vitest';
import { UP } from './user.ts';
import { users } from './users.ts';

/** Kills of a first up, as shares of its changes: in the first jobs, around the join, before the end. */
const POINTS = [0.1, 0.9, 0.97];

describe('up that was killed once, and up again', () => {
  const newUser = users();
  let changes = 0;
  let whole = '';

  beforeAll(async () => {
    const undisturbed = newUser({ sample: 'two-nodes' });
    const { summary } = await undisturbed.up();
    expect(summary.exitCode).toBe(0);
    changes = summary.applied;
    whole = await undisturbed.dump();
  });

  it.concurrent.each(POINTS)('ends as if nothing had happened: killed at %f of its changes', async (point) => {
    const user = newUser({ sample: 'two-nodes' });
    expect(await user.killAt('"event":"change"', Math.floor(point * changes) + 1, ...UP)).toMatchObject({
      killed: true,
    });
    expect(await user.up()).toMatchObject({ problems: [], code: 0 });
    expect(await user.dump()).toBe(whole);
  });
});
