import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { journalDir } from '../paths.ts';
import type { EngineEvent, Listener } from './events.ts';

/** Runs that are kept of each cluster. */
const KEPT = 50;

/** One line of a journal. */
export type JournalLine = { readonly at: string } & EngineEvent;

/** A journal that is being written. */
export interface Journal {
  readonly path: string;
  readonly listener: Listener;
  close(): void;
}

/** A journal that can be read; `run` is its name, which sorts by time. */
export interface JournalFile {
  readonly run: string;
  readonly path: string;
}

/** Which run a journal is of. */
export interface JournalOptions {
  readonly cluster: string;
  readonly rehearsal: boolean;
  readonly command: string;
  readonly now?: () => Date;
}

/** Starts the journal of one run, and drops the oldest ones. Readable by the user alone. */
export function openJournal(options: JournalOptions): Journal {
  const now = options.now ?? (() => new Date());
  const folder = journalDir(options.cluster, options.rehearsal);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const run = `${now().toISOString().replaceAll(':', '-')}-${options.command}-${process.pid}`;
  const path = join(folder, `${run}.ndjson`);
  const fd = openSync(path, 'a', 0o600);
  for (const old of listRuns(options.cluster, options.rehearsal).slice(0, -KEPT)) rmSync(old.path, { force: true });
  return {
    path,
    // One write per event: after a crash the journal ends with what was said last.
    listener: (event) => {
      try {
        writeSync(fd, `${JSON.stringify({ at: now().toISOString(), ...event })}\n`);
      } catch {
        // A full disk on the workstation must not end a run on the machines: the run matters more than its log.
      }
    },
    close: () => closeSync(fd),
  };
}

/** The journals that are kept, oldest first. */
export function listRuns(cluster: string, rehearsal: boolean): JournalFile[] {
  const folder = journalDir(cluster, rehearsal);
  return namesIn(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .sort()
    .map((name) => ({ run: name.slice(0, -'.ndjson'.length), path: join(folder, name) }));
}

/** All events of a run. A last line that a crash cut off is left out, and what is no event. */
export function readRun(file: JournalFile): JournalLine[] {
  return readFileSync(file.path, 'utf8').split('\n').flatMap(parsed);
}

function parsed(line: string): JournalLine[] {
  try {
    const value = line === '' ? undefined : (JSON.parse(line) as JournalLine | null);
    return typeof value?.event === 'string' ? [value] : [];
  } catch {
    return [];
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
