import { expect, it } from 'vitest';
import type { JournalLine } from '../../src/engine/journal.ts';
import { journalLines, runLine } from '../../src/render/journal.ts';
import { plainStyle } from './events.ts';

const at = '2026-01-02T03:04:05.000Z';
const file = { run: '2026-01-02T03-04-05-up-7', path: '/nowhere' };
const start: JournalLine = { at, event: 'start', command: 'up', cluster: 'lab', hosts: ['rig1'] };
const summary = {
  at,
  event: 'summary',
  command: 'up',
  cluster: 'lab',
  exitCode: 1,
  changes: 3,
  applied: 2,
  failed: 1,
  refused: 0,
  dropped: [],
  execs: {},
  seconds: 75,
  rehearsal: false,
  notes: [],
} satisfies JournalLine;

it('says of a run how it ended', () => {
  expect(runLine(file, [start, summary])).toBe(`${file.run}  exit code 1, 2 applied, 1 failed, 1 min 15 s`);
});

it('says of a run that it was cut off', () => {
  expect(runLine(file, [start])).toBe(`${file.run}  did not come to its end`);
});

it('shows the time of day once for each event, and breaks no line', () => {
  const text = 'word '.repeat(60).trim();
  const problem = { where: 'rig1', seen: text, next: ['mlk8s up'] };
  const [first = '', ...rest] = journalLines([{ at, event: 'problem', problem }], { ...plainStyle(), columns: 40 });
  expect(first).toMatch(/^\d\d:\d\d:\d\d {2}\S/);
  expect(rest.every((line) => line.startsWith(' '.repeat(10)))).toBe(true);
  expect(rest.join('\n')).toContain(text);
});
