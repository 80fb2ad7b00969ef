import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, rmdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../errors.ts';

/** A file of templates/rehearsal, from the sources as well as from the bundle, whose chunks lie one folder deeper. */
export function template(name: string): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let dir = start; dir !== dirname(dir); dir = dirname(dir)) {
    const path = join(dir, 'templates', 'rehearsal', name);
    if (existsSync(path)) return path;
  }
  throw new Error(`templates/rehearsal/${name} is missing above ${start}`);
}

/** The server as it is bundled; undefined when only the sources are there. */
export function bundledServer(): string | undefined {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let dir = start; dir !== dirname(dir); dir = dirname(dir)) {
    const path = join(dir, 'dist', 'rehearsal-server.js');
    if (existsSync(path)) return path;
  }
  return undefined;
}

/** Tells one version of the server's program from another. */
export function buildId(program: string): string {
  return createHash('sha256').update(readFileSync(program)).digest('hex');
}

/** Where the files of one rehearsal lie inside its state folder. */
export interface Layout {
  readonly dir: string;
  readonly world: string;
  readonly lock: string;
  readonly log: string;
  /** Programs that are simulated, one link each. */
  readonly shims: string;
  /** Folder of one machine: `root` (its disk), `sys` and `proc` (what is faked there), keys. */
  rig(name: string): string;
}

export function layout(dir: string): Layout {
  return {
    dir,
    world: join(dir, 'world.json'),
    lock: join(dir, 'server.lock'),
    log: join(dir, 'server.log'),
    shims: join(dir, 'shims'),
    rig: (name) => join(dir, 'rigs', name),
  };
}

/** Sockets of one rehearsal. Their paths must be short: the kernel takes 107 bytes. */
export interface Sockets {
  readonly folder: string;
  readonly control: string;
  ssh(index: number): string;
  model(index: number): string;
}

/**
 * The folder of the sockets, made if it is not there. Others can write to /tmp: a folder that is not ours alone could
 * hand us somebody else's machines.
 */
export function sockets(dir: string): Sockets {
  const uid = userInfo().uid;
  // Somebody else's state folder may hold a link to the same machines.
  const hash = createHash('sha256')
    .update(existsSync(dir) ? realpathSync(dir) : dir)
    .digest('hex')
    .slice(0, 12);
  const base = tmpdir().length <= 50 ? tmpdir() : '/tmp';
  const folder = join(base, `mlk8s-${uid}-${hash}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const seen = lstatSync(folder);
  if (!seen.isDirectory() || seen.uid !== uid || (seen.mode & 0o077) !== 0) {
    throw new UserError({
      where: folder,
      seen: 'the folder for the sockets of the rehearsal is not yours alone',
      why: 'somebody else made it, or its mode was changed',
      next: [`look at it (ls -ld ${folder}) and remove it`],
    });
  }
  return {
    folder,
    control: join(folder, 'control'),
    ssh: (index) => join(folder, `ssh${index}`),
    model: (index) => join(folder, `model${index}`),
  };
}

/** Removes the folder of the sockets, unless another server has begun to use it. */
export function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not empty, or not there.
  }
}
