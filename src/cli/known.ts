import { nearest } from '../config/nearest.ts';
import { type Problem, UserError } from '../errors.ts';

/** Refuses words that are not known: `--only storge` names `storage`; where a wrong guess would do harm, only what is spelt alike is named. */
export function checkKnown(flag: string, words: readonly string[], known: readonly string[], guesses = true): void {
  const problems = words.filter((word) => !known.includes(word)).map((word) => unknown(flag, word, known, guesses));
  if (problems.length > 0) throw new UserError(problems);
}

function unknown(flag: string, word: string, known: readonly string[], guesses: boolean): Problem {
  const same = known.find((it) => it.toLowerCase() === word.toLowerCase());
  const near = same ?? (guesses ? nearest(word, known) : undefined);
  return {
    where: 'command line',
    seen: `${flag} ${word}: there is no "${word}"`,
    next: [...(near ? [`did you mean ${flag} ${near}?`] : []), `known are: ${known.join(', ')}`],
  };
}
