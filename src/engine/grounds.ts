import { hostOf, stepOf } from '../resources/places.ts';
import type { RunOptions } from './options.ts';
import type { Declared, Id } from './types.ts';
import { means } from './undo.ts';

/**
 * What the resources of a run rest on in steps that `--only` leaves out, needs of needs too, as far as their machines
 * are asked. Nobody changes them, but nothing is built on what is refused: `--only` is no way around a refusal. Who
 * names a step with `--skip` wants to do without it.
 */
export function groundsOf(
  wanted: readonly Declared[],
  all: readonly Declared[],
  { only, skip }: Pick<RunOptions, 'only' | 'skip'>,
  asked: readonly string[],
): readonly Declared[] {
  if (only.length === 0) return [];
  const found = new Set(wanted);
  const visit = (needs: readonly Id[]): void => {
    for (const it of all) {
      const host = hostOf(it);
      const isAsked = host === undefined || asked.includes(host);
      if (found.has(it) || !isAsked || !needs.some((need) => means(need, it.id))) continue;
      found.add(it);
      visit(it.needs);
    }
  };
  for (const { needs } of wanted) visit(needs);
  return [...found].filter((it) => !wanted.includes(it) && !skip.includes(stepOf(it.id)));
}
