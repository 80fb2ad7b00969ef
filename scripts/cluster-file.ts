/** What is generated from the schema of the cluster file: the JSON Schema for editors and the key tables of the docs. */
import { type JsonSchema, jsonSchema, type KnownKey, knownKeys } from '../src/config/keys.ts';

const START = '<!-- generated from src/config/schema.ts by scripts/generate-cluster-file.mjs -->';
const END = '<!-- end of the generated part -->';

export function schemaJson(): string {
  const { $schema, ...schema } = jsonSchema() as JsonSchema & { $schema?: string };
  const title = 'Cluster file of mlk8s';
  return `${JSON.stringify({ $schema, title, ...schema }, null, 2)}\n`;
}

/** The page with its generated part made anew. Throws when the page has lost the two marks. */
export function withKeyTables(page: string): string {
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error(`the page has no generated part: ${START} … ${END}`);
  return `${page.slice(0, start)}${START}\n\n${keyTables()}\n${page.slice(end)}`;
}

/** One table for each mapping, in the order of the schema; mappings inside others come after them. */
function keyTables(): string {
  const keys = knownKeys();
  return [...new Set(keys.map((key) => key.parent))]
    .map((parent) => {
      const rows = keys.filter((key) => key.parent === parent).map(row);
      return [`### ${parent === '' ? 'Top of the file' : `\`${parent}\``}`, '', ...HEAD, ...rows, ''].join('\n');
    })
    .join('\n');
}

const HEAD = ['| Key | Value | Default | Meaning |', '| --- | --- | --- | --- |'];

function row(key: KnownKey): string {
  const preset = key.required ? '_required_' : shownDefault(key.schema.default);
  return `| \`${key.name}\` | ${shownValue(key.schema)} | ${preset} | ${(key.schema.description ?? '').replaceAll('<', '&lt;')} |`;
}

function shownDefault(value: unknown): string {
  if (value === undefined || value === '') return '';
  if (typeof value === 'object' && Object.keys(value ?? {}).length === 0) return '';
  const hasGroups = Array.isArray(value) && value.some((it) => typeof it === 'object');
  return `\`${hasGroups ? JSON.stringify(value) : String(value)}\``;
}

function shownValue(schema: JsonSchema): string {
  if (schema.anyOf) return schema.anyOf.map(shownValue).join(', or ');
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.type === 'integer' || schema.type === 'number') return `${schema.minimum} to ${schema.maximum}`;
  if (schema.type === 'boolean') return '`true`, `false`';
  if (schema.items?.enum) return `list of ${shownValue(schema.items)}`;
  if (schema.items) return schema.items.properties ? 'list of groups of keys' : 'list of texts';
  if (schema.type !== 'object') return 'text';
  if (schema.properties) return 'group of keys';
  return typeof schema.additionalProperties === 'object' && schema.additionalProperties.type === 'string'
    ? 'any keys with text values'
    : 'any keys';
}
