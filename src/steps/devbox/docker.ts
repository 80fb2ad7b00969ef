import { sourceOf } from '../../devbox/sources.ts';
import type { Declared } from '../../engine/types.ts';
import { file } from '../../resources/file.ts';
import { groupMember } from '../../resources/group-member.ts';
import { jsonList } from '../../resources/json-list.ts';
import { sh } from '../../shell/script.ts';
import { REGISTRY } from '../storage/registry-name.ts';
import type { Box } from './box.ts';
import { fromArchive } from './sources.ts';

/**
 * dockerd that finds forwarding off switches it on and drops what is not its own, also what goes between pods. facts:
 * platform sheet, 5 (15). As a drop-in and not in daemon.json: dockerd before 28 does not start with a key it cannot know.
 */
const FORWARD = `# Written by mlk8s: pods of MicroK8s reach each other beside Docker
[Service]
ExecStartPost=/usr/sbin/iptables -P FORWARD ACCEPT
`;

/** Among what dockerd reads anew when told to: nothing that runs in it stops. A Docker of the user's may have no such unit. */
const REREAD = sh`
  if systemctl cat docker.service >/dev/null 2>&1; then systemctl try-reload-or-restart docker.service; fi
`;

/** One that runs already set the policy when it was started. */
const TAKE_EFFECT = sh`
  systemctl daemon-reload
  if systemctl is-active --quiet docker.service; then iptables -P FORWARD ACCEPT; fi
`;

/** Docker from Docker's own archive, which pushes to the registry of the cluster. */
export function docker(box: Box): Declared[] {
  const {
    at,
    devbox,
    file: { storage },
    isMember,
  } = box;
  if (!devbox.docker) return [];
  const beside = isMember ? ['docker-forward'] : [];
  return [
    ...(isMember ? [forward(box)] : []),
    ...fromArchive(box, 'docker', 'docker', { needs: beside }),
    ...(storage?.registry
      ? [
          jsonList({
            ...at('docker-registry', 'docker'),
            path: '/etc/docker/daemon.json',
            key: 'insecure-registries',
            words: [REGISTRY],
            afterwards: { does: 'have docker read it', run: REREAD },
          }),
        ]
      : []),
    ...(devbox.docker.group ? [group(box)] : []),
  ];
}

/** The packages make the group. */
function group({ at, user }: Box): Declared {
  const of = { command: 'docker', packages: sourceOf('docker').packages, user };
  return groupMember({ ...at('docker-group', 'docker'), user, group: 'docker', of });
}

/** Before docker is there, so that its first start has it already. */
function forward({ at }: Box): Declared {
  return file({
    ...at('docker-forward', 'base'),
    path: '/etc/systemd/system/docker.service.d/50-mlk8s.conf',
    content: FORWARD,
    mode: '644',
    // Packages are never removed, and without this it would keep pods from each other at its next start.
    staysWith: 'docker.service',
    afterwards: { does: 'have it take effect', run: TAKE_EFFECT },
  });
}
