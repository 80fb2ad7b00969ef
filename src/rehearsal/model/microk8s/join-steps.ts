import type { CommandContext } from '../command.ts';
import type { RigState } from '../state.ts';
import { cni, WORKER_LABELS } from './args.ts';
import { advance } from './daemons.ts';
import { assumeRole, clusterYaml, infoYaml } from './dqlite.ts';
import { forgetIfEmpty } from './install.ts';
import { BACKEND, LOCKS, NEVER, readFlag, SC, SD, spread, writeFlag } from './site.ts';
import { KubeStore } from './store.ts';
import { unitsOf } from './units.ts';

/**
 * A control plane joins. Every step leaves what the real one leaves when its client dies there: first the services stop,
 * then the own datastore is gone, then the cluster knows the address, then the node answers.
 */
export async function joinControlPlane(context: CommandContext, contacted: RigState, ip: string): Promise<number> {
  const { rig, world } = context;
  const mk = rig.microk8s;
  const key = contacted.microk8s?.cluster;
  const cluster = key === undefined ? undefined : world.clusters[key];
  if (!mk || !cluster || key === undefined) return 1;
  rig.counts.joinsBegun++;
  bindToAddress(context, contacted, ip);
  warnings(context);
  context.out('Waiting for this node to finish joining the cluster. ');
  Object.assign(mk, { readyAt: NEVER, wedged: true });
  context.changed();
  await dots(context, 6);
  copyArguments(context, contacted, false);
  const old = mk.cluster;
  discardDatastore(context);
  Object.assign(mk, { cluster: key, role: 'control-plane', stopped: false });
  forgetIfEmpty(world, old);
  context.changed();
  await dots(context, 6);
  if (fault(context, 'joinlies')) return success(context, false);
  const row = { address: `${rig.address}:19001`, id: String(7_000_000_000_000_000 + context.next()), role: 2 as const };
  cluster.dqlite.push(row);
  context.files.write(`${BACKEND}/info.yaml`, infoYaml(row), 0o660);
  context.changed();
  if (fault(context, 'joinfails')) {
    context.out('\n');
    context.err('Traceback (most recent call last):\ncontext deadline exceeded\n');
    return 1;
  }
  await dots(context, 10);
  const now = context.now();
  assumeRoleOnline(context, key, row.address);
  context.files.write(`${BACKEND}/cluster.yaml`, clusterYaml(cluster), 0o660);
  Object.assign(mk, { readyAt: now, nodeReadyAt: now + joinDelay(rig), registers: true });
  rig.counts.joinsDone++;
  await dots(context, 4);
  advance(context);
  return success(context, true);
}

/** A worker joins: it runs no control plane and finds the API through a local proxy (sheet 2.3, 3). */
export async function joinWorker(context: CommandContext, contacted: RigState, ip: string): Promise<number> {
  const { rig, world, files } = context;
  const mk = rig.microk8s;
  const key = contacted.microk8s?.cluster;
  if (!mk || key === undefined) return 1;
  rig.counts.joinsBegun++;
  Object.assign(mk, { readyAt: NEVER, wedged: true });
  context.changed();
  await context.sleep(5);
  copyArguments(context, contacted, true);
  const old = mk.cluster;
  discardDatastore(context);
  const provider = `http:\n  services:\n    kube-apiserver:\n      loadBalancer:\n        servers:\n        - address: ${ip}:16443\n`;
  files.write(`${SD}/args/traefik/provider.yaml`, provider.replace('http:', 'tcp:'), 0o660);
  for (const lock of ['clustered.lock', 'no-k8s-dqlite', 'no-cert-reissue']) files.write(`${LOCKS}/${lock}`, '');
  for (const lock of ['ha-cluster', 'no-apiserver-proxy']) files.remove(`${LOCKS}/${lock}`);
  Object.assign(mk, { cluster: key, role: 'worker', stopped: false });
  forgetIfEmpty(world, old);
  context.changed();
  await context.sleep(10);
  if (fault(context, 'joinlies')) return success(context, false);
  if (fault(context, 'joinfails')) {
    context.out('Failed to sign kubelet certificate (500). context deadline exceeded\n');
    return 1;
  }
  const now = context.now();
  Object.assign(mk, { wedged: false, readyAt: now, nodeReadyAt: now + joinDelay(rig), registers: true });
  rig.counts.joinsDone++;
  unitsOf(rig, 'worker', now);
  advance(context);
  context.out('The node has joined the cluster and will appear in the nodes list in a few seconds.\n\n');
  context.out('This worker node gets automatically configured with the API server endpoints.\n');
  context.out("If the API servers are behind a loadbalancer please set the '--refresh-interval' to '0s' in:\n");
  context.out(
    '    /var/snap/microk8s/current/args/apiserver-proxy\nand replace the API server endpoints with the one provided by the loadbalancer in:\n',
  );
  context.out('    /var/snap/microk8s/current/args/traefik/provider.yaml\n\n');
  return success(context, true);
}

