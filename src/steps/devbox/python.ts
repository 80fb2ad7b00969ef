import { releaseOf } from '../../devbox/releases.ts';
import type { Declared } from '../../engine/types.ts';
import { homeBlock } from '../../resources/home-block.ts';
import { miniforge } from '../../resources/miniforge.ts';
import type { Box, Part } from './box.ts';
import { tool } from './tool.ts';

/** Ways to Python and its packages. */
export const python: Part = (box) => [
  ...(box.devbox.uv ? [tool(box, 'uv')] : []),
  ...(box.devbox.miniforge ? conda(box) : []),
];

/** Makes `conda` known, and activates nothing: who types python gets the one that was there before. */
const CONDA = [
  'case $- in *i*)',
  '  if [ -r ~/miniforge3/etc/profile.d/conda.sh ]; then . ~/miniforge3/etc/profile.d/conda.sh; fi',
  'esac',
];

function conda({ user, at }: Box): Declared[] {
  const { version, files } = releaseOf('miniforge');
  const forge = miniforge({ ...at('miniforge', 'base'), user, version, files });
  const block = { path: '.bashrc', name: 'conda', lines: CONDA, ofConda: forge.id };
  return [forge, homeBlock({ ...at('conda', 'miniforge'), user, ...block })];
}
