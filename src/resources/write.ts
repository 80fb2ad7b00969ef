import { posix } from 'node:path';
import { missing, noteOnce } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';

/**
 * The name a file has until it is complete. Always the same, so that what an interrupted write leaves is replaced by
 * the next one; hidden and without the real suffix, so that nobody who reads a `*.d` folder takes it for a setting.
 */
export function unfinished(path: string): string {
  return posix.join(posix.dirname(path), `.${posix.basename(path)}.mlk8s`);
}

/**
 * Writes a whole file with one rename: whoever reads it sees the old or the new one. Synced before, or a power cut could
 * leave the name with nothing in it.
 */
export function writeFile(path: string, content: string, mode: string): Script {
  return sh`
    mkdir -p -- ${posix.dirname(path)}
    printf %s ${content} >${unfinished(path)}
    chmod ${mode} ${unfinished(path)}
    sync -- ${unfinished(path)}
    mv -fT -- ${unfinished(path)} ${path}
  `;
}

/** Writes a file that is mlk8s' alone and everybody may read; notes whether its folder was there, for whoever undoes it. */
export function writeOwnFile(id: string, path: string, content: string): Script {
  return lines(noteOnce(id, missing(posix.dirname(path))), writeFile(path, content, '644'));
}
