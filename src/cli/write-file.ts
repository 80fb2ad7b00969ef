import { randomBytes } from 'node:crypto';
import { open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { shownPath } from '../config/source.ts';
import { UserError } from '../errors.ts';

/** Writes a file that must not be there yet. */
export async function writeNewFile(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotWrite(path, error);
    const next = ['mlk8s init --force writes it anew', 'or write to another place with --file FILE'];
    throw new UserError({ where: shownPath(path), seen: 'this file is there already; it was left alone', next });
  }
}

/** Writes a file in one go: whoever reads it, or pulls the plug, sees the old text or the new one. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const beside = `${target}.${randomBytes(4).toString('hex')}`;
  try {
    const mode = await stat(target).then(
      (found) => found.mode & 0o777,
      () => 0o644,
    );
    const file = await open(beside, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true });
    throw cannotWrite(path, error);
  }
}

function cannotWrite(path: string, error: unknown): UserError {
  return new UserError({
    where: shownPath(path),
    seen: `the file cannot be written: ${error instanceof Error ? error.message : String(error)}`,
    why: 'the folder is missing, belongs to somebody else, or is full',
    next: ['Correct that and run the command again.'],
  });
}
