import type { Declared } from '../../engine/types.ts';
import { debTool } from '../../resources/deb-tool.ts';
import { snapTool } from '../../resources/snap-tool.ts';
import type { Box } from './box.ts';
import { fromArchive } from './sources.ts';

/** Else the package of VS Code writes a line of its own for its archive, with another place for the key. */
const NO_OWN_SOURCE = 'code code/add-microsoft-repo boolean false';

/** GitHub CLI, Git LFS, VS Code and DBeaver. */
export function apps(box: Box): Declared[] {
  const { at, devbox, user } = box;
  return [
    ...(devbox.gh ? fromArchive(box, 'gh', 'gh') : []),
    ...(devbox.gitLfs ? [debTool({ ...at('git-lfs', 'base'), command: 'git-lfs', packages: ['git-lfs'], user })] : []),
    ...(devbox.vscode ? fromArchive(box, 'vscode', 'code', { answers: NO_OWN_SOURCE }) : []),
    ...(devbox.dbeaver ? [dbeaver(box)] : []),
  ];
}

/** Its maker's own snap; the archive of its maker documents no fingerprint. github.com/dbeaver/dbeaver/wiki */
function dbeaver({ at, user }: Box): Declared {
  const spec = { snap: 'dbeaver-ce', channel: 'latest/stable', classic: false, held: false };
  return snapTool({ ...at('dbeaver', 'snapd'), ...spec, command: 'dbeaver-ce', user });
}
