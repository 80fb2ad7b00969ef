#!/usr/bin/env node
// Writes templates/mlk8s.schema.json and the key tables of docs/cluster-file.md from the schema in src/config.
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const SCHEMA = 'templates/mlk8s.schema.json';
const PAGE = 'docs/cluster-file.md';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
// Node 20 reads no TypeScript: the generator is bundled in memory first.
const { outputFiles } = await build({
  entryPoints: ['scripts/cluster-file.ts'],
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
});
const code = Buffer.from(outputFiles[0].contents).toString('base64');
const { schemaJson, withKeyTables } = await import(`data:text/javascript;base64,${code}`);
await writeFile(SCHEMA, schemaJson());
await writeFile(PAGE, withKeyTables(await readFile(PAGE, 'utf8')));
execFileSync('node_modules/.bin/biome', ['format', '--write', SCHEMA]);
