import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { builtins } from './builtins/index.ts';
import { serveControl } from './control.ts';
import { type DumpSource, dump } from './dump.ts';
import { parseFaults } from './faults.ts';
import { SshFront } from './front.ts';
import { keyPair } from './keys.ts';
import { authorize } from './login.ts';
import { Machine } from './machine.ts';
import type { EnsureAnswer, Request, RigAnswer, RigRequest } from './messages.ts';
import type { Command } from './model/command.ts';
import type { Model } from './model/contract.ts';
import type { RigState } from './model/state.ts';
import { plugIn } from './model/ubuntu/lsblk.ts';
import { type Layout, layout, removeEmpty, type Sockets, sockets } from './paths.ts';
import { writeShims } from './shim.ts';
import type { HostCommand, Site } from './site.ts';
import { World } from './world.ts';

/** What one rehearsal is kept running with. */
export interface ServerOptions {
  /** State folder of the rehearsal. */
  readonly dir: string;
  readonly cluster: string;
  readonly model: Model;
  /** Model seconds in one real second. */
  readonly scale: number;
  /** Real milliseconds without connections and running jobs after which it ends. */
  readonly idleMs: number;
  /** Says which program this is, see `buildId`; a client with another one starts the server anew. */
  readonly build?: string;
}

const NO_FAULTS = { machine: [], model: [] };

interface Station {
  readonly machine: Machine;
  readonly front: SshFront;
  readonly socket: string;
}

/** The machines of one rehearsal and everything that keeps them running. */
export class RehearsalServer implements Site, DumpSource {
  readonly world: World;
  readonly model: Model;
  readonly commands: Readonly<Record<string, Command | HostCommand>>;
  readonly keep = new Set(Object.keys(builtins));
  readonly layout: Layout;
  readonly sockets: Sockets;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  readonly #key: { private: string; public: string };
  readonly #idleMs: number;
  readonly #build: string | undefined;
  readonly #stations = new Map<string, Station>();
  readonly #control: net.Server;
  readonly #clients = new Set<net.Socket>();
  #turn: Promise<unknown> = Promise.resolve();
  #idleSince = Date.now();
  #timer: NodeJS.Timeout | undefined;
  #end: () => void = () => undefined;
  #stopping: Promise<void> | undefined;

