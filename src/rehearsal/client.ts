import { chmodSync, existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { Cluster } from '../config/schema.ts';
import { rehearsalDir } from '../paths.ts';
import { launcher } from '../shell/launcher.ts';
import type { Clock, Host, Hosts } from '../transport/host.ts';
import { fingerprint, pinned } from '../transport/host-keys.ts';
import { Runner } from '../transport/runner.ts';
import { Connection, SshHost } from '../transport/ssh.ts';
import { privateKey } from '../transport/ssh-auth.ts';
import type { SshTarget } from '../transport/ssh-connect.ts';
import { noPasswords, type SudoPasswords } from '../transport/sudo.ts';
import { scaledClock } from './clock.ts';
import { asUserError, attach, control, dial, runningControl } from './connect.ts';
import {
  type Answer,
  type EnsureAnswer,
  type ExecOutput,
  onLines,
  type RigAnswer,
  type RigRequest,
} from './messages.ts';
import type { Counts } from './model/counts.ts';
import { removeEmpty, sockets } from './paths.ts';

/** What every screen of a rehearsal says. */
export const REHEARSAL =
  'Rehearsal: the machines are simulated and nothing real is touched. It cannot show what real hardware, real downloads and real timing do.';

const WORKSTATION = 'workstation';
/** Of a range that is for documentation: no node can have it. A number above 1 makes it another person's computer. */
const workstationAddress = () => `192.0.2.${Number(process.env.MLK8S_REHEARSAL_WORKSTATION) || 1}`;
const DEFAULT_USER = 'lab';

export interface RehearsalOptions {
  /** `--fault` values. */
  readonly faults?: readonly string[];
  readonly passwords?: SudoPasswords;
  /** Program of the server, if it is not the one of this package. */
  readonly server?: string;
}

/** The simulated machines of a cluster file, made when they are new. Throws UserError. */
export async function openRehearsal(file: Cluster, options: RehearsalOptions = {}): Promise<Hosts> {
  const server = await control(file.name, options.server);
  const rigs = [...file.nodes.map((node) => nodeRequest(file, node)), workstationRequest(file)];
  const made = await server.ask({ op: 'ensure', rigs, faults: options.faults ?? [] }).catch((error: unknown) => {
    server.close();
    throw error;
  });
  const { rigs: answers, key, time } = made as EnsureAnswer;
  const clock = scaledClock(time);
  const passwords = options.passwords ?? noPasswords;
  const nodes = new Map<string, Host>();
  let workstation: Host | undefined;
  for (const [i, answer] of answers.entries()) {
    const login = { ...answer, address: rigs[i]?.address ?? '', key, clock, passwords };
    if (rigs[i]?.purpose === 'workstation') workstation = workstationHost(login);
    else nodes.set(answer.name, sshHost(login));
  }
  if (!workstation) throw new Error('the rehearsal has no workstation');
  return new RehearsalHosts(nodes, workstation, () => server.close());
}

class RehearsalHosts implements Hosts {
  readonly rehearsal = REHEARSAL;
  readonly workstation: Host;
  readonly #nodes: ReadonlyMap<string, Host>;
  readonly #letGo: () => void;

  constructor(nodes: ReadonlyMap<string, Host>, workstation: Host, letGo: () => void) {
    this.#nodes = nodes;
    this.workstation = workstation;
    this.#letGo = letGo;
  }

  node(name: string): Host {
    const host = this.#nodes.get(name);
    if (!host) throw new Error(`the cluster file has no node "${name}"`);
    return host;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#nodes.values(), this.workstation].map((host) => host.close()));
    this.#letGo();
  }
}

function nodeRequest(file: Cluster, node: Cluster['nodes'][number]): RigRequest {
  const { name, address, labels, role, local } = node;
  const user = node.ssh.user ?? file.ssh.user ?? DEFAULT_USER;
  const pools = file.storage?.mayastor?.pools.filter((pool) => pool.node === name) ?? [];
  const disks = pools.map(({ disk }) => posix.basename(disk));
  return { name, address, labels, role, local, user, disks, purpose: 'node' };
}

function workstationRequest(file: Cluster): RigRequest {
  const taken = file.nodes.some((node) => node.name === WORKSTATION);
  const name = taken ? `${WORKSTATION}-of-yours` : WORKSTATION;
  return { name, address: workstationAddress(), labels: {}, local: false, user: DEFAULT_USER, purpose: 'workstation' };
}

interface Login extends RigAnswer {
  readonly address: string;
  readonly key: string;
  readonly clock: Clock;
  readonly passwords: SudoPasswords;
}

function target({ address, user, key, socket }: Login): SshTarget {
  return {
    host: address,
    port: 22,
    user,
    credentials: async () => [privateKey(key)],
    sock: () => reach(socket, address),
  };
}

/** A machine that is off has no socket; to the transport it is one that nobody finds on the network. */
async function reach(socket: string, address: string): Promise<Duplex> {
  const stream = await dial(socket);
  if (stream) return stream;
  const message = `connect EHOSTUNREACH ${address}:22`;
  throw Object.assign(new Error(message), { code: 'EHOSTUNREACH', syscall: 'connect', level: 'client-socket' });
}

function hostOptions(login: Login) {
  const { name, clock, hostKey, address } = login;
  const where = `${name} (${login.user}@${address})`;
  return { name, clock, target: target(login), hostKeys: pinned(where, fingerprint(Buffer.from(hostKey, 'base64'))) };
}

function sshHost(login: Login): Host {
  return new SshHost({ ...hostOptions(login), passwords: login.passwords });
}

/** The workstation of the rehearsal: the user's own shell there, without root. */
function workstationHost(login: Login): Host {
  const connection = new Connection(hostOptions(login));
  const runner = new Runner({
    name: login.name,
    where: () => login.name,
    user: () => login.user,
    clock: login.clock,
    rights: 'user',
    passwords: noPasswords,
    prepare: async () => void (await connection.link()),
    start: async () => (await connection.link()).exec(`sh -c '${launcher('user')}'`),
  });
  return {
    name: login.name,
    clock: login.clock,
    get execs() {
      return runner.execs;
    },
    exec: (script, options) => runner.exec(script, options),
    open: (script) => runner.open(script),
    connect: async (address, port) => (await connection.link()).forward(address, port),
    close: () => connection.close(),
  };
}

/** Runs a program in a machine of a rehearsal, as root, with this process's standard streams. */
export async function rehearsalExec(
  cluster: string,
  name: string,
  argv: readonly string[],
  streams: { stdin: NodeJS.ReadableStream; stdout: NodeJS.WritableStream; stderr: NodeJS.WritableStream } = process,
): Promise<number> {
  const { socket } = await attach(cluster);
  socket.ref();
  socket.write(`${JSON.stringify({ op: 'exec', rig: name, argv })}\n`);
  const onData = (chunk: Buffer | string) =>
    socket.write(`${JSON.stringify({ in: Buffer.from(chunk).toString('base64') })}\n`);
  const onEnd = () => socket.write('{"eof":true}\n');
  streams.stdin.on('data', onData);
  streams.stdin.on('end', onEnd);
  try {
    return await new Promise((resolve, reject) => {
      onLines(socket, (line) => {
        const message = JSON.parse(line) as ExecOutput | Exclude<Answer, { ok: unknown }>;
        if ('out' in message) streams.stdout.write(Buffer.from(message.out, 'base64'));
        else if ('err' in message) streams.stderr.write(Buffer.from(message.err, 'base64'));
        else if ('exit' in message) resolve(message.exit);
        else reject(asUserError(message));
      });
      socket.once('close', () => reject(new Error(`the rehearsal of ${cluster} ended`)));
    });
  } finally {
    streams.stdin.off('data', onData);
    streams.stdin.off('end', onEnd);
    streams.stdin.pause();
    socket.destroy();
  }
}

/** The whole state of a rehearsal, equal for two that ended alike. */
export async function rehearsalDump(cluster: string): Promise<unknown> {
  const server = await attach(cluster);
  try {
    return await server.ask({ op: 'dump' });
  } finally {
    server.close();
  }
}

/** What happened to each machine so far, by its name in the rehearsal. */
export async function rehearsalCounts(cluster: string): Promise<Record<string, Counts>> {
  const server = await attach(cluster);
  try {
    return (await server.ask({ op: 'counts' })) as Record<string, Counts>;
  } finally {
    server.close();
  }
}

/** Ends the rehearsal of a cluster, or all of them, and removes what they left. Returns the names. */
export async function rehearsalReset(cluster?: string): Promise<string[]> {
  const all = dirname(rehearsalDir('any'));
  const names = cluster === undefined ? (existsSync(all) ? readdirSync(all) : []) : [cluster];
  const removed: string[] = [];
  for (const name of names) {
    const dir = rehearsalDir(name);
    if (!existsSync(dir)) continue;
    const server = await runningControl(name);
    // Its answer is that it hangs up.
    await server?.ask({ op: 'stop' }).catch(() => undefined);
    await remove(dir);
    removeEmpty(sockets(dir).folder);
    removed.push(name);
  }
  return removed;
}

/** Machines may have made folders that their owner must not write to. The server may still be leaving. */
async function remove(dir: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return rmSync(dir, { recursive: true, force: true });
    } catch (error) {
      if (tries > 20) throw error;
      openFolders(dir);
      await wait(50);
    }
  }
}

function openFolders(dir: string): void {
  const seen = lstatSync(dir, { throwIfNoEntry: false });
  if (!seen?.isDirectory()) return;
  chmodSync(dir, 0o700);
  for (const name of readdirSync(dir)) openFolders(join(dir, name));
}
