import type { CommandContext } from '../command.ts';
import type { RigState } from '../state.ts';
import { advance } from './daemons.ts';
import { apiUp, machineUp } from './dqlite.ts';
import { joinControlPlane, joinWorker } from './join-steps.ts';
import { parseOptions } from './options.ts';
import { guarded, lowMemory } from './preamble.ts';
import { elsewhere, LOCKS, readFlag, SD } from './site.ts';
import { certificateCheck, redeem } from './tokens.ts';

const SPEC = {
  '--worker': 'worker',
  '--controlplane': 'controlplane',
  '--skip-verify': 'skip',
  '--disable-low-memory-guard': 'unguarded',
};
const UNREACHABLE = (ip: string) =>
  `Traceback (most recent call last):\n  File "/snap/microk8s/current/scripts/wrappers/join.py", line 1101, in <module>\n    join(prog_name="microk8s join")\n` +
  `OSError: [Errno 113] No route to host: ('${ip}', 25000)\n`;

interface Url {
  ip: string;
  port: string;
  token: string;
  check: string | undefined;
}

/** `microk8s join` (sheet 2.3), from the joining node. */
export const join = guarded({}, async (context) => {
  const { flags, words, unknown } = parseOptions(context.args, SPEC);
  const url = unknown === undefined ? parseUrl(words[0] ?? '') : `Error: No such option: ${unknown}`;
  if (typeof url === 'string') {
    context.out(`${url}\n`);
    return unknown === undefined ? 1 : 2;
  }
  const worker = flags.worker === true;
  if (!worker && !flags.unguarded && lowMemory(context)) {
    context.out('This node does not have enough RAM to host the Kubernetes control plane services\n');
    return 1;
  }
  context.files.write(`${LOCKS}/join-in-progress`, '');
  context.changed();
  const contacted = await reach(context, url.ip);
  if (!contacted) {
    context.err(UNREACHABLE(url.ip));
    return 1;
  }
  if (url.check !== undefined && !flags.skip && !verified(context, contacted, url)) return 4;
  context.out(`Contacting cluster at ${url.ip}\n`);
  await context.sleep(3);
  const refusal = refuse(context, contacted, url, worker);
  if (refusal !== undefined) {
    context.out(`Connection failed. ${refusal}.\n`);
    return 6;
  }
  return worker ? joinWorker(context, contacted, url.ip) : joinControlPlane(context, contacted, url.ip);
});

function parseUrl(text: string): Url | string {
  const [endpoint = '', token = '', check, ...more] = text.split('/');
  const [ip = '', port = '', ...rest] = endpoint.split(':');
  if (more.length > 0 || rest.length > 0 || port === '' || token === '') {
    return 'Invalid connection: Expected format: <master_ip>:<master_port>/<token>[/<fingerprint>]';
  }
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(ip)) return 'Invalid connection: Invalid master IP';
  return { ip, port, token, check };
}

/** The rig whose cluster agent answers at this address. Refused comes at once, a dead machine takes its timeout. */
async function reach(context: CommandContext, ip: string): Promise<RigState | undefined> {
  const rig = Object.values(context.world.rigs).find(
    (r) => r.address === ip || (ip === '127.0.0.1' && r === context.rig),
  );
  const now = context.now();
  if (rig && machineUp(rig, now) && rig.microk8s?.role === 'control-plane' && !rig.microk8s.stopped) return rig;
  await context.sleep(rig && machineUp(rig, now) ? 1 : 30);
  return undefined;
}

function verified(context: CommandContext, contacted: RigState, { ip, check }: Url): boolean {
  if (check === undefined || check.length < 12) {
    context.out('Joining cluster failed. Fingerprint too short\n');
    return false;
  }
  const files = context.filesOf(contacted.name);
  if (files && certificateCheck(files) === check.slice(0, 12)) return true;
  context.out(
    `Joining cluster failed. Could not verify the identity of ${ip}. Use '--skip-verify' to skip server certificate check.\n`,
  );
  return false;
}

/** What the cluster agent answers to a join it does not want. The token is spent before anything else is looked at. */
function refuse(
  context: CommandContext,
  contacted: RigState,
  { port, token }: Url,
  worker: boolean,
): string | undefined {
  const { rig, world } = context;
  const now = context.now();
  const key = contacted.microk8s?.cluster ?? '';
  const cluster = world.clusters[key];
  const files = context.filesOf(contacted.name);
  if (!cluster || !files || !redeem(cluster, contacted.name, token, now)) return 'Invalid token (500)';
  context.changed();
  if (port !== '25000') return 'The port of the cluster agent port has to be set to 25000 (502)';
  if (rig.address === contacted.address) {
    return `The joining node has the same IP (${rig.address}) as the node we contact (503)`;
  }
  advance(elsewhere(context, { rig: contacted, files }));
  if (!apiUp(contacted, world, now)) {
    return 'failed to retrieve dqlite cluster nodes: open /var/snap/microk8s/current/var/kubernetes/backend/cluster.yaml: no such file or directory (500)';
  }
  const types = readFlag(files.read(`${SD}/args/kube-apiserver`) ?? '', '--kubelet-preferred-address-types') ?? '';
  const name = context.files.read('/etc/hostname')?.trim() ?? rig.name;
  if (!types.startsWith('InternalIP') && !resolves(files.read('/etc/hosts') ?? '', name, rig.address)) {
    return `The hostname (${name}) of the joining node does not resolve to the IP "${rig.address}". Refusing join (400)`;
  }
  if (!worker && cluster.dqlite.some((row) => row.address === `${rig.address}:19001`)) {
    return `Failed to retrieve dqlite cluster nodes: the joining node (${rig.address}) is already known to dqlite (500)`;
  }
  return undefined;
}

function resolves(hosts: string, name: string, address: string): boolean {
  const line = hosts
    .split('\n')
    .map((l) => l.replace(/#.*/, '').trim().split(/\s+/))
    .find((words) => words.slice(1).includes(name));
  return line?.[0] === address;
}
