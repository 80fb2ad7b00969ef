import { describe, expect, test } from 'vitest';
import { diffLines } from '../../src/render/diff.ts';
import { clean, cut, styleFor, wrap } from '../../src/render/style.ts';
import { duration } from '../../src/render/words.ts';
import { memory, plainStyle } from './events.ts';

const terminal = { ...memory(), isTTY: true, columns: 100, hasColors: () => true };
const pipe = memory();
const colours = (out: typeof pipe, env: NodeJS.ProcessEnv): boolean => styleFor(out, env).paint('red', 'x') !== 'x';

describe('colours', () => {
  test.each([
    ['on a terminal', terminal, {}, true],
    ['in a pipe', pipe, {}, false],
    ['NO_COLOR on a terminal', terminal, { NO_COLOR: '1' }, false],
    ['empty NO_COLOR counts for nothing', terminal, { NO_COLOR: '' }, true],
    ['FORCE_COLOR in a pipe', pipe, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0 on a terminal', terminal, { FORCE_COLOR: '0' }, false],
    ['NO_COLOR wins', pipe, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['a terminal that has none', { ...terminal, hasColors: () => false }, {}, false],
  ])('%s', (_, out, env, wanted) => {
    expect(colours(out, env)).toBe(wanted);
  });
});

test.each([
  [{ LANG: 'de_DE.UTF-8' }, true],
  [{ LANG: 'C.utf8' }, true],
  [{ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, false],
  [{}, false],
])('signs of the locale %j', (env, unicode) => {
  expect(styleFor(pipe, env).unicode).toBe(unicode);
});

test('no screen is taken for narrower than 40 columns', () => {
  expect(styleFor({ ...terminal, columns: 12 }, {}).columns).toBe(40);
});

test('words that are too long stay whole', () => {
  const style = plainStyle({ columns: 40 });
  const path = '/very/long/path/that/nobody/could/copy/if/it/were/broken';
  expect(wrap(`see ${path} for more`, '  ', style)).toEqual(['  see', `  ${path}`, '  for more']);
});

test('an excerpt of a file keeps its mark below the right word', () => {
  const excerpt = '4 |     address: 127.1.2.3 # under the desk\n  |              ^^^^^^^^^';
  const lines = wrap(excerpt, '  ', plainStyle({ columns: 40 }));
  expect(lines).toEqual(excerpt.split('\n').map((line) => `  ${line}`));
});

test('texts of others lose what could move the cursor', () => {
  expect(clean('a\u001b[2Jb\rc\u0007d\te')).toBe('abcd    e');
});

test('wide characters take two columns', () => {
  expect(cut('日本語日本語', 8, plainStyle())).toBe('日本語…');
});

test.each([
  [0.04, '0 s'],
  [1.25, '1.3 s'],
  [59.7, '1 min 0 s'],
  [200, '3 min 20 s'],
  [3900, '1 h 5 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test.each([
  ['', 0],
  ['\n', 1],
])('a diff of a value without a line end says nothing of it, after %j', (end, said) => {
  const [before, after] = ['a', 'b'].map((letter) => letter.repeat(70));
  const lines = diffLines({ what: 'list', before: `${before}${end}`, after: `${after}` }, plainStyle());
  expect(lines.filter((line) => line.includes('No newline'))).toHaveLength(said);
});

test('a long diff is cut and says by how much', () => {
  const after = Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join('');
  const lines = diffLines({ what: '/etc/long', before: '', after }, plainStyle());
  expect(lines).toHaveLength(42);
  expect(lines.at(-1)).toBe('  … 61 more lines');
});
