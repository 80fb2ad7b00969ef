import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

/** The clock of a rehearsal whose time runs 100 times faster, with a grace of so many seconds. */
async function clockWith(graceS: string) {
  vi.stubEnv('MLK8S_REHEARSAL_GRACE_S', graceS);
  const { scaledClock } = await import('../../src/rehearsal/clock.ts');
  return scaledClock({ model: 0, real: 0, scale: 100 });
}

test('a command gets more real time on top than the lock and the keepalive, and less than three keepalives', async () => {
  const { deadlineMs, execMs } = await clockWith('');
  expect([deadlineMs(30), execMs(180)]).toEqual([8300, 21_800]);
  expect(execMs(180)).toBeLessThan(3 * deadlineMs(10));
});

test('a grace that is given counts for both', async () => {
  const { deadlineMs, execMs } = await clockWith('20');
  expect([deadlineMs(30), execMs(180)]).toEqual([20_300, 21_800]);
});
