import type { Ask, Recorded } from '../engine/types.ts';
import { giveBack, keptPath, removeMade } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { unfinished } from './write.ts';

/** Was an earlier file kept, and is it at `path` again? Prints `kept` or `back`. */
export function keptAsk({ id, on }: Pick<Recorded<unknown>, 'id' | 'on'>, path: string): Ask {
  const kept = keptPath(id);
  const script = sh`
    if [ -L ${kept} ]; then
      if [ "$(readlink ${kept})" = "$(readlink ${path})" ]; then echo back; else echo kept; fi
    elif [ -e ${kept} ]; then
      if [ ! -L ${path} ] && cmp -s ${kept} ${path}; then echo back; else echo kept; fi
    fi
  `;
  return { key: `kept ${id}`, on, sh: script, timeoutS: 10 };
}

/** Removes a file of mlk8s, and the folders that were made for it. */
export function removeFile(id: string, path: string): Script {
  return lines(sh`rm -f -- ${path} ${unfinished(path)}`, removeMade(id));
}

/** Puts the file back that was there before. */
export function restoreFile(id: string, path: string): Script {
  return giveBack(id, path, unfinished(path));
}
