import { nearest } from '../config/nearest.ts';
import { type Problem, UserError } from '../errors.ts';

/** Refuses words that are not known: `--only storge` names `storage`. */
export function checkKnown(flag: string, words: readonly string[], known: readonly string[]): void {
  const problems = words.filter((word) => !known.includes(word)).map((word) => unknown(flag, word, known));
  if (problems.length > 0) throw new UserError(problems);
}

function unknown(flag: string, word: string, known: readonly string[]): Problem {
  const near = nearest(word, known);
  return {
    where: 'command line',
    seen: `${flag} ${word}: there is no "${word}"`,
    next: [...(near ? [`did you mean ${flag} ${near}?`] : []), `known are: ${known.join(', ')}`],
  };
}
