import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { template } from './paths.ts';

/** Folder of a machine that holds the simulated programs; first in Ubuntu's PATH and in sudo's. */
export const SHIM_FOLDER = '/usr/local/sbin';

/**
 * The program behind every simulated one, by its path inside a machine. A model that installs a program links to it:
 * `files.link(SHIM, '/snap/bin/microk8s')`. It tells by its own name what it is called as.
 */
export const SHIM = `${SHIM_FOLDER}/.shim`;

/** An empty file among the simulated programs, which nobody can start. */
export const NOTHING = '.nothing';

/** Makes the folder that every machine of a rehearsal has as SHIM_FOLDER, with one link for each name. */
export function writeShims(folder: string, names: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  copyFileSync(template('shim.pl'), join(folder, '.shim'));
  chmodSync(join(folder, '.shim'), 0o755);
  writeFileSync(join(folder, NOTHING), '', { mode: 0o644 });
  const wanted = new Set(names);
  for (const name of readdirSync(folder)) {
    if (name !== '.shim' && name !== NOTHING && !wanted.delete(name)) rmSync(join(folder, name));
  }
  for (const name of wanted) symlinkSync('.shim', join(folder, name));
}
