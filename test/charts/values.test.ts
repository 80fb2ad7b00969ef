import { expect, it } from 'vitest';
import { canonical, digestOf, flatLines, mergeValues } from '../../src/charts/values.ts';

it('lays the values of the user over ours', () => {
  const ours = { a: { b: 1, c: [1, 2] }, d: 'x', e: { f: 1 } };
  expect(mergeValues(ours, { a: { c: [3] }, d: { y: 1 }, e: null, g: { h: {} } })).toEqual({
    a: { b: 1, c: [3] },
    d: { y: 1 },
    e: null,
    g: { h: {} },
  });
  expect(ours).toEqual({ a: { b: 1, c: [1, 2] }, d: 'x', e: { f: 1 } });
});

it('gives equal data the same digest, other data another', () => {
  expect(canonical({ b: [1, { d: null, c: 'x' }], a: true })).toBe('{"a":true,"b":[1,{"c":"x","d":null}]}');
  expect(digestOf({ a: 1, b: 2 })).toBe(digestOf({ b: 2, a: 1 }));
  expect(new Set([{ a: 1 }, { a: '1' }, { a: [1] }, { a: { b: 1 } }, {}].map(digestOf)).size).toBe(5);
  expect(digestOf({})).toMatch(/^[a-f0-9]{40}$/);
});

it('shows values by their paths', () => {
  expect(flatLines({ b: { d: [1], c: 'x' }, a: {}, e: null })).toEqual(['a: {}', 'b.c: "x"', 'b.d: [1]', 'e: null']);
});
