import { releaseOf } from '../../devbox/releases.ts';
import type { Declared } from '../../engine/types.ts';
import { releaseFile } from '../../resources/release-file.ts';
import type { Box } from './box.ts';

/** Where programs go that come without a package: in everybody's PATH before those of the distribution. */
const INTO = '/usr/local/bin';

/** A tool that `templates/devbox/releases.yaml` pins. */
export function tool({ user, at }: Box, key: string): Declared {
  const { version, files, programs = [key] } = releaseOf(key);
  return releaseFile({ ...at(key, 'base'), tool: key, version, files, programs, into: INTO, user });
}
