import { isNoted } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';

/** Files that MicroK8s writes outside its own folders. facts: microk8s sheet, 3 (10-microk8s.conf). */
export const REMAINS = ['/etc/sysctl.d/10-microk8s.conf'];
/** Its install hook makes the group. */
export const GROUP = 'microk8s';
/** Links of its install hook into its data, where nothing of that name was there. facts: microk8s sheet, 3. */
const LINKS = ['/var/lib/kubelet', '/etc/cni/net.d', '/opt/cni/bin', '/var/lib/calico'];

/** Removes what a removed MicroK8s leaves outside its folders and what, by the note of `id`, was not there before. */
export function remains(id: string): Script {
  return lines(
    ...REMAINS.map((path) => sh`if ${isNoted(id, path)}; then rm -f ${path}; fi`),
    sh`
      for link in ${LINKS}; do
        case $(readlink "$link" || true) in /var/snap/microk8s/*) [ -e "$link" ] || rm -f "$link" ;; esac
      done
      if ${isNoted(id, `group ${GROUP}`)} && [ -z "$(getent group ${GROUP} | cut -d: -f4)" ]; then
        if getent group ${GROUP} >/dev/null; then groupdel ${GROUP}; fi
      fi
    `,
  );
}
