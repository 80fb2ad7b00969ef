import type { Declared, Step } from '../../engine/types.ts';
import { devboxPlace } from '../../resources/devbox-place.ts';
import { dpkgState } from '../../resources/dpkg-state.ts';
import { healthCheck } from '../../resources/health-check.ts';
import { packages } from '../../resources/package.ts';
import { sh } from '../../shell/script.ts';
import { namedServices } from '../network/names.ts';
import { apps } from './apps.ts';
import { type Box, boxOf, type Part } from './box.ts';
import { desktop } from './desktop.ts';
import { docker } from './docker.ts';
import { editor } from './editor.ts';
import { git } from './git.ts';
import { hosts } from './hosts.ts';
import { kubernetes } from './kubernetes.ts';
import { python } from './python.ts';
import { shell } from './shell.ts';

const parts: readonly Part[] = [place, base, hosts, kubernetes, docker, apps, editor, git, shell, python, desktop];

/** The tools of somebody who works with the cluster, on one machine. `others`: the steps whose services it finds by name. */
export function devboxStep(others: readonly Step[]): Step {
  return {
    name: 'devbox',
    title: 'Tools for the machine that somebody works at',
    aside: true,
    resources: (file) => {
      const box = boxOf(file, namedServices(file, others));
      return box ? parts.flatMap((part) => part(box)) : [];
    },
  };
}

/** Where it is, for when the file names another one or none. The tools of a member can be taken back as long as it is one. */
function place({ isMember, devbox: { host }, user, at }: Box): Declared[] {
  if (isMember) return [];
  const { id, needs } = at(host.replace('@', '-at-').replace(':', '-'));
  return [devboxPlace({ id, needs, host, user })];
}

/** curl fetches keys and releases, gpg looks at keys before they are trusted. */
function base(box: Box): Declared[] {
  const { host, isMember, at } = box;
  return [
    ...(isMember ? [] : [ubuntu(box)]),
    dpkgState(isMember ? { ...at('dpkg'), needs: [`node/packages@${host}`] } : at('dpkg', 'ubuntu')),
    packages({ ...at('base', 'dpkg'), packages: ['ca-certificates', 'curl', 'gpg'] }),
  ];
}

/** Of members it is known before. */
function ubuntu({ at, host }: Box): Declared {
  return healthCheck({
    ...at('ubuntu'),
    probe: sh`. /etc/os-release && command -v dpkg >/dev/null && [[ " $ID \${ID_LIKE:-} " == *' ubuntu '* ]] && echo yes`,
    timeoutS: 10,
    works: 'it is an Ubuntu',
    seen: `${host} is no Ubuntu`,
    why: 'the tools come as packages for Ubuntu',
    next: ['name another machine in devbox.host, or take the section devbox out of the cluster file'],
  });
}
