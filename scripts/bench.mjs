#!/usr/bin/env zx
// What mlk8s costs, see test/bench: `npm run bench -- --only d,e --runs 7`. Never fails for a target that was missed:
// the table says so. It is TypeScript and shares the lab, so it is bundled first.
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** In a bundle every file still knows where it came from: what lies beside it is found from there. */
const ownUrls = {
  name: 'own-urls',
  setup({ onLoad }) {
    onLoad({ filter: /\/(src|test)\/.*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { loader: 'ts', contents: text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path))) };
    });
  },
};

const outfile = new URL('../node_modules/.cache/mlk8s/bench.mjs', import.meta.url).pathname;
await $({ stdio: 'inherit' })`node scripts/build.mjs`;
await build({
  entryPoints: [new URL('../test/bench/main.ts', import.meta.url).pathname],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  plugins: [ownUrls],
  logLevel: 'warning',
});
await $({ stdio: 'inherit' })`node ${outfile} ${process.argv.slice(3)}`;
