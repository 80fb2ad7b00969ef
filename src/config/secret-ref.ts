import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Problem } from '../errors.ts';
import type { Loaded } from './load.ts';
import type { Fault } from './rules.ts';
import { Source } from './source.ts';
import { type Path, readTree } from './tree.ts';

/** Most bytes of a file with a secret: as much as any key or token has, and less than a disk. */
const MOST_BYTES = 64 * 1024;

/** Secrets by their references, and what is wrong with those that are not at hand. */
export interface AtHand {
  readonly values: ReadonlyMap<string, string>;
  readonly missing: readonly { readonly ref: string; readonly problem: Problem }[];
}

/**
 * Reads what the user keeps at `env:NAME` and `file:PATH` (`~` is the home, other paths start at the folder of the cluster
 * file). The line break at the end of a file is no part of the secret.
 */
export async function readSecrets(cluster: Loaded, refs: readonly string[], env: NodeJS.ProcessEnv): Promise<AtHand> {
  const values = new Map<string, string>();
  const missing: AtHand['missing'][number][] = [];
  for (const ref of new Set(refs)) {
    const found = ref.startsWith('env:')
      ? ofVariable(ref.slice('env:'.length), env)
      : await ofFile(pathOf(ref.slice('file:'.length), cluster, env));
    if (typeof found === 'string') values.set(ref, found);
    else missing.push({ ref, problem: problemAt(cluster, ref, found) });
  }
  return { values, missing };
}

function ofVariable(name: string, env: NodeJS.ProcessEnv): string | Fault {
  const value = env[name];
  if (value) return value;
  return {
    seen: `the environment variable ${name} is ${value === undefined ? 'not set' : 'empty'}`,
    why: 'the secret is kept there, and not in the cluster file',
    next: [`set it and run the command again: read -rs ${name} && export ${name}`],
  };
}

function pathOf(path: string, cluster: Loaded, env: NodeJS.ProcessEnv): string {
  return resolve(dirname(cluster.path), path.replace(/^~(?=\/)/, env.HOME ?? '~'));
}

async function ofFile(path: string): Promise<string | Fault> {
  try {
    const file = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(MOST_BYTES + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return textOf(path, buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (error) {
    return unreadable(path, (error as NodeJS.ErrnoException).code ?? String(error));
  }
}

function textOf(path: string, bytes: Buffer): string | Fault {
  const next = ['write the secret into it, as one line of text'];
  if (bytes.length > MOST_BYTES) return { seen: `${path} has more than ${MOST_BYTES / 1024} KiB`, next };
  if (bytes.includes(0)) return { seen: `${path} is no text: it has NUL bytes`, next };
  const text = bytes.toString('utf8').replace(/\r?\n$/, '');
  return text === '' ? { seen: `${path} is empty`, next } : text;
}

function unreadable(path: string, code: string): Fault {
  const seen: Readonly<Record<string, string>> = {
    ENOENT: `there is no file ${path}`,
    EACCES: `you may not read ${path}`,
    EISDIR: `${path} is a folder, not a file`,
  };
  return {
    seen: seen[code] ?? `${path} cannot be read (${code})`,
    why: 'the secret is kept there, and not in the cluster file',
    next: [`write the secret into that file: install -m 600 /dev/stdin ${path}`],
  };
}

/** The fault at the line of the cluster file that names the reference. */
function problemAt(cluster: Loaded, ref: string, fault: Fault): Problem {
  const source = new Source(cluster.path, cluster.text);
  const tree = readTree(source);
  const path = 'document' in tree ? placeOf(tree.value, ref) : undefined;
  const span = 'document' in tree && path ? tree.valueSpan(path) : { start: 0, end: 0 };
  return source.problem(span, fault);
}

function placeOf(value: unknown, text: string): Path | undefined {
  if (value === text) return [];
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const path = placeOf(inner, text);
    if (path) return [Array.isArray(value) ? Number(key) : key, ...path];
  }
  return undefined;
}
