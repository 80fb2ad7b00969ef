import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Problem } from '../errors.ts';
import type { Loaded } from './load.ts';
import type { Fault } from './rules.ts';
import { Source, type Span } from './source.ts';
import { type Path, readTree } from './tree.ts';

/** Most bytes of a file with a secret: as much as any key or token has, and less than a disk. */
const MOST_BYTES = 64 * 1024;

/** Secrets by their references, and what is wrong with those that cannot be used, in the order of the cluster file. */
export interface AtHand {
  readonly values: ReadonlyMap<string, string>;
  readonly missing: readonly Problem[];
}

/** What keeps a secret: its name in a message, and what puts a value there. */
interface Keeper {
  readonly name: string;
  readonly fill: string;
}

/**
 * Reads what the user keeps at `env:NAME` and `file:PATH` (`~` is the home, other paths start at the folder of the cluster
 * file). The line break at the end of a file is no part of the secret.
 */
export async function readSecrets(cluster: Loaded, refs: readonly string[], env: NodeJS.ProcessEnv): Promise<AtHand> {
  const values = new Map<string, string>();
  const faults = new Map<string, Fault>();
  const webhook = cluster.file.monitoring?.alerts.webhook?.url;
  for (const ref of new Set(refs)) {
    const keeper = keeperOf(ref, cluster, env);
    const found = ref.startsWith('env:') ? ofVariable(ref.slice('env:'.length), keeper, env) : await ofFile(keeper);
    if (typeof found !== 'string') faults.set(ref, found);
    else if (ref === webhook && !isWebAddress(found)) faults.set(ref, noAddress(keeper));
    else values.set(ref, found);
  }
  return { values, missing: problemsIn(cluster, faults) };
}

function keeperOf(ref: string, cluster: Loaded, env: NodeJS.ProcessEnv): Keeper {
  const name = ref.slice(ref.indexOf(':') + 1);
  if (ref.startsWith('env:')) {
    const fill = `set it and run the command again: read -rs ${name} && export ${name}`;
    return { name: `the environment variable ${name}`, fill };
  }
  const path = pathOf(name, cluster, env);
  return { name: path, fill: `write the secret into that file: install -m 600 /dev/stdin ${path}` };
}

function ofVariable(variable: string, { name, fill }: Keeper, env: NodeJS.ProcessEnv): string | Fault {
  const value = env[variable];
  if (value) return value;
  return {
    seen: `${name} is ${value === undefined ? 'not set' : 'empty'}`,
    why: 'the secret is kept there, and not in the cluster file',
    next: [fill],
  };
}

/** Alertmanager takes blanks around it away: notify/webhook/webhook.go. */
function isWebAddress(text: string): boolean {
  return /^https?:\/\/[^\s/]/i.test(text.trim()) && URL.canParse(text.trim());
}

/** What it is stays unsaid: it may be another secret. */
function noAddress({ name, fill }: Keeper): Fault {
  return {
    seen: `${name} holds no address on the web`,
    why: 'alerts are sent to it: it starts with http:// or https:// and has a server; what is there is not shown, it may be a secret',
    next: [fill],
  };
}

function pathOf(path: string, cluster: Loaded, env: NodeJS.ProcessEnv): string {
  return resolve(dirname(cluster.path), path.replace(/^~(?=\/)/, env.HOME ?? '~'));
}

async function ofFile({ name: path, fill }: Keeper): Promise<string | Fault> {
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
    return unreadable(path, (error as NodeJS.ErrnoException).code ?? String(error), fill);
  }
}

function textOf(path: string, bytes: Buffer): string | Fault {
  const rest = {
    why: 'a secret is kept in a file of its own',
    next: ['write the secret into it, as one line of text'],
  };
  if (bytes.length > MOST_BYTES) return { seen: `${path} has more than ${MOST_BYTES / 1024} KiB`, ...rest };
  if (bytes.includes(0)) return { seen: `${path} is no text: it has NUL bytes`, ...rest };
  const text = bytes.toString('utf8').replace(/\r?\n$/, '');
  return text === '' ? { seen: `${path} is empty`, ...rest } : text;
}

function unreadable(path: string, code: string, fill: string): Fault {
  if (code === 'EISDIR') {
    const next = [`name the file that the secret is in, for example ${path}/NAME`];
    return { seen: `${path} is a folder, not a file`, why: 'a secret is kept in a file of its own', next };
  }
  const seen: Readonly<Record<string, string>> = {
    ENOENT: `there is no file ${path}`,
    EACCES: `you may not read ${path}`,
  };
  return {
    seen: seen[code] ?? `${path} cannot be read (${code})`,
    why: 'the secret is kept there, and not in the cluster file',
    next: [fill],
  };
}

/** The faults at the lines of the cluster file that name the references. */
function problemsIn(cluster: Loaded, faults: ReadonlyMap<string, Fault>): Problem[] {
  const source = new Source(cluster.path, cluster.text);
  const tree = readTree(source);
  const spanOf = (ref: string): Span => {
    const path = 'document' in tree ? placeOf(tree.value, ref) : undefined;
    return 'document' in tree && path ? tree.valueSpan(path) : { start: 0, end: 0 };
  };
  return [...faults]
    .map(([ref, fault]) => ({ span: spanOf(ref), fault }))
    .sort((a, b) => a.span.start - b.span.start)
    .map(({ span, fault }) => source.problem(span, fault));
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
