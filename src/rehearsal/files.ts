import fs from 'node:fs';
import { join, posix } from 'node:path';
import type { RigFiles } from './model/command.ts';

/** Where parts of a machine's file tree lie on this computer; everything else is on its disk. */
export interface TreeMap {
  /** The machine's folder in the state folder. */
  readonly folder: string;
  /** /run lives in memory inside the machine: reached through its first process, undefined while it is off. */
  readonly run: () => string | undefined;
}

const MOST_LINKS = 40;

/** Path on this computer of a path in the machine that has no links in it. */
export type Outside = (path: string) => string;

/** The files of a machine from outside. Links are followed by its own tree, never by this computer's. */
export function rigFiles(outside: Outside): RigFiles {
  const at = (path: string, followLast: boolean) => resolve(outside, path, followLast);
  return {
    read(path) {
      const file = at(path, true);
      // An error that is thrown costs ten times a look, and what is asked for most often is not there.
      return isThere(file) ? attempt(() => fs.readFileSync(file, 'utf8')) : undefined;
    },
    exists: (path) => isThere(at(path, true)),
    list: (path) => (attempt(() => fs.readdirSync(at(path, true))) ?? []).sort(),
    write(path, content, mode) {
      this.mkdir(posix.dirname(path));
      const file = at(path, true);
      fs.writeFileSync(file, content, mode === undefined ? {} : { mode });
      if (mode !== undefined) fs.chmodSync(file, mode);
    },
    remove: (path) => fs.rmSync(at(path, false), { recursive: true, force: true }),
    mkdir(path, mode = 0o755) {
      fs.mkdirSync(at(path, true), { recursive: true, mode });
    },
    link(target, path) {
      this.mkdir(posix.dirname(path));
      const file = at(path, false);
      fs.rmSync(file, { recursive: true, force: true });
      fs.symlinkSync(target, file);
    },
  };
}

function isThere(path: string): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** undefined for what is not there; anything else that goes wrong is thrown. */
function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  }
}

/** The path on this computer of a path in the machine. */
function resolve(outside: Outside, path: string, followLast: boolean): string {
  let done = '/';
  const todo = posix.normalize(`/${path}`).split('/').filter(Boolean);
  for (let links = 0; todo.length > 0; ) {
    const part = todo.shift() as string;
    const next = posix.join(done, part);
    const target = part === '..' || (todo.length === 0 && !followLast) ? undefined : linkTarget(outside(next));
    if (target === undefined) done = next;
    else {
      if (++links > MOST_LINKS) throw Object.assign(new Error(`ELOOP: ${path}`), { code: 'ELOOP' });
      todo.unshift(...target.split('/').filter(Boolean));
      if (target.startsWith('/')) done = '/';
    }
  }
  return outside(done);
}

function linkTarget(path: string): string | undefined {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? fs.readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}

/** Of a simulated machine, whose tree lies in several places. */
export function simulated(tree: TreeMap): Outside {
  const below = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);
  return (path) => {
    if (below(path, '/run')) return join(tree.run() ?? '/nonexistent', path);
    if (below(path, '/usr/local')) return join(tree.folder, 'local', path.slice('/usr/local'.length));
    if (below(path, '/usr')) return path;
    if (below(path, '/proc') || below(path, '/sys')) return join(tree.folder, path);
    return join(tree.folder, 'root', path);
  };
}
