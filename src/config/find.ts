import { copyFile, lstat, mkdir, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { rehearsalDir } from '../paths.ts';
import { templatePath } from '../templates.ts';
import { shownPath } from './source.ts';

const FILE_NAME = 'mlk8s.yaml';
const SAMPLE = 'home-lab';

/** Where a cluster file was found: named by `-f`, in the current folder, or the sample that a rehearsal starts with. */
export interface FoundFile {
  /** Absolute. */
  readonly path: string;
  readonly origin: 'flag' | 'folder' | 'sample';
}

/**
 * Which cluster file a command means: `-f`, else `mlk8s.yaml` in the current folder, else, in a rehearsal, a copy of the
 * sample in its state folder (made if it is not there yet). A file named by `-f` need not exist. Undefined: there is none.
 * Throws a UserError when the sample cannot be written.
 */
export async function findClusterFile(options: {
  readonly flag?: string | undefined;
  readonly cwd: string;
  readonly rehearsal: boolean;
}): Promise<FoundFile | undefined> {
  if (options.flag !== undefined) return { path: resolve(options.cwd, options.flag), origin: 'flag' };
  const inFolder = join(options.cwd, FILE_NAME);
  if (await exists(inFolder)) return { path: inFolder, origin: 'folder' };
  return options.rehearsal ? { path: await sampleCopy(), origin: 'sample' } : undefined;
}

/** Copied beside and renamed: a run that is stopped here leaves no half file behind. */
async function sampleCopy(): Promise<string> {
  const folder = rehearsalDir(SAMPLE);
  const path = join(folder, FILE_NAME);
  if (await exists(path)) return path;
  try {
    await mkdir(folder, { recursive: true });
    const beside = `${path}.${process.pid}`;
    await copyFile(templatePath('samples', `${SAMPLE}.yaml`), beside);
    await rename(beside, path);
  } catch (error) {
    throw new UserError({
      where: shownPath(path),
      seen: `the sample cluster file cannot be written: ${(error as Error).message}`,
      why: 'a rehearsal keeps its files in your state folder',
      next: ['Make room or correct the owner of this folder, or set XDG_STATE_HOME to another one.'],
    });
  }
  return path;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
