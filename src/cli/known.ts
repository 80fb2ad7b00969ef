import { DEVBOX, devboxBeside, machinesOf, memberDevbox } from '../config/machines.ts';
import { nearest } from '../config/nearest.ts';
import { WORKSTATION } from '../config/rules-devbox.ts';
import type { Cluster } from '../config/schema.ts';
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

/**
 * Refuses machines that the file does not have, and says how a devbox is called in commands. `more`: other names that are
 * known; `guesses` as of `checkKnown`.
 */
export function checkMachines(
  flag: string,
  names: readonly string[],
  file: Cluster,
  { more = [], guesses = true }: { readonly more?: readonly string[]; readonly guesses?: boolean } = {},
): void {
  const beside = devboxBeside(file);
  const known = [...machinesOf(file).map(({ name }) => name), ...more];
  const problems = names.flatMap((name) => {
    if (known.includes(name)) return [];
    if (name === WORKSTATION && beside?.local) return [hint(flag, name, 'as the devbox it has another name', DEVBOX)];
    if (name !== DEVBOX) return [];
    const member = memberDevbox(file);
    return [member ? hint(flag, name, `the devbox is ${member.name}`, member.name) : withoutDevbox(flag)];
  });
  if (problems.length > 0) throw new UserError(problems);
  checkKnown(flag, names, known, guesses);
}

function hint(flag: string, name: string, why: string, meant: string): Problem {
  return {
    where: 'command line',
    seen: `${flag} ${name}: there is no "${name}"`,
    why,
    next: [`write ${meant} instead`],
  };
}

function withoutDevbox(flag: string): Problem {
  return {
    where: 'command line',
    seen: `${flag} ${DEVBOX}: there is no "${DEVBOX}"`,
    why: 'the cluster file has no section devbox, and nothing else says where it is',
    next: [
      'write the section once more as it was (mlk8s plan --prune shows its host), then run the same command again',
    ],
  };
}
