#!/usr/bin/env node
import module from 'node:module';

const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  process.stderr.write(
    `mlk8s needs Node.js 20 or newer; this is ${process.version}.\nInstall a newer one, for example: sudo snap install node --classic --channel=22\n`,
  );
  process.exit(1);
}
module.enableCompileCache?.();
const { main } = await import('../dist/main.js');
await main(process.argv);
