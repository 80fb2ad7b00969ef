import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCluster } from '../../src/config/load.ts';
import { UserError } from '../../src/errors.ts';
import { templatePath } from '../../src/templates.ts';

const SAMPLE = readFileSync(templatePath('samples', 'home-lab.yaml'));

/** Valid, or a UserError whose problems have all their parts and places inside the file. */
function check(bytes: Buffer): void {
  try {
    parseCluster(bytes, 'mlk8s.yaml');
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    for (const problem of error.problems) {
      expect(problem.where).toMatch(/^mlk8s\.yaml(:[1-9]\d*:[1-9]\d*)?$/);
      // Only our own words: the excerpt below them may hold anything that was written.
      expect(problem.seen.split('\n')[0]?.replaceAll(/"[^"]*"/g, '')).not.toMatch(/undefined|\[object|NaN/);
      expect(problem.seen.length).toBeLessThan(1000);
      expect(problem.next.length).toBeGreaterThan(0);
    }
  }
}

describe('nothing but a UserError is ever thrown', () => {
  test('random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => check(Buffer.from(bytes))));
  });

  test('random text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => check(Buffer.from(text))));
  });

  test('random words of YAML', () => {
    const word = fc.constantFrom(
      ...['- ', ': ', ':', '\n', '\n  ', '\n    ', '[', ']', '{', '}', ', ', '&a ', '*a', '? ', '| ', '"', "'", '# '],
      ...['!x ', '<<', '---\n', '...\n', '%YAML 1.1\n', '~', 'null', '1.30', 'true', '\t', '__proto__', 'constructor'],
      ...['name', 'nodes', 'ssh', 'node', 'microk8s', 'channel', 'labels', 'taints', 'rig1', '10.0.0.1'],
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (words) => check(Buffer.from(words.join('')))),
      { numRuns: 1500 },
    );
  });

  test('the sample with pieces cut out, doubled or replaced', () => {
    const change = fc.record({
      at: fc.nat(SAMPLE.length),
      length: fc.nat(40),
      bytes: fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.constant(undefined)),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const mutated = changes.reduce((bytes, { at, length, bytes: added }) => {
          const piece = bytes.subarray(at, at + length);
          const middle = added === undefined ? Buffer.concat([piece, piece]) : Buffer.from(added);
          return Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(at + length)]);
        }, SAMPLE);
        check(mutated);
      }),
      { numRuns: 1000 },
    );
  });

  test('data of any shape in the place of each key', () => {
    const key = fc.constantFrom('name', 'nodes', 'ssh', 'node', 'microk8s', 'x');
    const value = fc.object({
      key: fc.constantFrom('name', 'address', 'role', 'labels', 'taints', 'ssh', '__proto__', '0'),
    });
    fc.assert(
      fc.property(fc.dictionary(key, fc.oneof(value, fc.array(value), fc.jsonValue())), (data) =>
        check(Buffer.from(JSON.stringify(data))),
      ),
      { numRuns: 500 },
    );
  });
});
