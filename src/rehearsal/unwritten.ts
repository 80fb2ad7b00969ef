import { lstatSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { RigFiles } from './model/command.ts';

/** Folders whose files a power cut may empty. */
const FOLDERS = ['etc', 'var/lib'];

/**
 * Files that a machine has in memory only. A disk gets what is in a new file up to half a minute after it was made,
 * unless somebody syncs it; its name gets there sooner. So a power cut leaves new files with nothing in them.
 */
export class Unwritten {
  readonly #root: string;
  readonly #synced = new Set<number>();
  #before = 0;

  /** `root`: where the machine's files lie on this computer. */
  constructor(root: string) {
    this.#root = root;
  }

  /** All that is there now is on the disk. */
  syncAll(): void {
    this.#before = Date.now();
    this.#synced.clear();
  }

  /** One file is on the disk, whatever it will be called. False: there is no such file. */
  sync(path: string): boolean {
    const seen = lstatSync(join(this.#root, path), { throwIfNoEntry: false });
    if (seen) this.#synced.add(seen.ino);
    return seen !== undefined;
  }

  /** The same files, each on the disk once it is written: simulated programs sync, as dpkg, snapd and account tools do. */
  synced(files: RigFiles): RigFiles {
    const write: RigFiles['write'] = (path, ...rest) => {
      files.write(path, ...rest);
      this.sync(path);
    };
    return { ...files, write };
  }

  /** The power fails: what was made in the last `ms` real milliseconds is empty. */
  lose(ms: number): void {
    const since = Math.max(this.#before, Date.now() - ms);
    for (const folder of FOLDERS) this.#loseBelow(join(this.#root, folder), since);
    this.syncAll();
  }

  #loseBelow(folder: string, since: number): void {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) this.#loseBelow(path, since);
      else if (entry.isFile()) {
        const { birthtimeMs, ino } = lstatSync(path);
        if (birthtimeMs > since && !this.#synced.has(ino)) truncateSync(path);
      }
    }
  }
}
