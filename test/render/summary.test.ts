import { expect, test } from 'vitest';
import type { EngineEvent, Summary } from '../../src/engine/events.ts';
import { ExitCode } from '../../src/errors.ts';
import { linesRenderer } from '../../src/render/lines.ts';
import { summaryLines } from '../../src/render/summary.ts';
import { memory, plainStyle, planItems } from './events.ts';

function lines(given: Partial<Summary>): string {
  const summary: Summary = {
    command: 'plan',
    cluster: 'home-lab',
    exitCode: ExitCode.done,
    changes: 0,
    applied: 0,
    failed: 0,
    refused: 0,
    dropped: [],
    execs: {},
    seconds: 1,
    rehearsal: false,
    notes: [],
    ...given,
  };
  return summaryLines(summary, plainStyle()).join('\n');
}

const { pending, failed, partial, interrupted } = ExitCode;

test.each<[Partial<Summary>, string, string]>([
  [{ exitCode: pending, changes: 2 }, '2 changes to make.', 'To make the changes: mlk8s up'],
  [
    { exitCode: pending, changes: 2, prune: true, deleteData: ['redis', 'milvus'] },
    '2 changes to make.',
    'To make the changes: mlk8s up --prune --delete-data redis --delete-data milvus',
  ],
  [
    { exitCode: pending },
    'No changes to make, but not everything is ready yet.',
    'To wait until all is ready: mlk8s up',
  ],
  [{ command: 'status', exitCode: pending }, 'Degraded', 'To wait until all is ready: mlk8s up'],
  [{ command: 'status', exitCode: pending, refused: 1 }, 'Degraded', 'stands above, with what is refused'],
  [{ command: 'up', exitCode: pending }, 'Nothing was changed: not everything is ready yet.', 'To wait'],
  [{ exitCode: failed, refused: 1 }, 'Refused: 1 thing, for the reason above; nothing else to change.', 'mlk8s logs'],
  [{ exitCode: failed, refused: 2, changes: 1 }, '2 things, for the reason above; 1 change to make.', 'mlk8s logs'],
  [{ exitCode: failed }, 'Stopped by the problem above.', 'mlk8s logs'],
  [{ exitCode: partial, dropped: ['rig2'] }, 'Not all could be seen: dropped out: rig2.', 'mlk8s logs'],
  [{ exitCode: interrupted }, 'Interrupted: nothing was changed.', 'To go on: mlk8s up'],
  // Its own words, because without its --host a reset ends the whole cluster.
  [{ command: 'reset', exitCode: interrupted, applied: 3 }, 'Interrupted', 'To go on: run the same command again.'],
  [
    { command: 'reset', exitCode: partial, applied: 3, dropped: ['rig2'] },
    'Partly done',
    'To go on: run the same command again.',
  ],
  [{ command: 'reset', notes: ['Left on rig1'] }, 'Nothing to undo.', 'Left on rig1'],
])('%j: %s', (given, outcome, next) => {
  const text = lines(given);
  expect(text).toContain(outcome);
  expect(text).toContain(next);
  expect(text.includes('To make the changes')).toBe((given.changes ?? 0) > 0 && given.exitCode === pending);
  expect(text).not.toMatch(/\b0 changes/);
});

test('a verify that had nothing to look at is not to be typed again', () => {
  expect(lines({ command: 'verify', exitCode: failed })).not.toContain('mlk8s');
  expect(lines({ command: 'verify', exitCode: failed, failed: 1 })).toContain('To go on after that: mlk8s verify');
});

test('one empty line stands before it', () => {
  const out = memory();
  const { listener } = linesRenderer(out, plainStyle());
  for (const command of ['plan', 'status', 'up']) {
    const start: EngineEvent = { event: 'start', command, cluster: 'home-lab', hosts: ['rig1'] };
    const end = { event: 'summary', exitCode: 0, notes: [], seconds: 1, command } as unknown as EngineEvent;
    for (const event of [start, { event: 'plan', items: planItems } as const, end]) listener(event);
  }
  expect(out.text()).not.toContain('\n\n\n');
  expect(out.text()).toMatch(/\n\n✓ /);
});
