import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { schemaJson, withKeyTables } from '../../scripts/cluster-file.ts';
import { parseCluster } from '../../src/config/load.ts';
import { templatePath } from '../../src/templates.ts';

const PAGE = 'docs/cluster-file.md';

/** Without the blanks and dashes by which the formatter lines up the columns of a table. */
const unpadded = (page: string) => page.replace(/ +/g, ' ').replace(/-{3,}/g, '---');

describe('generated files are up to date (else run: node scripts/generate-cluster-file.mjs)', () => {
  test('JSON Schema', () => {
    expect(JSON.parse(readFileSync(templatePath('mlk8s.schema.json'), 'utf8'))).toEqual(JSON.parse(schemaJson()));
  });

  test('key tables of the docs', () => {
    const page = readFileSync(PAGE, 'utf8');
    expect(unpadded(page)).toBe(unpadded(withKeyTables(page)));
  });
});

test('the first example of the docs is a valid file', () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(readFileSync(PAGE, 'utf8'))?.[1] ?? '';
  expect(parseCluster(Buffer.from(example), 'mlk8s.yaml').warnings).toEqual([]);
});

test('every key and every pattern of the JSON Schema is explained or usable by an editor', () => {
  const walk = (schema: Record<string, unknown>): void => {
    for (const [key, value] of Object.entries(schema)) {
      if (key === 'pattern') expect(() => new RegExp(value as string, 'u')).not.toThrow();
      if (key === 'properties') {
        for (const [name, child] of Object.entries(value as Record<string, { description?: string }>)) {
          expect(child.description, name).toBeTruthy();
        }
      }
      if (typeof value === 'object' && value !== null) walk(value as Record<string, unknown>);
    }
  };
  walk(JSON.parse(schemaJson()) as Record<string, unknown>);
});
