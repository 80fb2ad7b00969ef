import { afterAll, beforeAll, expect, test } from 'vitest';
import { afterPowerCut } from './power.ts';
import { TestSite } from './toy.ts';

const site = new TestSite();
// Slow enough that what the test writes is still young when the power fails.
beforeAll(() => site.start(10));
afterAll(() => site.end());

test('a power cut empties what was just made, but not what was synced or there before', async () => {
  const write = 'cd /etc; echo old >>hosts; echo new >lost; echo new >kept.new; sync kept.new; mv kept.new kept';
  expect(await afterPowerCut(site, write, 'cd /etc; wc -c <lost; cat kept; tail -n 1 hosts')).toBe('0\nnew\nold\n');
});

test('a power cut empties nothing after a sync of everything', async () => {
  expect(await afterPowerCut(site, 'echo new >/etc/other; sync', 'cat /etc/other')).toBe('new\n');
});
