import { expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { parseFaults } from '../../src/rehearsal/faults.ts';
import { model } from '../../src/rehearsal/model/index.ts';
import { pageOf } from './page.ts';

const page = pageOf('docs/design.md');
const table = /^\| Fault +\|[^\n]*\n\|[- |]+\n((?:\|[^\n]*\n)+)/m.exec(page)?.[1] ?? '';
const written = table.split('\n').flatMap((row) => /^\| `([a-z-]+)/.exec(row)?.[1] ?? []);

/** The names that the message about an unknown fault lists. */
function known(): readonly string[] {
  try {
    parseFaults(['rig1:nonsense'], ['rig1'], model.faults);
  } catch (error) {
    const next = error instanceof UserError ? (error.problems[0]?.next[0] ?? '') : '';
    return next.replace('known ones: ', '').split(' ');
  }
  throw new Error('an unknown fault was taken');
}

it('docs/design.md explains every fault, and no other', () => {
  expect(written.length).toBeGreaterThan(20);
  expect([...written].sort()).toEqual([...known()].sort());
});
