import { parse } from 'yaml';
import type { RigFiles } from '../command.ts';
import type { RigState, WorldState } from '../state.ts';
import { ARGS, certificate, kubeconfig } from './args.ts';
import { FRESH } from './objects.ts';
import { BACKEND, LOCKS, type Microk8s, membersOf, NEVER, SC, SD, type Site, spread, uid, writeFlag } from './site.ts';
import { KubeStore } from './store.ts';
import { tuneInotify } from './sysctl.ts';
import { unitsOf } from './units.ts';

/** ID of every first dqlite node. */
const BOOTSTRAP_ID = '3297041220608546238';
/** Machines up to this size get the low-memory guard, under which no control plane starts (sheet 1.2). */
const LOW_MEMORY_MIB = 512;
const DEFAULT_LAUNCH =
  'version: 0.1.0\naddons:\n- name: dns\nextraKubeletArgs:\n  --cluster-domain: cluster.local\n  --cluster-dns: 10.152.183.10\n';

/**
 * snapd installed the snap (sheet 3): its files are there, its services start, the machine is a cluster of its own.
 * `rig.snaps.microk8s` says which revision.
 */
export function onSnapInstalled(
  rig: RigState,
  world: WorldState,
  now: number,
  next: () => number,
  files: RigFiles,
): void {
  const site: Site = { rig, world, files, now: () => now, next, filesOf: () => undefined };
  const revision = String(rig.snaps.microk8s?.revision ?? 1);
  files.mkdir(`/var/snap/microk8s/${revision}`);
  files.link(revision, SD);
  for (const [name, text] of Object.entries(ARGS)) files.write(`${SD}/args/${name}`, text, 0o660);
  for (const folder of ['run', 'var/lib/containerd', 'var/lib/kubelet', 'addons/core', 'plugins', 'default-storage']) {
    files.mkdir(`${SC}/${folder}`);
  }
  writeLaunch(files);
  tuneInotify(site);
  startAlone(site, now + 30_000 + spread(rig.name, 31) * 1000);
  if (rig.hardware.memoryMiB > LOW_MEMORY_MIB) return;
  files.write(`${LOCKS}/low-memory-guard.lock`, '');
  Object.assign(rig.microk8s ?? {}, { readyAt: NEVER });
}

/** A cluster of its own for a rig: after install, leave and reset. Its certificates and datastore are new. */
export function startAlone(site: Site, readyAt: number): void {
  const { rig, world, files } = site;
  const key = uid(() => site.next());
  const channel = rig.snaps.microk8s?.tracking ?? '1.35/stable';
  const dqlite = [{ address: '127.0.0.1:19001', id: BOOTSTRAP_ID, role: 0 as const }];
  world.clusters[key] = {
    uid: key,
    objects: {},
    dqlite,
    rolesAt: site.now(),
    nodes: {},
    tokens: [],
    channel,
    addons: [],
  };
  const store = new KubeStore(world.clusters[key], site);
  for (const manifest of FRESH) store.create(manifest);
  const system = store.get(store.kind('ns'), '', 'kube-system');
  system.metadata.uid = key;
  const nodeReadyAt = readyAt + 15_000 + spread(`${rig.name} node`, 16) * 1000;
  const mk: Microk8s = {
    role: 'control-plane',
    cluster: key,
    readyAt,
    stopped: false,
    nodeReadyAt,
    nodeName: '',
    registers: true,
    wedged: false,
  };
  rig.microk8s = mk;
  unitsOf(rig, 'control-plane', site.now());
  writeIdentity(files, site.next());
  for (const lock of ['clustered.lock', 'stopped.lock', 'no-cert-reissue', 'no-k8s-dqlite', 'join-in-progress']) {
    files.remove(`${LOCKS}/${lock}`);
  }
  files.remove(BACKEND);
  files.write(`${BACKEND}/cluster.yaml`, `- Address: 127.0.0.1:19001\n  ID: ${BOOTSTRAP_ID}\n  Role: 0\n`, 0o660);
  files.write(`${BACKEND}/info.yaml`, `Address: 127.0.0.1:19001\nID: ${BOOTSTRAP_ID}\nRole: 0\n`, 0o660);
}

