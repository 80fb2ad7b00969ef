import type { Ask, Verdict } from '../engine/types.ts';
import { printNote } from '../shell/originals.ts';

/** Of an undo: it is left as it is, on purpose. */
export function stays(because: string): Verdict {
  return { verdict: 'ok', because, stays: true };
}

/** Of an undo: nothing of it is left. */
export function gone(because: string): Verdict {
  return { verdict: 'ok', because };
}

/** The note that was made when the change was applied (`shell/originals.ts`); empty when there is none. */
export function noteAsk(it: { readonly id: string; readonly on: Ask['on'] }): Ask {
  return { key: `note ${it.id}`, on: it.on, sh: printNote(it.id), timeoutS: 10 };
}
