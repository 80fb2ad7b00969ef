/**
 * The contract between a simulated machine and the commands that it simulates. A command follows the fact sheets, not
 * what mlk8s happens to send.
 */

import type { Counts } from './counts.ts';

/** Kubernetes-style object as kubectl and Helm put it into the store. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    creationTimestamp: string;
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

/** One MicroK8s cluster of the model. Members refer to it by key; a lone machine has a cluster of its own. */
export interface ClusterState {
  /** UID of kube-system: the identity. */
  uid: string;
  /** `Kind.group/namespace/name` → object. */
  objects: Record<string, KubeObject>;
  /** dqlite rows; role 0 voter, 1 standby, 2 spare. */
  dqlite: { address: string; id: string; role: 0 | 1 | 2 }[];
  /** Model time at which the dqlite leader last looked at the roles. */
  rolesAt: number;
  /** Which rig's kubelet reports as which Node, and when it was last seen to. */
  nodes: Record<string, { rig: string; seen: number }>;
  /** Join tokens; ttl -1 = single use. `expires` in model milliseconds. A token is known only to the rig that made it. */
  tokens: { token: string; ttl: number; expires: number | null; rig: string }[];
  channel: string;
  /** Names of addons that a microk8s script enabled. */
  addons: string[];
  /** Alerts that somebody posted to Alertmanager, and when. */
  alerts?: { name: string; at: number }[];
  /** Model time at which what serves GPUs last looked at its objects. */
  gpusAt?: number;
}

/** As dpkg has it. `half-installed`: cut off while it was unpacked; it must be installed anew. */
type PackageState = 'installed' | 'half-installed' | 'half-configured' | 'unpacked' | 'config-files';

/** State of one simulated machine. Plain JSON: it is stored in the state folder after every change. */
export interface RigState {
  name: string;
  address: string;
  /** `workstation` is the machine of the user in a rehearsal. */
  purpose: 'node' | 'workstation';
  bootId: string;
  /** Model time of the last boot, milliseconds. */
  bootedAt: number;
  /** Used as a desktop: it has the name that its user gave it. */
  local?: boolean;
  /** Login user of the simulated machine and how its sudo behaves. */
  user: string;
  sudo: { mode: 'nopasswd' | 'password' | 'denied'; password?: string };
  hardware: {
    arch: 'amd64' | 'arm64';
    cpus: number;
    memoryMiB: number;
    diskGiB: number;
    diskUsedGiB: number;
    nic: 'wired' | 'wifi';
    dhcp: boolean;
    /** Seconds that its clock is off by. */
    clockSkewS: number;
    /** Round trip to any other rig, milliseconds. */
    rttMs: number;
    /** PCI devices as vendor:device:class plus a name and the bound driver. */
    pci: { slot: string; vendor: string; device: string; class: string; name: string; driver: string }[];
    virtualization: 'none' | 'kvm' | 'lxc' | 'wsl';
    /** Disks besides the one that it boots from: name below /dev/disk/by-id, and what is on them. */
    disks?: {
      id: string;
      path: string;
      sizeGiB: number;
      /** File system. */
      holds?: string;
      /** UID of Mayastor's pool on it, and key of the cluster that made that. */
      pool?: string;
      madeBy?: string;
    }[];
  };
  os: { id: string; versionId: string; codename: string; kernel: string };
  /** Installed debs: name → version; `state` other than installed shows in dpkg. */
  packages: Record<string, { version: string; state: PackageState; held?: boolean }>;
  /** Who holds the dpkg frontend lock, and until when it can last at most. */
  dpkgLock?: { by: string; pid: number; until: number };
  /** Kernel modules that are loaded. */
  modules: string[];
  /** Version of NVIDIA's module, while it is loaded. */
  nvidiaLoaded?: string;
  /** Live sysctl values. */
  sysctl: Record<string, string>;
  units: Record<
    string,
    {
      active: 'active' | 'inactive' | 'failed' | 'activating';
      enabled: 'enabled' | 'disabled' | 'masked' | 'static';
      since?: number;
      /** Made by systemd-run: it has no unit file. */
      transient?: boolean;
      /** Exit status of a transient unit that ended. */
      exit?: number;
    }
  >;
  /** `syncAt`: when the clock will be in step, after it was told to ask the network. */
  time: { ntp: boolean; synchronized: boolean; syncAt?: number };
  ufw: { active: boolean; routed: 'allow' | 'deny'; rules: string[] };
  /** Policy of the FORWARD chain, where somebody set it. */
  forwardPolicy?: 'ACCEPT' | 'DROP';
  /** Swap areas in use. */
  swap?: { name: string; mib: number }[];
  wifiPowerSave?: boolean;
  snaps: Record<
    string,
    {
      channel: string;
      tracking: string;
      version: string;
      revision: number;
      held: boolean;
      classic: boolean;
      installedAt: number;
      /** What `snap revert` goes back to. */
      previous?: { channel: string; version: string; revision: number };
    }
  >;
  /** What `snap set` stored: snap → key → value. */
  snapConf?: Record<string, Record<string, string>>;
  /** snapd changes that run or ran. */
  snapChanges: {
    id: number;
    snap: string;
    kind: string;
    status: 'Doing' | 'Done' | 'Error';
    until: number;
    summary: string;
    /** When it was asked for. */
    spawned?: number;
    /** What snapd is to reach; it goes on without the client that asked. */
    target?: { channel: string; classic: boolean; version: string; revision: number };
    /** Why it failed, as `snap` prints it. */
    error?: string;
  }[];
  seeded: boolean;
  /** When snapd will have been seeded, where it is late. */
  seedsAt?: number;
  /** Owner and group of paths that are not root's: chown cannot be real with one mapped uid. */
  owners: Record<string, string>;
  microk8s?: {
    role: 'control-plane' | 'worker';
    /** Key into WorldState.clusters. */
    cluster: string;
    /** Model time from which the services of this node answer. */
    readyAt: number;
    stopped: boolean;
    /** Model time from which the Node object is Ready for the cluster. */
    nodeReadyAt: number;
    /** Name of the Node object that its kubelet keeps. */
    nodeName: string;
    /** The kubelet was started anew and registers (name, labels, capacity) once its services answer. */
    registers: boolean;
    /** A join went wrong half way: no restart brings the services up, only leave, join or purge. */
    wedged: boolean;
  };
  /** When NVIDIA's toolkit was last told to set up containerd; undefined: containerd knows no NVIDIA runtime. */
  toolkitAt?: number;
  /** Mayastor's io-engine runs on it. */
  ioEngine?: true;
  /** Faults and marks that were asked for, see rehearsal/faults.ts. */
  faults: string[];
  counts: Counts;
}

