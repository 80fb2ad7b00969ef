import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EngineEvent } from '../../src/engine/events.ts';
import { readRun } from '../../src/engine/journal.ts';
import { jsonRenderer } from '../../src/render/json.ts';
import { linesRenderer } from '../../src/render/lines.ts';
import { problemLines } from '../../src/render/problem.ts';
import { createStyle } from '../../src/render/style.ts';
import { terminalRenderer } from '../../src/render/terminal.ts';
import { memory, upEvents } from '../render/events.ts';
import { hostile, runs } from './hostile.ts';

/** Clears the screen, writes the clipboard (OSC 52), sets the title, moves the cursor, hides text, turns the line. */
const evil = fc.oneof(
  fc.constantFrom(
    ...['\u001b[2J\u001b[H', '\u001b]52;c;ZXZpbA==\u0007', '\u001b]52;c;ZXZpbA==\u001b\\', '\u009d52;c;ZXZpbA==\u009c'],
    ...[
      '\u001b]0;title\u0007',
      '\u009b31m',
      '\u001b[8mhidden',
      '\u001bPq\u001b\\',
      '\u001bc',
      '\u001b]8;;http://evil\u0007x',
    ],
    ...[
      '\u001b\u001b[2J',
      '\u001b[\u001b[2J2J',
      '\b\b\b\b',
      '\r',
      '\u0000',
      '\u007f',
      '\u202elive',
      '\u2066x',
      '\u2028',
      '\ufeff',
      '\u000b\u000c',
    ],
  ),
  hostile,
);
const text = fc.array(evil, { minLength: 1, maxLength: 4 }).map((all) => all.join(' or '));

/** What a terminal may be told by us: colours, cursor up, erase line, cursor off and on. */
const OURS = /\u001b\[(1A|2K|\?25[lh]|\d{1,2}m)/g;
const DRIVING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

/** Every text of the event is somebody else's, but for the words that say what it is; ids keep their form. */
function poisoned(event: EngineEvent, bad: string): EngineEvent {
  // Stands before every line of an output; what the cluster file lets through as a name has 63 characters.
  const name = bad.slice(0, 200);
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') {
      if (key === 'event' || key === 'verdict' || key === 'command') return value;
      if (key === 'id') return `${name}/${name}@${name}`;
      return key === 'host' ? name : bad;
    }
    if (Array.isArray(value)) return value.map((it) => walk(it, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([k, it]) => [k, walk(it, k)]));
  };
  return walk(event, '') as EngineEvent;
}

const more: readonly EngineEvent[] = [
  { event: 'locked', host: 'a', holder: 'b', waiting: true },
  { event: 'locked', host: 'a', holder: 'b', waiting: false },
  { event: 'follow', host: 'a', job: 'b' },
  { event: 'change', id: 'a/b@c', host: 'a', does: 'b' },
  { event: 'output', id: 'a/b@c', host: 'a', line: 'b' },
  { event: 'settling', id: 'a/b@c', because: 'b' },
  { event: 'interrupt', text: 'a' },
  { event: 'ok', id: 'a/b@c', because: 'b' },
];
const events = [...upEvents, ...more];
const style = createStyle({ unicode: true, colour: false, columns: 80 });

describe('what machines say', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  it.each(['terminal', 'lines', 'json'] as const)('drives no terminal, shown as %s', (kind) => {
    fc.assert(
      fc.property(text, (bad) => {
        const out = memory();
        const screen = { isTTY: true, rows: 24, columns: 80, write: out.write };
        const renderers = {
          terminal: () => terminalRenderer(screen, style),
          lines: () => linesRenderer(out, style),
          json: () => jsonRenderer(out),
        };
        const renderer = renderers[kind]();
        for (const event of events) {
          renderer.listener(poisoned(event, bad));
          vi.advanceTimersByTime(150);
        }
        renderer.close();
        expect(out.text().replaceAll(OURS, '')).not.toMatch(DRIVING);
      }),
      { numRuns: runs(20, 3000) },
    );
  });

  it('stays whole in JSON', () => {
    fc.assert(
      fc.property(text, (bad) => {
        const out = memory();
        const event = poisoned({ event: 'output', id: 'a/b@c', host: 'a', line: 'b' }, bad);
        jsonRenderer(out).listener(event);
        expect(out.text().split('\n').length).toBe(2);
        expect(JSON.parse(out.text())).toEqual({ v: 1, ...event });
      }),
      { numRuns: runs(100, 10_000) },
    );
  });

  it('drives no terminal in the problem that ends a command', () => {
    fc.assert(
      fc.property(text, (bad) => {
        const lines = problemLines({ where: bad, seen: bad, why: bad, next: [bad] }, style, 'error', bad);
        for (const line of lines) expect(line).not.toMatch(DRIVING);
      }),
      { numRuns: runs(100, 10_000) },
    );
  });
});

describe('a journal', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlk8s-journal-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is read as far as it is one, whatever somebody wrote into it', () => {
    const path = join(folder, 'run.ndjson');
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.json(), text, fc.constantFrom('5', 'null', '{"event":7}', '[]')), {
          maxLength: 5,
        }),
        (rows) => {
          writeFileSync(path, rows.join('\n'));
          const out = memory();
          const renderer = linesRenderer(out, style);
          for (const line of readRun({ run: 'run', path })) renderer.listener(line);
          expect(out.text()).not.toMatch(DRIVING);
        },
      ),
      { numRuns: runs(100, 5000) },
    );
  });
});
