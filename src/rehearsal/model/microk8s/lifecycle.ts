import type { CommandContext } from '../command.ts';
import { certificate, kubeconfig } from './args.ts';
import { apiUp, unitRuns } from './dqlite.ts';
import { onServicesRestarted } from './install.ts';
import { FRESH } from './objects.ts';
import { guarded, PLEASE } from './preamble.ts';
import { clusterOf, LOCKS, membersOf, SC, SD } from './site.ts';
import { waitReady } from './status.ts';
import { KubeStore } from './store.ts';
import { stopUnits, unitsOf } from './units.ts';

const onWorker = (code: number, advice = PLEASE) => ({ worker: { code, advice } });

/** `microk8s stop`: it lasts over a reboot (sheet 2.5). */
export const stop = guarded(onWorker(0, "Please use 'snap stop microk8s'."), async (context, mk) => {
  await context.sleep(5);
  mk.stopped = true;
  stopUnits(context.rig, context.now());
  context.files.write(`${LOCKS}/stopped.lock`, '');
  context.changed();
  context.out('Stopped.\n');
  return 0;
});

/** `microk8s start` waits up to a minute for a Ready node and does not mind when there is none. */
export const start = guarded(
  { ...onWorker(0, "Please use 'snap start microk8s'."), lowMemory: true },
  async (context, mk) => {
    if (mk.stopped) {
      const now = context.now();
      Object.assign(mk, { stopped: false, readyAt: now + 15_000, nodeReadyAt: now + 20_000, registers: true });
      unitsOf(context.rig, mk.role, now);
      context.files.remove(`${LOCKS}/stopped.lock`);
      context.changed();
    }
    await waitReady(context, 60);
    context.out('Started.\n');
    return 0;
  },
);

/** `microk8s reset`: all that is not MicroK8s' own goes, storage too; not in a cluster of several nodes. */
export const reset = guarded({ root: true, ...onWorker(1) }, async (context, mk) => {
  const { rig, world } = context;
  const cluster = clusterOf(rig, world);
  if (!cluster || membersOf(world, mk.cluster).length > 1) {
    context.out(
      'This node is part of a MicroK8s cluster.\nReset is not supported on multi-node clusters. Please leave the cluster first.\n',
    );
    return 0;
  }
  await context.sleep(90);
  const fixed = new Set(FRESH.filter((m) => m.kind === 'Namespace').map((m) => m.metadata.name));
  const store = new KubeStore(cluster, context);
  for (const object of Object.values(cluster.objects)) {
    if (object.kind !== 'Node' && !(object.kind === 'Namespace' && fixed.has(object.metadata.name)))
      store.remove(object);
  }
  for (const manifest of FRESH) store.apply(manifest);
  cluster.addons = [];
  context.files.remove(`${SC}/default-storage`);
  onServicesRestarted(rig, world, context.now());
  context.changed();
  return 0;
});

export const version = guarded({}, (context) => {
  const snap = context.rig.snaps.microk8s;
  context.out(`MicroK8s ${snap?.version ?? 'v1.35.0'} revision ${snap?.revision ?? 1}\n`);
  return 0;
});

