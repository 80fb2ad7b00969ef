import type { Ask, Recorded } from '../engine/types.ts';
import { giveBack, keptPath, removeMade } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { unfinished } from './write.ts';

/** Was an earlier file kept? Prints `kept`. */
export function keptAsk(it: Pick<Recorded<unknown>, 'id' | 'on'>): Ask {
  const kept = keptPath(it.id);
  return { key: `kept ${it.id}`, on: it.on, sh: sh`[ -e ${kept} ] || [ -L ${kept} ] && echo kept`, timeoutS: 10 };
}

/** Removes a file of mlk8s, and the folders that were made for it. */
export function removeFile(id: string, path: string): Script {
  return lines(sh`rm -f -- ${path} ${unfinished(path)}`, removeMade(id));
}

/** Puts the file back that was there before. */
export function restoreFile(id: string, path: string): Script {
  return giveBack(id, path, unfinished(path));
}
