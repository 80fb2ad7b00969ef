import type { Command } from '../command.ts';
import { fail } from './arguments.ts';

/** A program that mlk8s only brings: it is there, and does nothing. */
export const standIn: Command = (context) =>
  fail(context, `${context.name}: a rehearsal has no such program, only its place`);

/** debconf keeps the answer for the package that will ask. */
export const ANSWERS = '/var/cache/debconf/answers';

export const debconfSetSelections: Command = async (context) => {
  if (context.user !== 'root')
    return fail(
      context,
      'debconf: DbDriver "passwords" warning: could not open /var/cache/debconf/passwords.dat: Permission denied',
    );
  const text = (await context.stdin()).toString('utf8');
  context.files.write(ANSWERS, `${context.files.read(ANSWERS) ?? ''}${text}`, 0o644);
  return 0;
};