/** Everything that a rehearsal knows. */
export interface WorldState {
  v: 1;
  cluster: string;
  /** Model seconds that pass in one real second. */
  scale: number;
  /** Model time at `anchorReal` (real epoch ms). */
  anchorModel: number;
  anchorReal: number;
  rigs: Record<string, RigState>;
  clusters: Record<string, ClusterState>;
  /** For deterministic ids and tokens. */
  counter: number;
}

/** What a simulated command may use. Everything else is out of its reach. */
export interface CommandContext {
  readonly rig: RigState;
  readonly world: WorldState;
  /** Words after the command name. */
  readonly args: readonly string[];
  /** Name it was called by. */
  readonly name: string;
  /** `root` under sudo or in a root shell, else the login user. */
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** All of standard input; resolves at its end. Only read it where the real command does. */
  stdin(): Promise<Buffer>;
  out(text: string): void;
  err(text: string): void;
  /** Model time, milliseconds since the epoch, with the rig's own skew left out. */
  now(): number;
  /** Waits model seconds. Rejects when the caller is gone or the machine goes down: let it pass. */
  sleep(seconds: number): Promise<void>;
  /** Files of the rig, by absolute path inside it. Missing files read as undefined. */
  readonly files: RigFiles;
  /** Files of another rig, for what its daemons would read and write when asked over the network. */
  filesOf(rig: string): RigFiles | undefined;
  /** Runs a real program inside the rig with the caller's standard streams, as `timeout`, `sudo` and `nohup` do. */
  run(
    argv: readonly string[],
    options?: { user?: string; timeoutS?: number; env?: Record<string, string> },
  ): Promise<number>;
  /**
   * Starts a detached bash command in the rig that outlives the caller (systemd-run). Calls back with its exit code,
   * not when the machine goes down. `pid` is 0 until the process has started; `kill` reaches its process group.
   */
  spawn(
    argv: readonly string[],
    env: Record<string, string>,
    done: (code: number) => void,
  ): { readonly pid: number; kill(signal: string): void };
  /** Restarts the machine: all its processes die, a new boot id, services start as enabled. */
  reboot(afterS: number): void;
  /** Tells the host that state was changed and must be stored. */
  changed(): void;
  /** Next number of the world: for ids, tokens, uids that are the same in every equal run. */
  next(): number;
}

export interface RigFiles {
  read(path: string): string | undefined;
  write(path: string, content: string, mode?: number): void;
  remove(path: string): void;
  exists(path: string): boolean;
  list(path: string): string[];
  mkdir(path: string, mode?: number): void;
  link(target: string, path: string): void;
}

/** Returns the exit status. */
export type Command = (context: CommandContext) => Promise<number> | number;

/** What a new machine is made of; the rest follows from the samples of the model. */
export interface NewRigOptions {
  purpose: 'node' | 'workstation';
  user: string;
  /** Kubernetes labels of the node in the cluster file: hints at the hardware. */
  labels: Readonly<Record<string, string>>;
  role?: 'control-plane' | 'worker';
  /** A machine that is used as a desktop: the node is `local`. */
  local: boolean;
  /** Model time, milliseconds. */
  now: number;
  bootId: string;
}

/** What the host process takes from the model. */
export interface Model {
  /** Every simulated command by its name. */
  readonly commands: Readonly<Record<string, Command>>;
  /**
   * Names of those that are not there on a fresh machine: they are linked where the model puts them with `files.link`
   * (`/snap/bin/microk8s`, `/usr/local/bin/nvidia-smi`). All others are in PATH from the start.
   */
  readonly optional: readonly string[];
  /** Names of the faults that it knows (`--fault rig2:<name>[:value]`); they come as marks in `RigState.faults`. */
  readonly faults: readonly string[];
  newRig(name: string, address: string, options: NewRigOptions): RigState;
  /** Files of a fresh machine besides those that every Ubuntu has here (hosts, passwd, os-release …). */
  files?(rig: RigState): Record<string, { content: string; mode?: number }>;
  /**
   * The machine was switched on again or rebooted: `bootId` and `bootedAt` are new, /run is empty, nothing runs in it.
   * Services start as enabled. Not called when it is made.
   */
  boot?(site: MachineSite): void;
  /** The machine lost its power or went down; as long as it is off, `RigState.faults` has the mark `down`. */
  down?(site: MachineSite): void;
  /** Who answers HTTP at an address that the machine reaches; undefined: the connection is refused. */
  reach?(site: MachineSite, address: string, port: number): WebHandler | undefined;
}

/** A simulated service. */
export type WebHandler = (request: { method: string; path: string; body: string }) => WebAnswer;

export interface WebAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** A machine without anybody who called a command. */
export type MachineSite = Pick<CommandContext, 'rig' | 'world' | 'files' | 'filesOf' | 'now' | 'next' | 'changed'>;