  private constructor(options: ServerOptions) {
    this.layout = layout(options.dir);
    mkdirSync(this.layout.dir, { recursive: true, mode: 0o700 });
    this.sockets = sockets(options.dir);
    this.world = World.open(this.layout.world, options.cluster, options.scale);
    this.model = options.model;
    this.commands = { ...options.model.commands, ...builtins };
    this.#key = keyPair(join(options.dir, 'id_ed25519'));
    this.#idleMs = options.idleMs;
    this.#build = options.build;
    this.#control = net.createServer((socket) => this.#onClient(socket));
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Only one server may have a folder: the caller holds its lock. */
  static async start(options: ServerOptions): Promise<RehearsalServer> {
    const server = new RehearsalServer(options);
    const { optional } = options.model;
    writeShims(
      server.layout.shims,
      Object.keys(server.commands).filter((name) => !optional.includes(name)),
    );
    const known = Object.values(server.world.state.rigs);
    if (known.length > 0) {
      await Promise.all(known.map((state) => server.#switchOn(state)));
      server.world.skipStartUp();
    }
    rmSync(server.sockets.control, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.#control.once('error', reject);
      server.#control.listen(server.sockets.control, resolve);
    });
    server.#timer = setInterval(() => server.#checkIdle(), Math.min(5000, options.idleMs / 2));
    server.log('started');
    return server;
  }

  get authorizedKey(): string {
    return this.#key.public;
  }

  next(): number {
    this.world.changed();
    return this.world.state.counter++;
  }

  machine(rig: string): Machine | undefined {
    return this.#stations.get(rig)?.machine;
  }

  log(text: string): void {
    // Its folder may have been removed under it.
    if (!existsSync(this.layout.dir)) return;
    appendFileSync(this.layout.log, `${new Date().toISOString()} ${text}\n`, { mode: 0o600 });
  }

  /** Ends all machines, stores the state and removes the sockets. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#control.close();
    rmSync(this.sockets.control, { force: true });
    await Promise.all(
      [...this.#stations.values()].map(({ machine, front }) => {
        front.close();
        return machine.dispose();
      }),
    );
    if (existsSync(this.layout.dir)) this.world.save();
    this.log('ended');
    removeEmpty(this.sockets.folder);
    for (const client of this.#clients) client.destroy();
    this.#end();
  }

  #onClient(socket: net.Socket): void {
    this.#clients.add(socket);
    socket.on('close', () => {
      this.#clients.delete(socket);
      this.#idleSince = Date.now();
    });
    serveControl(socket, {
      request: (request) => this.#request(request),
      exec: (rig, argv) => this.#machineOf(rig).then((machine) => machine.exec('root', argv)),
    });
  }

  #request(request: Exclude<Request, { op: 'exec' }>): Promise<unknown> {
    if (request.op === 'stop') return this.stop();
    if (request.op === 'build') return Promise.resolve(this.#build);
    if (request.op === 'dump') return Promise.resolve(dump(this));
    if (request.op === 'fault') {
      return this.#machineOf(request.rig).then((machine) => void machine.emit('fault', request.what));
    }
    if (request.op === 'counts') {
      const all = Object.values(this.world.state.rigs).map(({ name, counts }) => [name, counts] as const);
      return Promise.resolve(Object.fromEntries(all));
    }
    // One after the other: two clients may want the same new machine.
    const answer = this.#turn.then(() => this.#ensure(request));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async #ensure(request: Extract<Request, { op: 'ensure' }>): Promise<EnsureAnswer> {
    const rigs: RigAnswer[] = [];
    const names = request.rigs.map((rig) => rig.name);
    const faults = parseFaults(request.faults, names, this.model.faults);
    for (const wanted of request.rigs) {
      const station = this.#find(wanted) ?? (await this.#make(wanted));
      const { machine, front, socket } = station;
      if (plugIn(machine.state, wanted.disks ?? [])) this.log(`${machine.state.name}: got a disk`);
      machine.arm(faults.get(wanted.name) ?? NO_FAULTS);
      const { name, user } = machine.state;
      rigs.push({ name: wanted.name, rig: name, user, socket, hostKey: front.hostKey });
    }
    const { scale } = this.world.state;
    const own = rigs.find((_, i) => request.rigs[i]?.purpose === 'workstation');
    return { rigs, key: this.#letIn(own?.rig).private, time: { model: this.world.now(), real: Date.now(), scale } };
  }

  /** Further people have keys of their own, which the machines know already. Returns the key of a workstation's user. */
  #letIn(workstation: string | undefined): { private: string; public: string } {
    const all = [...this.#stations.values()].map(({ machine }) => machine);
    const first = all.find(({ state }) => state.purpose === 'workstation')?.state.name;
    if (workstation === undefined || workstation === first) return this.#key;
    const key = keyPair(join(this.layout.rig(workstation), 'id_ed25519'));
    for (const { files, state } of all) authorize(files, state.user, key.public);
    return key;
  }

  /** The address says which machine it is: a machine keeps it when the file gives it another name. */
  #find(wanted: RigRequest): Station | undefined {
    const all = [...this.#stations.values()];
    return all.find(({ machine: { state } }) => state.purpose === wanted.purpose && state.address === wanted.address);
  }

  async #make(wanted: RigRequest): Promise<Station> {
    const { rigs } = this.world.state;
    let name = wanted.name;
    for (let n = 2; name in rigs; n++) name = `${wanted.name}-${n}`;
    const { address, purpose, user, labels, role, local } = wanted;
    const state = this.model.newRig(name, address, {
      purpose,
      user,
      labels,
      local,
      now: this.world.now(),
      bootId: randomUUID(),
      ...(role && { role }),
    });
    rigs[name] = state;
    try {
      return await this.#switchOn(state);
    } catch (error) {
      delete rigs[name];
      throw error;
    }
  }

  async #switchOn(state: RigState): Promise<Station> {
    const index = this.#stations.size;
    const machine = new Machine(this, state, index);
    const front = new SshFront(machine, this.sockets.ssh(index));
    const station = { machine, front, socket: this.sockets.ssh(index) };
    this.#stations.set(state.name, station);
    try {
      await machine.powerOn();
      return station;
    } catch (error) {
      this.#stations.delete(state.name);
      throw error;
    }
  }

  async #machineOf(rig: string): Promise<Machine> {
    const machine = this.machine(rig);
    if (machine) return machine;
    throw new Error(`there is no machine "${rig}"; known ones: ${[...this.#stations.keys()].join(' ')}`);
  }

  #checkIdle(): void {
    const stations = [...this.#stations.values()];
    // Somebody removed the folder instead of asking for a reset.
    if (!existsSync(this.layout.dir)) return void this.stop();
    const used = stations.some(({ machine, front }) => machine.busy || front.connections > 0);
    if (used || this.#clients.size > 0) this.#idleSince = Date.now();
    else if (Date.now() - this.#idleSince >= this.#idleMs) void this.stop();
  }
}
