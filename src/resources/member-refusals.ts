import type { Declared, Verdict } from '../engine/types.ts';
import { refused } from './answers.ts';
import type { MemberSpec, Sight } from './member-sight.ts';

/** `up` changes no roles. */
export function refuseRole(id: string, host: string, is: string, wanted: string): Verdict {
  return refused(
    id,
    `${host} is a ${is} of the cluster, the cluster file says ${wanted}`,
    'up never changes the role of a member: a control plane that leaves may cost the quorum',
    `put  role: ${is}  into the cluster file to keep it`,
    `or take it out by hand (microk8s leave on ${host}), then: mlk8s up --wipe-node ${host}`,
  );
}

/** The cluster knows the machine, and the machine does not know the cluster. */
export function refuseReinstalled({ it, host, me, world }: Sight): Verdict {
  if (world.lead === host) return refuseLost(it, host);
  const now = me.microk8s === 'none' ? 'has no MicroK8s' : 'has a MicroK8s that is not in it';
  return refused(
    it.id,
    `the cluster lists ${host} as a member, but the machine ${now}`,
    'the machine or its MicroK8s was reinstalled',
    `to drop the old member and join the machine anew, losing what its MicroK8s holds: mlk8s up --wipe-node ${host}`,
    `to look first: microk8s kubectl get nodes   on ${world.lead}`,
  );
}

/** The machine that should know the cluster is the one that lost it: there is nobody to join. */
function refuseLost(it: Declared<MemberSpec>, host: string): Verdict {
  return refused(
    it.id,
    `${host} was the cluster, or what is left of it, and its MicroK8s was removed or reinstalled`,
    'the cluster that mlk8s made there is gone; making a new one is your decision',
    `to begin a new cluster, on ${host}: sudo rm /var/lib/mlk8s/identity`,
    'then run the same command again',
  );
}

/** What the machine holds would be lost. */
export function refuseForeign({ it, host }: Sight, because: string): Verdict {
  return refused(
    it.id,
    `${host} is not joined: ${because}`,
    'a join discards the datastore of the machine that joins, with all that it holds',
    `save what you need from ${host}, then: mlk8s up --wipe-node ${host}`,
    'or take the machine out of the cluster file',
  );
}
