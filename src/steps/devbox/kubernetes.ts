import type { Declared } from '../../engine/types.ts';
import { homeKubeconfig } from '../../resources/kubeconfig.ts';
import { packages } from '../../resources/package.ts';
import { snapTool } from '../../resources/snap-tool.ts';
import { snapdSeeded } from '../../resources/snapd-seeded.ts';
import type { Box } from './box.ts';
import { headlamp } from './headlamp.ts';
import { tool } from './tool.ts';

/** What one looks at the cluster with, and the way to it. */
export function kubernetes(box: Box): Declared[] {
  const { devbox } = box;
  return [
    ...(devbox.kubectl || devbox.dbeaver ? snapd(box) : []),
    ...(devbox.kubectl ? [kubectl(box)] : []),
    ...(devbox.helm ? [helm(box)] : []),
    ...(devbox.k9s ? [tool(box, 'k9s')] : []),
    ...(devbox.headlamp ? headlamp(box) : []),
    ...context(box),
  ];
}

function snapd({ at, host }: Box): Declared[] {
  return [
    packages({ ...at('snapd-package', 'dpkg'), packages: ['snapd'] }),
    snapdSeeded({ ...at('snapd', 'snapd-package'), after: `devbox/snapd-package@${host}` }),
  ];
}

/** Canonical's snap has the tracks that MicroK8s has: kubectl may be one minor version off at most. */
function kubectl({ at, file, user }: Box): Declared {
  const spec = { snap: 'kubectl', channel: file.microk8s.channel, classic: true, held: true };
  return snapTool({ ...at('kubectl', 'snapd'), ...spec, command: 'kubectl', user });
}

/** Minor versions of the tracks whose helm is pinned. */
const [OLDEST, NEWEST] = [34, 36] as const;

/** That of the cluster; of an older or newer track the nearest one that is known. */
function helm(box: Box): Declared {
  const minor = Number(/^1\.(\d+)/.exec(box.file.microk8s.channel)?.[1] ?? NEWEST);
  return tool(box, 'helm', `helm-1.${Math.min(NEWEST, Math.max(OLDEST, minor))}`);
}

/** On the workstation the step microk8s puts it into the kubeconfig of who runs mlk8s. */
function context({ at, devbox, file, user }: Box): Declared[] {
  if (devbox.host === 'workstation') return [];
  const planes = file.nodes.filter(({ role }) => role === 'control-plane').map(({ address }) => address);
  const placed = at('kubeconfig');
  return [homeKubeconfig({ ...placed, needs: ['microk8s/rbac@cluster'], context: file.name, planes, user })];
}
