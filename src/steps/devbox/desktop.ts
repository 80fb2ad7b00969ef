import { debTool } from '../../resources/deb-tool.ts';
import { fileBlock } from '../../resources/file-block.ts';
import { groupMember } from '../../resources/group-member.ts';
import { service } from '../../resources/service.ts';
import type { Part } from './box.ts';

/** Of the session on the machine's own screen: a second one that takes them for its own stays black. */
const BLANK_SCREEN = ['unset DBUS_SESSION_BUS_ADDRESS', 'unset XDG_RUNTIME_DIR'];

/** The second one starts the first one at boot where it is enabled itself. */
const LISTENS = { units: ['xrdp.service', 'xrdp-sesman.service'], port: 3389 } as const;

/** The desktop from elsewhere. facts: gpu-and-nodes sheet, 6 (xrdp) */
export const desktop: Part = ({ devbox, user, at }) => {
  if (!devbox.xrdp) return [];
  return [
    debTool({ ...at('xrdp', 'base'), command: 'xrdp', packages: ['xrdp', 'ssl-cert'], user, listens: LISTENS }),
    fileBlock({ ...at('xrdp-session', 'xrdp'), path: '/etc/xrdp/startwm.sh', name: 'xrdp', lines: BLANK_SCREEN }),
    // The key of its certificate can be read by that group alone.
    groupMember({ ...at('xrdp-group', 'xrdp'), user: 'xrdp', group: 'ssl-cert', restarts: 'xrdp.service' }),
    service({ ...at('xrdp-service', 'xrdp-group'), unit: 'xrdp.service' }),
  ];
};
