import type { CommandContext } from '../command.ts';
import { KUBELET_ARGS } from './args.ts';
import { apiUp, hasQuorum, rowOf, VOTER } from './dqlite.ts';
import { forgetIfEmpty, startAlone } from './install.ts';
import { guarded, NOT_RUNNING, PLEASE } from './preamble.ts';
import { clusterOf, LOCKS, type Microk8s, membersOf, NEVER, SD } from './site.ts';
import { KubeStore } from './store.ts';

const REGISTERED = (name: string) =>
  `Removal failed. Node ${name} is registered with dqlite. Please, run first 'microk8s leave' on the departing node. \n` +
  "If the node is not available anymore and will never attempt to join the cluster in the future use the '--force' flag \n" +
  'to unregister the node while removing it.\n';

/** `microk8s leave` (sheet 2.4), on the node that goes. */
export const leave = guarded({ stopped: { code: 1, stream: 'err' } }, async (context, mk) => {
  return mk.role === 'worker' ? leaveAsWorker(context, mk) : leaveAsControlPlane(context, mk);
});

async function leaveAsWorker(context: CommandContext, mk: Microk8s): Promise<number> {
  const { files } = context;
  if (!files.exists(`${LOCKS}/clustered.lock`)) {
    context.out('Not in clustering mode.\n');
    return 2;
  }
  mk.readyAt = NEVER;
  context.changed();
  await context.sleep(5);
  files.write(`${SD}/args/kubelet`, KUBELET_ARGS, 0o660);
  return startOver(context, mk);
}

async function leaveAsControlPlane(context: CommandContext, mk: Microk8s): Promise<number> {
  const { rig, world } = context;
  const cluster = clusterOf(rig, world);
  const row = rowOf(context);
  const others = membersOf(world, mk.cluster).filter((r) => r !== rig);
  if (!cluster || (others.length === 0 && cluster.dqlite.length <= 1 && !mk.wedged)) {
    context.out('This MicroK8s deployment is not acting as a node in a cluster.\n');
    return 1;
  }
  const voters = cluster.dqlite.filter((r) => r.role === VOTER);
  if (!mk.wedged && voters.length === 1 && voters[0] === row) {
    context.out('This node currently holds the only copy of the Kubernetes database so it cannot leave the cluster.\n');
    context.out(
      'To remove this node you can either 1) first remove all other nodes from the cluster or 2) force its removal.\n',
    );
    return 3;
  }
  const quorum = hasQuorum(world, mk.cluster, context.now());
  mk.readyAt = NEVER;
  context.changed();
  await context.sleep(10);
  if (!quorum) {
    context.out(
      `Contacting node ${others[0]?.address ?? ''}:19001 failed. Error:\nno available dqlite leader server found\n`,
    );
    return 2;
  }
  cluster.dqlite = cluster.dqlite.filter((r) => r.address !== `${rig.address}:19001`);
  cluster.rolesAt = 0;
  context.changed();
  return startOver(context, mk);
}

async function startOver(context: CommandContext, mk: Microk8s): Promise<number> {
  const old = mk.cluster;
  context.out('Generating new cluster certificates.\n');
  startAlone(context, NEVER);
  forgetIfEmpty(context.world, old);
  context.changed();
  context.out('Waiting for node to start. ');
  for (let i = 0; i < 8; i++) {
    await context.sleep(5);
    context.out('. ');
  }
  const now = context.now();
  Object.assign(context.rig.microk8s ?? {}, { readyAt: now, nodeReadyAt: now + 15_000 });
  context.changed();
  context.out('\n');
  return 0;
}

/** `microk8s remove-node NAME_OR_IP [--force]` (sheet 2.4), on a control plane that stays. It does not drain. */
export const removeNode = guarded(
  { worker: { code: 1, advice: PLEASE }, stopped: { code: 1, stream: 'err' } },
  async (context, mk) => {
    const [name, second] = context.args;
    const cluster = clusterOf(context.rig, context.world);
    if (name === undefined) {
      context.err('Usage: microk8s remove-node [OPTIONS] NODE\n');
      return 2;
    }
    await context.sleep(2);
    if (!cluster || !apiUp(context.rig, context.world, context.now())) {
      context.err(`${NOT_RUNNING}\n`);
      return 1;
    }
    const force = second === '--force';
    const store = new KubeStore(cluster, context);
    const node = store.list(store.kind('nodes')).find((n) => n.metadata.name === name || addressOf(n) === name);
    const row = cluster.dqlite.find((r) => r.address === `${node ? addressOf(node) : name}:19001`);
    if (!node) {
      if (force && row) drop(context, mk, row.address);
      context.out(`Node ${name} does not exist in Kubernetes.\n`);
      return 1;
    }
    if (row && !force) {
      context.out(REGISTERED(name));
      return 1;
    }
    if (row) drop(context, mk, row.address);
    store.remove(node);
    delete cluster.nodes[node.metadata.name];
    context.changed();
    return 0;
  },
);

function drop(context: CommandContext, mk: Microk8s, address: string): void {
  const cluster = context.world.clusters[mk.cluster];
  if (!cluster) return;
  cluster.dqlite = cluster.dqlite.filter((row) => row.address !== address);
  cluster.rolesAt = 0;
  context.changed();
}

function addressOf(node: { [key: string]: unknown }): string | undefined {
  const status = node.status as { addresses?: { type: string; address: string }[] } | undefined;
  return status?.addresses?.find((a) => a.type === 'InternalIP')?.address;
}
