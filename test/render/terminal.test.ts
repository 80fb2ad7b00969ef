import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EngineEvent } from '../../src/engine/events.ts';
import type { Screen } from '../../src/render/live.ts';
import { terminalRenderer } from '../../src/render/terminal.ts';
import { memory, plainStyle, upEvents } from './events.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** What a terminal of endless length would show: cursor-up and erase-line are obeyed, other codes are not shown. */
function screenOf(written: string): string[] {
  const lines = [''];
  // biome-ignore lint/complexity/useRegexLiterals: the escape character is clearer as text
  for (const part of written.split(new RegExp('(\\u001b\\[1A|\\u001b\\[2K|\\n)'))) {
    if (part === '\n') lines.push('');
    else if (part === '\u001b[1A') lines.pop();
    else if (part === '\u001b[2K') lines[lines.length - 1] = '';
    else lines[lines.length - 1] += stripVTControlCharacters(part);
  }
  return lines;
}

function terminal(rows = 24, columns = 80) {
  const out = memory();
  const screen: Screen = { isTTY: true, rows, columns, write: out.write };
  const renderer = terminalRenderer(screen, plainStyle({ columns }));
  const tell = (...events: EngineEvent[]): void => events.forEach(renderer.listener);
  return { renderer, tell, lines: () => screenOf(out.text()), written: out.text };
}

const change = { event: 'change', id: 'node/swap@rig2', host: 'rig2', does: 'turn swap off' } as const;

describe('a change on a terminal', () => {
  test('is one line that says what it does, since when, and what it said last', () => {
    const { renderer, tell, lines } = terminal();
    tell(change);
    vi.advanceTimersByTime(12_000);
    tell({ event: 'output', id: change.id, host: 'rig2', line: '\u001b[1mswapoff\u001b[0m /swapfile' });
    vi.advanceTimersByTime(200);
    expect(lines()).toEqual([
      expect.stringMatching(/^\S rig2 node\/swap: turn swap off \(12 s\) │ swapoff \/swapfile$/),
      '',
    ]);
    renderer.close();
  });

  test('is one line that stays when it is done', () => {
    const { tell, lines, renderer } = terminal();
    tell(change);
    vi.advanceTimersByTime(3000);
    tell({ event: 'applied', id: change.id, host: 'rig2', seconds: 3 });
    tell({ event: 'ok', id: change.id, because: 'swap is off' });
    renderer.close();
    expect(lines()).toEqual(['✓ done  rig2 node/swap: swap is off (3 s)', '']);
  });

  test('fits on a narrow screen', () => {
    const { tell, lines, renderer } = terminal(24, 40);
    tell({ ...change, does: 'turn swap off and take it out of the file system table' });
    vi.advanceTimersByTime(200);
    expect(lines()[0]?.length).toBeLessThan(40);
    renderer.close();
  });
});

test('more changes than rows are counted', () => {
  const { tell, lines, renderer } = terminal(6);
  for (let i = 1; i <= 9; i++) tell({ ...change, id: `node/swap@rig${i}`, host: `rig${i}` });
  vi.advanceTimersByTime(200);
  expect(lines().filter((line) => line !== '')).toHaveLength(4);
  expect(lines().at(-2)).toContain('and 6 more');
  renderer.close();
});

test('a question stands where nothing moves', () => {
  const { tell, lines, written, renderer } = terminal();
  tell({ event: 'phase', text: 'asking 3 machines' });
  vi.advanceTimersByTime(200);
  renderer.pause();
  const before = written();
  vi.advanceTimersByTime(1000);
  expect(written()).toBe(before);
  expect(lines()).toEqual(['']);
  renderer.resume();
  vi.advanceTimersByTime(200);
  expect(lines()[0]).toContain('asking 3 machines');
  renderer.close();
});

test('a whole story ends with a visible cursor and no rows left', () => {
  const { tell, lines, written, renderer } = terminal();
  for (const event of upEvents) {
    tell(event);
    vi.advanceTimersByTime(500);
  }
  renderer.close();
  expect(written().lastIndexOf('\u001b[?25h')).toBeGreaterThan(written().lastIndexOf('\u001b[?25l'));
  const text = lines().join('\n');
  expect(text).toContain('✓ done  rig2 node/hosts: /etc/hosts lists all machines');
  expect(text).not.toContain('turn swap off (');
  expect(text.trimEnd()).toMatch(/no real machine was touched\.$/);
});
