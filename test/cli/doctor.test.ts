import { expect, test } from 'vitest';
import type { RunOptions } from '../../src/engine/options.ts';
import type { Finding } from '../../src/health/diagnose.ts';
import { CLUSTER, finish, freshWorld } from './world.ts';

const world = freshWorld();

const found: Finding = {
  entry: 'two-default-classes',
  component: 'storage classes',
  count: 2,
  objects: ['StorageClasses'],
  machines: [],
  problem: {
    where: 'storage classes: StorageClasses',
    seen: '2 StorageClasses are the default: a, b',
    why: 'an addon made its own the default',
    next: ['mlk8s up   leaves one'],
  },
};
const doctor = async (options: RunOptions) => {
  options.listener({ event: 'finding', ...found });
  return finish(options, { exitCode: 2, findings: 1, refused: 0, notes: ['Looked at nodes (1).'] });
};

test('doctor shows what is wrong, why, and what can be typed as it stands', async () => {
  world().write('lab.yaml', CLUSTER);
  world().engine = { doctor };
  const { out, code } = await world().mlk8s('doctor', '-f', 'lab.yaml', '--rehearse');
  expect(code).toBe(2);
  expect(out).toContain(
    [
      'x found  storage classes: StorageClasses',
      '    seen  2 StorageClasses are the default: a, b (seen 2 times)',
      '    why   an addon made its own the default',
      '    next  mlk8s up --rehearse -f lab.yaml   leaves one',
    ].join('\n'),
  );
  expect(out).toContain('Found: 1 thing, each with what to do.');
  expect(out).toContain('Looked at nodes (1).');
  expect(out).toContain('To look again: mlk8s doctor --rehearse -f lab.yaml');
});

test('doctor tells a program the same in one event', async () => {
  world().write('mlk8s.yaml', CLUSTER);
  world().engine = { doctor };
  const { out } = await world().mlk8s('doctor', '--json');
  const events = out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  expect(events[0]).toEqual({ v: 1, event: 'finding', ...found });
  expect(events.at(-1)).toMatchObject({ event: 'summary', findings: 1 });
});

test('doctor looks at the machines that are named, at all steps', async () => {
  world().write('mlk8s.yaml', CLUSTER);
  await world().mlk8s('doctor', '--host', 'rig2');
  expect(world().asked[0]).toMatchObject({ command: 'doctor', limitHosts: ['rig2'], only: [], skip: [] });
  expect((await world().mlk8s('doctor', '--host', 'rig9')).error?.problems[0]?.seen).toContain('rig9');
});

test.each([
  [{ exitCode: 0, findings: 0, changes: 0 }, 'Nothing was found.'],
  [{ exitCode: 0, findings: 0, changes: 2 }, 'Nothing was found, but up has 2 changes to make.'],
  [{ exitCode: 2, findings: 0, refused: 1 }, 'Nothing was found, but up refuses something.'],
  [{ exitCode: 4, findings: 0, dropped: ['rig2'] }, 'Not all could be seen: dropped out: rig2. Nothing was found.'],
])('doctor ends with %o as "%s"', async (summary, words) => {
  world().write('mlk8s.yaml', CLUSTER);
  world().engine = { doctor: async (options: RunOptions) => finish(options, summary) };
  expect((await world().mlk8s('doctor')).out).toContain(words);
});
