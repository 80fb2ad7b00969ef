import { sourceOf } from '../../devbox/sources.ts';
import type { Declared } from '../../engine/types.ts';
import { aptSource } from '../../resources/apt-source.ts';
import { debTool } from '../../resources/deb-tool.ts';
import type { Box } from './box.ts';

/**
 * A program from an archive of its maker: `NAME-source` and `NAME`. `answers`: what its packages would else ask; `needs`:
 * what must be there before they are installed.
 */
export function fromArchive(
  { at, user }: Box,
  name: string,
  command: string,
  more: { readonly answers?: string; readonly needs?: readonly string[] } = {},
): Declared[] {
  const { source, packages } = sourceOf(name);
  const { answers, needs = [] } = more;
  const archive = aptSource({ ...at(`${name}-source`, 'base'), name, ...source, unless: { command, packages, user } });
  return [
    archive,
    debTool({
      ...at(name, 'base', `${name}-source`, ...needs),
      ...{ command, packages, user, source: archive.id },
      ...(answers === undefined ? {} : { answers }),
    }),
  ];
}
