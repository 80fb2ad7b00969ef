#!/usr/bin/env node
// Bundles the CLI into dist/: one small entry, everything heavy in chunks that load when a command needs them.
import { rename, rm } from 'node:fs/promises';
import { build } from 'esbuild';

// Beside the old one and renamed at the end: whoever starts the CLI meanwhile finds a whole one.
const beside = `dist.${process.pid}`;
await build({
  entryPoints: { main: 'src/main.ts', 'rehearsal-server': 'src/rehearsal/server.ts' },
  outdir: beside,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: false,
  minify: true,
  keepNames: true,
  chunkNames: 'chunks/[name]-[hash]',
  // ssh2 loads two native helpers if they were compiled and does without them otherwise.
  external: ['*.node', 'cpu-features'],
  // CommonJS packages inside an ES module bundle still call require() and ask for __dirname.
  banner: {
    js: [
      "import { createRequire as __createRequire } from 'node:module';",
      "import { dirname as __pathDirname } from 'node:path';",
      "import { fileURLToPath as __urlToPath } from 'node:url';",
      'const require = __createRequire(import.meta.url);',
      'const __filename = __urlToPath(import.meta.url);',
      'const __dirname = __pathDirname(__filename);',
    ].join(''),
  },
  logLevel: 'warning',
});
const old = `${beside}.old`;
await rename('dist', old).catch((error) => {
  if (error.code !== 'ENOENT') throw error;
});
await rename(beside, 'dist');
await rm(old, { recursive: true, force: true });