/** `microk8s config [-l]`, with its trailing blank line. */
export const config = guarded(onWorker(0), (context) => {
  const loopback = context.args.some((a) => a === '-l' || a === '--use-loopback');
  const ca = context.files.read(`${SD}/certs/ca.crt`) ?? '';
  const address = loopback ? '127.0.0.1' : context.rig.address;
  context.out(`${kubeconfig(`https://${address}:16443`, ca)}\n`);
  return 0;
});

/** `microk8s inspect`: the service lines and the tarball; 1 when a service is down. */
export const inspect = guarded({}, async (context, mk) => {
  context.out('Inspecting system\nInspecting Certificates\nInspecting services\n');
  await context.sleep(10);
  const daemons = ['cluster-agent', 'containerd', 'kubelite', mk.role === 'worker' ? 'apiserver-proxy' : 'k8s-dqlite'];
  let code = 0;
  for (const daemon of daemons) {
    const runs = !mk.stopped && !mk.wedged && unitRuns(context.rig, daemon);
    if (!runs) code = 1;
    const name = `Service snap.microk8s.daemon-${daemon}`;
    context.out(runs ? `  ${name} is running\n` : `\x1b[31m FAIL: \x1b[0m ${name} is not running\n`);
  }
  const time = new Date(context.now()).toISOString().replace(/[-:]/g, '').replace('T', '_').slice(0, 15);
  context.out(`Building the report tarball\n  Report tarball is at ${SD}/inspection-report-${time}.tar.gz\n`);
  return code;
});

/** `microk8s refresh-certs`: check, or one certificate anew (sheet 2.5). */
export const refreshCerts = guarded({ root: true, ...onWorker(0) }, async (context) => {
  const { args } = context;
  if (args.some((a) => a === '-c' || a === '--check')) {
    context.out(
      'The CA certificate will expire in 3649 days.\nThe server certificate will expire in 364 days.\nThe front proxy client certificate will expire in 364 days.\n',
    );
    return 0;
  }
  const at = args.findIndex((a) => a === '-e' || a === '--cert');
  const name = at < 0 ? undefined : args[at + 1];
  if (name === undefined || !['server.crt', 'front-proxy-client.crt', 'ca.crt'].includes(name)) {
    context.out("Please use the '--cert' option to select the certificate to refresh.\n");
    return 3;
  }
  context.out(
    'Taking a backup of the current certificates under /var/snap/microk8s/current/certs-backup/\nCreating new certificates\n',
  );
  await context.sleep(5);
  context.files.write(`${SD}/certs/${name}`, certificate(name, context.next()));
  onServicesRestarted(context.rig, context.world, context.now());
  context.changed();
  return 0;
});

/** `microk8s dbctl backup`: an archive in the working directory. */
export const dbctl = guarded(onWorker(1), async (context) => {
  const words = context.args.filter((a) => a !== '--debug');
  if (!apiUp(context.rig, context.world, context.now())) {
    context.out('Please ensure the kubernetes apiserver is running and HA is enabled.\n');
    return 10;
  }
  await context.sleep(3);
  if (words[0] === 'restore') return context.files.exists(`${context.cwd}/${words[1]}`) ? 0 : 3;
  if (words[0] !== 'backup') return 1;
  const at = words.indexOf('-o');
  const name = (at < 0 ? `backup-${context.next()}` : (words[at + 1] ?? 'backup')).replace(/\.tar\.gz$/, '');
  context.files.write(
    `${context.cwd}/${name}.tar.gz`,
    `simulated backup of ${clusterOf(context.rig, context.world)?.uid}\n`,
  );
  context.out(`The backup is: ${name}.tar.gz\n`);
  return 0;
});

/** `microk8s addons repo list|update`. */
export const addons = guarded({}, async (context) => {
  const [repo, verb, name] = context.args;
  if (repo !== 'repo') return 2;
  if (verb === 'update') return updateRepository(context, name ?? '');
  const at = context.args.indexOf('--format');
  const row = { name: 'core', addons: 18, source: '(built-in)', description: 'Core addons of the MicroK8s project' };
  if (context.args[at + 1] === 'json' && at >= 0) context.out(`${JSON.stringify([row])}\n`);
  else context.out(`REPO ADDONS SOURCE\ncore     ${row.addons} ${row.source}\n`);
  return 0;
});

async function updateRepository(context: CommandContext, name: string): Promise<number> {
  if (context.user !== 'root') {
    context.out('Elevated permissions is needed for this operation. Please run this command with sudo.\n');
    return 50;
  }
  if (name !== 'core') {
    context.out(`Error: repository '${name}' does not exist\n`);
    return 1;
  }
  await context.sleep(3);
  context.out(`Updating repository ${name}\n`);
  return 0;
}

/** `microk8s images import [FILE|-]`: pushed to every node, failures are printed, the exit status stays 0. */
export const images = guarded({}, async (context, mk) => {
  const [verb, file] = context.args;
  if (verb !== 'import') return 2;
  if (file !== undefined && file !== '-' && !context.files.exists(file)) {
    context.err(`Error: Invalid value for '[IMAGE]': '${file}': No such file or directory\n`);
    return 2;
  }
  if (file === undefined || file === '-') await context.stdin();
  for (const rig of membersOf(context.world, mk.cluster)) {
    context.out(`Pushing OCI images to ${rig.address}:25000\n`);
    await context.sleep(2);
  }
  return 0;
});
