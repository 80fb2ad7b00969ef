import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { EngineEvent } from '../../src/engine/events.ts';
import { jsonRenderer } from '../../src/render/json.ts';
import { linesRenderer } from '../../src/render/lines.ts';
import type { Style } from '../../src/render/style.ts';
import { memory, plainStyle, statusEvents, upEvents } from './events.ts';

function told(events: readonly EngineEvent[], style: Style): string {
  const out = memory();
  const { listener } = linesRenderer(out, style);
  for (const event of events) listener(event);
  return out.text();
}

describe('lines', () => {
  test('of up in a pipe', async () => {
    await expect(told(upEvents, plainStyle())).toMatchFileSnapshot('golden/up.txt');
  });

  test('of status in a pipe', async () => {
    await expect(told(statusEvents, plainStyle())).toMatchFileSnapshot('golden/status.txt');
  });

  test('of status on a narrow screen', async () => {
    await expect(told(statusEvents, plainStyle({ columns: 40 }))).toMatchFileSnapshot('golden/status-narrow.txt');
  });

  test('of up on a narrow screen', async () => {
    await expect(told(upEvents, plainStyle({ columns: 40 }))).toMatchFileSnapshot('golden/up-narrow.txt');
  });

  test('without UTF-8 are ASCII', async () => {
    const text = told(upEvents, plainStyle({ unicode: false }));
    expect(text).toMatch(/^[\n -~]*$/);
    await expect(text).toMatchFileSnapshot('golden/up-ascii.txt');
  });

  test('say in words all that colours say', () => {
    const painted = told(upEvents, plainStyle({ colour: true }));
    expect(painted).not.toBe(stripVTControlCharacters(painted));
    expect(stripVTControlCharacters(painted)).toBe(told(upEvents, plainStyle()));
  });

  test('hold no escape codes of the commands', () => {
    expect(told(upEvents, plainStyle())).not.toContain('\u001b');
  });
});

describe('JSON', () => {
  const out = memory();
  const { listener } = jsonRenderer(out);
  for (const event of upEvents) listener(event);
  const lines = out.text().trimEnd().split('\n');

  test('is one versioned object per event', () => {
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(upEvents.map((event) => ({ v: 1, ...event })));
  });

  test('ends with the summary', () => {
    expect(lines.at(-1)).toMatch(/^\{"v":1,"event":"summary",/);
  });
});