const joinDelay = (rig: RigState): number => 10_000 + spread(rig.name, 21) * 1000;

/** The first join moves dqlite of the contacted node from the loopback to the address of the URL (sheet 2.3). */
function bindToAddress(context: CommandContext, contacted: RigState, ip: string): void {
  const { rig, world } = context;
  const cluster = world.clusters[contacted.microk8s?.cluster ?? ''];
  const first = cluster?.dqlite.find((row) => row.address === '127.0.0.1:19001');
  const files = context.filesOf(contacted.name);
  if (!cluster || !first || !files || !contacted.microk8s) return;
  first.address = `${ip}:19001`;
  files.write(`${BACKEND}/cluster.yaml`, clusterYaml(cluster), 0o660);
  files.write(`${BACKEND}/info.yaml`, infoYaml(first), 0o660);
  files.write(`${SD}/args/cni-network/cni.yaml`, cni(`can-reach=${rig.address}`), 0o660);
  files.write(`${LOCKS}/no-cert-reissue`, '');
  contacted.microk8s.readyAt = context.now() + 5_000;
  context.changed();
}

/** Arguments of the contacted node spread to the joiner (sheet 2.3). */
function copyArguments(context: CommandContext, contacted: RigState, worker: boolean): void {
  const from = context.filesOf(contacted.name);
  const { files } = context;
  if (!from) return;
  const kubelet = writeFlag(from.read(`${SD}/args/kubelet`) ?? '', '--hostname-override', undefined);
  files.write(`${SD}/args/kubelet`, worker ? writeFlag(kubelet, '--node-labels', WORKER_LABELS) : kubelet, 0o660);
  files.write(`${LOCKS}/no-cert-reissue`, '');
  if (worker) return;
  const source = from.read(`${SD}/args/kube-apiserver`) ?? '';
  const own = files.read(`${SD}/args/kube-apiserver`) ?? '';
  const copied = ['--authorization-mode', '--secure-port'].reduce(
    (text, flag) => writeFlag(text, flag, readFlag(source, flag) ?? readFlag(text, flag)),
    own,
  );
  files.write(`${SD}/args/kube-apiserver`, copied, 0o660);
  for (const name of ['ca.crt']) files.write(`${SD}/certs/${name}`, from.read(`${SD}/certs/${name}`) ?? '');
}

function discardDatastore(context: CommandContext): void {
  const { files } = context;
  const old = files.read(`${BACKEND}/cluster.yaml`) ?? '';
  files.write(`${SD}/var/kubernetes/backend.backup/cluster.yaml`, old, 0o660);
  files.remove(BACKEND);
  files.mkdir(BACKEND);
  files.remove(`${SC}/etc/launcher/install.yaml`);
}

/** A fault that was asked for happens once: the next try goes well. */
function fault(context: CommandContext, name: string): boolean {
  const { rig } = context;
  if (!rig.faults.includes(name)) return false;
  rig.faults = rig.faults.filter((f) => f !== name);
  context.changed();
  return true;
}

function assumeRoleOnline(context: CommandContext, key: string, address: string): void {
  if (context.rig.microk8s) context.rig.microk8s.wedged = false;
  assumeRole(context.world, key, address, context.now());
}

function warnings(context: CommandContext): void {
  const cluster = context.world.clusters[context.rig.microk8s?.cluster ?? ''];
  if (!cluster) return;
  const store = new KubeStore(cluster, context);
  if (store.find(store.kind('deploy'), 'kube-system', 'hostpath-provisioner')) {
    context.out('WARNING: Hostpath storage is enabled and is not suitable for multi node clusters.\n\n');
  }
}

async function dots(context: CommandContext, seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i += 2) {
    await context.sleep(2);
    context.out('.. ');
  }
}

function success(context: CommandContext, real: boolean): number {
  if (real) context.files.remove(`${LOCKS}/join-in-progress`);
  context.out('\nSuccessfully joined the cluster.\n');
  context.changed();
  return 0;
}
