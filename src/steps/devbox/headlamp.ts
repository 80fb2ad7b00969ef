import { releaseOf } from '../../devbox/releases.ts';
import type { Declared } from '../../engine/types.ts';
import { file } from '../../resources/file.ts';
import { releaseFolder } from '../../resources/release-folder.ts';
import type { Box } from './box.ts';

const INTO = '/opt/headlamp';

const ENTRY = `[Desktop Entry]
Type=Application
Name=Headlamp
Comment=Kubernetes in a window
Exec=${INTO}/headlamp %U
Terminal=false
Categories=Development;System;
`;

/** Headlamp as its maker packs it, and an entry for it in the menus of desktops. */
export function headlamp({ at, user }: Box): Declared[] {
  const { version, files } = releaseOf('headlamp');
  return [
    releaseFolder({
      ...at('headlamp', 'base'),
      ...{ tool: 'headlamp', version, files, user, into: INTO },
      link: '/usr/local/bin/headlamp',
      sandbox: 'chrome-sandbox',
    }),
    file({
      ...at('headlamp-entry', 'headlamp'),
      path: '/usr/local/share/applications/mlk8s-headlamp.desktop',
      content: ENTRY,
      mode: '644',
      onlyIn: INTO,
    }),
  ];
}
