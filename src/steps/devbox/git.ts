import { debTool } from '../../resources/deb-tool.ts';
import { gitIdentity } from '../../resources/git-identity.ts';
import type { Part } from './box.ts';

/** git, and who commits with it. */
export const git: Part = ({ devbox, user, at }) => {
  if (!devbox.git) return [];
  return [
    debTool({ ...at('git', 'base'), command: 'git', packages: ['git'], user }),
    gitIdentity({ ...at('git-identity', 'git'), user, ...devbox.git }),
  ];
};
