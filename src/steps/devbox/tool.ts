import { releaseOf } from '../../devbox/releases.ts';
import type { Declared } from '../../engine/types.ts';
import { releaseFile } from '../../resources/release-file.ts';
import type { Box } from './box.ts';

/** Where programs go that come without a package: in everybody's PATH before those of the distribution. */
const INTO = '/usr/local/bin';

/** A tool as `templates/devbox/releases.yaml` pins it under `key`. */
export function tool({ user, at }: Box, name: string, key = name): Declared {
  const { version, files, programs = [name] } = releaseOf(key);
  return releaseFile({ ...at(name, 'base'), tool: name, version, files, programs, into: INTO, user });
}