function writeIdentity(files: RigFiles, serial: number): void {
  const ca = certificate('ca', serial);
  files.write(`${SD}/certs/ca.crt`, ca);
  files.write(`${SD}/certs/server.crt`, certificate('server', serial));
  files.write(`${SD}/certs/front-proxy-client.crt`, certificate('front-proxy-client', serial));
  files.write(
    `${SD}/certs/csr.conf.template`,
    '[ alt_names ]\nDNS.1 = kubernetes\nIP.1 = 127.0.0.1\nIP.2 = 10.152.183.1\n#MOREIPS\n',
  );
  for (const who of ['client', 'kubelet', 'proxy', 'controller', 'scheduler']) {
    files.write(`${SD}/credentials/${who}.config`, kubeconfig('https://127.0.0.1:16443', ca), 0o660);
  }
  for (const lock of ['ha-cluster', 'installed.lock', 'cni-loaded', 'no-apiserver-proxy'])
    files.write(`${LOCKS}/${lock}`, '');
}

/** The first launch configuration that exists wins, else dns (sheet 3). */
function writeLaunch(files: RigFiles): void {
  const places = ['/etc/microk8s.yaml', '/root/snap/microk8s/common/.microk8s.yaml', `${SC}/.microk8s.yaml`];
  const own = places.map((path) => files.read(path)).find((text) => text !== undefined);
  const text = own ?? DEFAULT_LAUNCH;
  files.write(`${SC}/etc/launcher/install.yaml`, text, 0o600);
  const config = (parse(text) ?? {}) as { extraKubeletArgs?: Record<string, string | null> };
  const given = Object.entries(config.extraKubeletArgs ?? {});
  const kubelet = given.reduce((args, [flag, value]) => writeFlag(args, flag, value ?? undefined), ARGS.kubelet ?? '');
  files.write(`${SD}/args/kubelet`, kubelet, 0o660);
}

/**
 * snapd removed the snap with its data. Nobody tells the peers: their Node stays and turns NotReady, and the dqlite row
 * stays (sheet 6 #2).
 */
export function onSnapRemoved(rig: RigState, world: WorldState, files: RigFiles): void {
  const key = rig.microk8s?.cluster;
  delete rig.microk8s;
  for (const name of Object.keys(rig.units)) if (name.startsWith('snap.microk8s.')) delete rig.units[name];
  for (const path of ['/var/snap/microk8s', '/root/snap/microk8s']) files.remove(path);
  forgetIfEmpty(world, key);
}

/** A cluster without members is gone. */
export function forgetIfEmpty(world: WorldState, key: string | undefined): void {
  if (key !== undefined && membersOf(world, key).length === 0) delete world.clusters[key];
}

/**
 * snapd moved the snap to another revision, which `rig.snaps.microk8s` names already: the data is copied, everything
 * restarts, the kubelet registers with its new version (sheet 5).
 */
export function onSnapRefreshed(rig: RigState, world: WorldState, now: number, files: RigFiles): void {
  const revision = String(rig.snaps.microk8s?.revision ?? 1);
  copyTree(files, SD, `/var/snap/microk8s/${revision}`);
  files.remove(SD);
  files.link(revision, SD);
  restart(rig, now + 40_000);
  const cluster = rig.microk8s && world.clusters[rig.microk8s.cluster];
  if (cluster) cluster.channel = rig.snaps.microk8s?.tracking ?? cluster.channel;
}

function copyTree(files: RigFiles, from: string, to: string): void {
  for (const path of files.list(from)) {
    const name = path.split('/').at(-1) ?? path;
    const text = files.read(`${from}/${name}`);
    if (text === undefined) copyTree(files, `${from}/${name}`, `${to}/${name}`);
    else files.write(`${to}/${name}`, text);
  }
}

/** kubelite or the whole snap was restarted: the API of this node is away for some seconds. */
export function onServicesRestarted(rig: RigState, _world: WorldState, now: number): void {
  restart(rig, now + 8_000, false);
}

/** The machine came up: the services follow, unless MicroK8s was stopped, which survives a reboot (sheet 2.5). */
export function onBoot(rig: RigState): void {
  restart(rig, rig.bootedAt + 20_000);
}

function restart(rig: RigState, readyAt: number, nodeDrops = true): void {
  const mk = rig.microk8s;
  if (!mk || mk.wedged || mk.readyAt === NEVER) return;
  mk.readyAt = Math.max(mk.readyAt, readyAt);
  if (nodeDrops) mk.nodeReadyAt = Math.max(mk.nodeReadyAt, readyAt);
  mk.registers = true;
}
