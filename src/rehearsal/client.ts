import { posix } from 'node:path';
import type { Duplex } from 'node:stream';
import { DEVBOX, devboxBeside, devboxUser, memberDevbox } from '../config/machines.ts';
import type { Cluster } from '../config/schema.ts';
import { launcher } from '../shell/launcher.ts';
import type { Clock, Host, Hosts } from '../transport/host.ts';
import { fingerprint, pinned } from '../transport/host-keys.ts';
import { Runner } from '../transport/runner.ts';
import { Connection, SshHost } from '../transport/ssh.ts';
import { privateKey } from '../transport/ssh-auth.ts';
import type { SshTarget } from '../transport/ssh-connect.ts';
import { noPasswords, type SudoPasswords } from '../transport/sudo.ts';
import { scaledClock } from './clock.ts';
import { control, dial } from './connect.ts';
import type { EnsureAnswer, RigAnswer, RigRequest } from './messages.ts';

/** What every screen of a rehearsal says. */
export const REHEARSAL =
  'Rehearsal: the machines are simulated and nothing real is touched. It cannot show what real hardware, real downloads and real timing do.';

const WORKSTATION = 'workstation';
/** Of a range that is for documentation: no node can have it. A number above 1 makes it another person's computer. */
const workstationAddress = () => `192.0.2.${Number(process.env.MLK8S_REHEARSAL_WORKSTATION) || 1}`;
const DEFAULT_USER = 'lab';

/** What simulated machines are opened with. */
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
  const rigs = [...file.nodes.map((node) => nodeRequest(file, node)), workstationRequest(file), ...devboxRequest(file)];
  const made = await server.ask({ op: 'ensure', rigs, faults: faultsOf(file, options) }).catch((error: unknown) => {
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
    if (rigs[i]?.purpose !== 'workstation') nodes.set(answer.name, sshHost(login));
    else {
      workstation = workstationHost(login);
      // Root there is somebody else to talk to than the user's own shell.
      if (devboxBeside(file)?.local) nodes.set(DEVBOX, sshHost({ ...login, name: DEVBOX }));
    }
  }
  if (!workstation) throw new Error('the rehearsal has no workstation');
  return new RehearsalHosts(nodes, workstation, () => server.close());
}

/** Where the workstation is the devbox, one machine has both names. */
function faultsOf(file: Cluster, { faults = [] }: RehearsalOptions): readonly string[] {
  if (!devboxBeside(file)?.local) return faults;
  const also = `${DEVBOX}:`;
  return faults.map((it) => (it.startsWith(also) ? `${WORKSTATION}:${it.slice(also.length)}` : it));
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
  const isDevbox = memberDevbox(file)?.name === name;
  const user = node.ssh.user ?? file.ssh.user ?? (isDevbox ? devboxUser(file) : undefined) ?? DEFAULT_USER;
  const pools = file.storage?.mayastor?.pools.filter((pool) => pool.node === name) ?? [];
  const disks = pools.map(({ disk }) => posix.basename(disk));
  return { name, address, labels, role, local, user, disks, purpose: 'node' };
}

function workstationRequest(file: Cluster): RigRequest {
  const taken = file.nodes.some((node) => node.name === WORKSTATION);
  const name = taken ? `${WORKSTATION}-of-yours` : WORKSTATION;
  const user = (devboxBeside(file)?.local ? devboxUser(file) : undefined) ?? DEFAULT_USER;
  return { name, address: workstationAddress(), labels: {}, local: false, user, purpose: 'workstation' };
}

/** A desktop somewhere else: it has the name that its user gave it. */
function devboxRequest(file: Cluster): RigRequest[] {
  const devbox = devboxBeside(file);
  if (!devbox || devbox.local) return [];
  const { name, address, ssh } = devbox;
  return [{ name, address, labels: {}, local: true, user: ssh.user ?? DEFAULT_USER, purpose: 'node' }];
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
