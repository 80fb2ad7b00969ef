import type { Verdict } from '../engine/types.ts';
import { refused } from './answers.ts';

/** What `asUser` (shell/as-user.ts) ends with where there is no such account. */
export function noAccount(where: string, user: string): Verdict {
  return refused(
    where,
    `there is no account ${user} on this machine`,
    'its name in the cluster file is not the one that it has there',
    'Write the account as the machine knows it (shown there by: whoami) after devbox.user.',
  );
}
