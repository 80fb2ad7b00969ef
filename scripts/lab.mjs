#!/usr/bin/env zx
// Starts and removes a lab: real machines on this computer, see test/lab. The lab is TypeScript and shares the model of
// the rehearsal, so it is bundled first.
import { build } from 'esbuild';

const outfile = new URL('../node_modules/.cache/mlk8s/lab.mjs', import.meta.url).pathname;
await build({
  entryPoints: [new URL('../test/lab/main.ts', import.meta.url).pathname],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
});
const { exitCode } = await $({ stdio: 'inherit', nothrow: true })`node ${outfile} ${argv._}`;
process.exitCode = exitCode ?? 1;
