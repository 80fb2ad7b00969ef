import type { Ask, Id, Recorded, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged, ownHost } from './answers.ts';
import { membershipAsk, parseMembership } from './membership.ts';
import { isAbsent, snapAsk } from './snap.ts';
import { stays } from './stays.ts';

/** Is MicroK8s there, or what it left? Prints `yes`. */
export function microk8sDataAsk(on: Ask['on']): Ask {
  return { key: 'microk8s data', on, sh: sh`[ -d /var/snap/microk8s ] && echo yes`, timeoutS: 10 };
}

/** What `microk8sStays` is judged by. */
export function remainsAsks(it: Recorded<unknown>): Ask[] {
  return [microk8sDataAsk(it.on), membershipAsk(ownHost(it)), snapAsk(it.on, 'microk8s')];
}

/** Why a setting that MicroK8s stands on is not undone now; undefined when nothing of MicroK8s is on the machine. */
export function microk8sStays(it: Recorded<unknown>, world: World): Verdict | undefined {
  const host = ownHost(it);
  const verdict = judged(it, world, remainsAsks(it), (data, me, list): Verdict => {
    if (data.text.trim() !== 'yes') return { verdict: 'ok', because: 'there is no MicroK8s' };
    // Its removal can leave folders that were busy. It is gone all the same, and nobody will remove it again.
    if (isAbsent(list, 'microk8s')) return { verdict: 'ok', because: 'only folders of MicroK8s are left' };
    if (!parseMembership(me.text).ours || !world.leaving.includes(host))
      return stays(`MicroK8s on ${host} stands on it`);
    const after: Id = `microk8s/snap@${host}`;
    return { verdict: 'later', because: `MicroK8s on ${host} goes first`, after };
  });
  return verdict.verdict === 'ok' && !verdict.stays ? undefined : verdict;
}
