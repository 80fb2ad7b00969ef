import type { Declared, Move, Verdict, World } from '../engine/types.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { writeIdentity } from './cluster.ts';
import { kubectl, SNAP_DATA } from './kube.ts';
import type { MemberSpec, Sight } from './member-sight.ts';
import { install } from './snap.ts';

/** Seconds that a join token is good for; it is minted for one join. */
const TOKEN_S = 900;

/** Takes a machine into the cluster. What an earlier try left, on it and in the cluster, goes first. */
export function join(sight: Sight, because: string): Verdict {
  const { it, host, world } = sight;
  return {
    verdict: 'change',
    because,
    disrupts: 'the Kubernetes API may be away for some seconds while the datastore takes it in',
    moves: [clean(it, world), ...dropStale(sight), mintToken(host), joinWith(it, world), awaitNode(it.spec.name)],
    alone: true,
  };
}

/** What a join that failed leaves behind stops the certificate watcher (microk8s sheet, 2.3). */
function clean(it: Declared<MemberSpec>, world: World): Move {
  // With --host the machine that makes the cluster may be left out of the run.
  const run = sh`
    [ -n ${world.identity ?? ''} ] || { echo 'there is no cluster to join yet: run mlk8s up without --host first' >&2; exit 1; }
    rm -f ${SNAP_DATA}/var/lock/join-in-progress
    if [ -e ${SNAP_DATA}/var/lock/clustered.lock ]; then microk8s leave; fi
  `;
  return { does: 'clear what an earlier join left', on: it.on, run, deadlineS: 300 };
}

/** `remove-node ADDRESS --force` drops the datastore row and exits 1 when there is no Node of that name. */
function dropStale({ it, node, listed }: Sight): Move[] {
  if (!node && !listed) return [];
  const { name, address } = it.spec;
  const run = sh`
    ${kubectl} delete node ${name} --ignore-not-found
    microk8s remove-node ${address} --force || true
  `;
  return [{ does: `drop the stale member ${name} (${address})`, on: 'cluster', run, deadlineS: 120 }];
}

/** Single use would be without an end; a time to live ends it even if the join never comes (microk8s sheet, 2.2). */
function mintToken(host: string): Move {
  const run = sh`
    token=$(microk8s add-node --token-ttl ${TOKEN_S} --format token-check)
    [ -n "$token" ]
    echo "$token"
  `;
  return { does: `ask for a token for ${host}`, on: 'cluster', run, deadlineS: 60, capture: 'token' };
}

/**
 * "Successfully joined" proves nothing (microk8s sheet, 2.3). A control plane is in when its own API shows the identity
 * of the cluster, a worker when it holds the worker's lock; only then the membership is written down.
 */
function joinWith(it: Declared<MemberSpec>, world: World): Move {
  // The address of the cluster file: the URLs that MicroK8s prints have bridges and IPv6 in them.
  const lead = world.file.nodes.find((n) => n.name === world.lead)?.address ?? '';
  const worker = it.spec.role === 'worker';
  const isIn = worker
    ? sh`[ -e ${SNAP_DATA}/var/lock/clustered.lock ]`
    : sh`[ "$(${kubectl} get namespace kube-system -o 'jsonpath={.metadata.uid}' 2>/dev/null)" = "$uid" ]`;
  const run = sh`
    uid=${world.identity ?? ''}
    microk8s join ${lead}:25000/"$(cat "$INPUTS/token")" ${worker ? sh`--worker` : sh`--controlplane`}
    for try in $(seq 60); do
      if ${isIn}; then
        ${writeIdentity}
        exit 0
      fi
      sleep 5
    done
    echo 'microk8s join reported success, but this machine is not in the cluster' >&2
    exit 1
  `;
  return { does: `join as ${it.spec.role}`, on: it.on, run, deadlineS: 900, inputs: { token: { captured: 'token' } } };
}

/** Only with --wipe-node: what the machine's MicroK8s holds is gone afterwards. */
export function wipeAndJoin(sight: Sight): Verdict {
  const { it, host, me } = sight;
  const joined = join(sight, `--wipe-node ${host} was given`);
  if (joined.verdict !== 'change') return joined;
  const wipe: Script = lines(
    sh`
      snap remove --purge microk8s
      rm -f /var/lib/mlk8s/identity
    `,
    install({ snap: 'microk8s', channel: it.spec.channel }),
    sh`microk8s status --wait-ready --timeout 600 >/dev/null`,
  );
  const first: Move = {
    does: `remove MicroK8s from ${host} with all that it holds, install it anew`,
    on: it.on,
    run: wipe,
    deadlineS: 3000,
  };
  const lost = me.holds.length > 0 ? `, among it the namespaces ${me.holds.join(', ')}` : '';
  return {
    ...joined,
    disrupts: `everything that MicroK8s on ${host} holds is lost${lost}`,
    moves: [...(me.microk8s === 'none' ? [] : [first]), ...joined.moves],
  };
}

/** Until its kubelet has registered. */
export function awaitNode(name: string): Move {
  const run = sh`
    for try in $(seq 60); do
      if ${kubectl} get node ${name} -o name; then exit 0; fi
      sleep 5
    done
    exit 1
  `;
  return { does: `wait until the cluster lists ${name}`, on: 'cluster', run, deadlineS: 360 };
}
