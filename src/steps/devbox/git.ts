import { gitIdentity } from '../../resources/git-identity.ts';
import { packages } from '../../resources/package.ts';
import type { Part } from './box.ts';

/** git, and who commits with it. */
export const git: Part = ({ devbox, user, at }) => {
  if (!devbox.git) return [];
  return [
    packages({ ...at('git', 'base'), packages: ['git'] }),
    gitIdentity({ ...at('git-identity', 'git'), user, ...devbox.git }),
  ];
};
