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
  /** Patterns of the names of alerts that nobody is told of. */
  silences?: string[];
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
