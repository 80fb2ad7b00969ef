import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { Data } from './charts/values.ts';

let root: string | undefined;

/** Path of a file or folder below `templates/` of the installed package; works from `src` and from the bundle. */
export function templatePath(...parts: readonly string[]): string {
  root ??= packageRoot(dirname(fileURLToPath(import.meta.url)));
  return join(root, 'templates', ...parts);
}

function packageRoot(folder: string): string {
  if (packageName(folder) === 'mlk8s') return folder;
  const above = dirname(folder);
  if (above === folder) throw new Error('the files of mlk8s are not in a package named mlk8s');
  return packageRoot(above);
}

function packageName(folder: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string }).name;
  } catch {
    return undefined;
  }
}

const read = new Map<string, Data>();

/** A YAML file below `templates/` as data, to be patched as data. */
export function templateData(path: string): Data {
  const known = read.get(path) ?? (parse(readFileSync(templatePath(path), 'utf8')) as Data);
  read.set(path, known);
  return known;
}
