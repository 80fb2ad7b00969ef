import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { $ } from 'zx';
import { rigFiles } from '../../src/rehearsal/files.ts';
import type { RigFiles } from '../../src/rehearsal/model/command.ts';
import { model } from '../../src/rehearsal/model/index.ts';
import type { RigState } from '../../src/rehearsal/model/state.ts';
import { INSIDE, MEMORY_CGROUP, SETTLE_UNITS } from './inside.ts';
import type { Body, LabModel } from './model.ts';
import { BRIDGE, CGROUP, NETWORK, USER } from './places.ts';
import { hasBanner, initOf, namespaceOf } from './processes.ts';

export interface MachineOptions {
  readonly name: string;
  /** Last number of its address. */
  readonly number: number;
  /** How the user's sudo behaves. */
  readonly sudo: 'nopasswd' | 'password' | 'none';
  /** Its disk is so small, in MiB; without it lies on this computer's. */
  readonly diskMiB?: number;
  /** Whether the lab's key lets the user in; without, only the password does. */
  readonly takesKey: boolean;
}

/** Where things are on this computer. */
export interface Ground {
  readonly state: string;
  readonly base: string;
  readonly key: string;
  readonly model: LabModel;
}

/** What a command on a machine printed, and how it ended. */
export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const BOOT_MS = 60_000;
/** Below this nothing is read or written. Below /proc/0 Node 20 would try for ever to make a folder. */
const OFF = '/dev/null/off';

/** One machine of the lab: a systemd-nspawn container with its own systemd, sshd, sudo and address. */
export class LabMachine implements Body {
  readonly name: string;
  readonly address: string;
  readonly state: RigState;
  readonly files: RigFiles;
  /** Seconds of its boots, the first one first. */
  readonly boots: number[] = [];
  readonly #options: MachineOptions;
  readonly #ground: Ground;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #leader = 0;
  #isStopping = false;
  #units = '';
  #settling: Promise<void> = Promise.resolve();

  constructor(options: MachineOptions, ground: Ground) {
    this.#options = options;
    this.#ground = ground;
    this.name = options.name;
    this.address = `${NETWORK}.${options.number}`;
    this.#folder = join(ground.state, options.name);
    this.files = rigFiles((path) => `${this.#leader === 0 ? OFF : `/proc/${this.#leader}/root`}${path}`);
    const now = ground.model.world.now();
    const hardware = { purpose: 'node', user: USER, labels: {}, local: false, now, bootId: '' } as const;
    this.state = model.newRig(this.name, this.address, hardware);
    // Its /etc/fstab names none, so there is none after a boot either.
    this.state.swap = [];
  }

  /** Makes its disk and switches it on. Resolves when its SSH server answers. */
  async start(): Promise<void> {
    mkdirSync(join(this.#folder, 'root'), { recursive: true });
    await this.#furnish();
    await this.#ground.model.serve(this, this.#socket);
    await this.#boot();
  }

  get #socket(): string {
    return join(this.#folder, 'model');
  }

  /** Its public host key: the type and the key itself in base64. */
  get hostKey(): string {
    return readFileSync(join(this.#folder, 'host-key.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
  }

  /** Of its host key, as a cluster file pins it. */
  get fingerprint(): string {
    const hash = createHash('sha256').update(Buffer.from(this.hostKey.split(' ')[1] ?? '', 'base64'));
    return `SHA256:${hash.digest('base64').replace(/=+$/, '')}`;
  }

  /** Process id of its systemd as this computer sees it. */
  get leader(): number {
    return this.#leader;
  }

  async #furnish(): Promise<void> {
    const { takesKey, sudo } = this.#options;
    await $({ quiet: true })`ssh-keygen -q -t ed25519 -N ${''} -C ${this.name} -f ${join(this.#folder, 'host-key')}`;
    const keys = readFileSync(`${this.#ground.key}.pub`, 'utf8');
    const own = join(this.#folder, 'own');
    const put = (path: string, text: string, mode: number) => {
      mkdirSync(dirname(join(own, path)), { recursive: true });
      writeFileSync(join(own, path), text);
      chmodSync(join(own, path), mode);
    };
    put('etc/machine-id', `${randomBytes(16).toString('hex')}\n`, 0o444);
    put('etc/ssh/ssh_host_ed25519_key', readFileSync(join(this.#folder, 'host-key'), 'utf8'), 0o600);
    put('root/.ssh/authorized_keys', keys, 0o600);
    chmodSync(join(own, 'root'), 0o700);
    if (takesKey) {
      put(`home/${USER}/.ssh/authorized_keys`, keys, 0o600);
      for (const path of ['', '/.ssh', '/.ssh/authorized_keys'])
        chownSync(join(own, `home/${USER}${path}`), 1000, 1000);
    }
    const right = sudo === 'nopasswd' ? 'NOPASSWD:' : '';
    if (sudo !== 'none') put('etc/sudoers.d/lab', `${USER} ALL=(ALL) ${right}ALL\n`, 0o440);
  }

  /**
   * Everything of a machine (mounts, network, processes) lives in namespaces of its first process here, and that one
   * dies with this program: whatever ends the lab, nothing of it stays mounted or runs on.
   */
  async #boot(): Promise<void> {
    if (this.#isStopping) throw new Error(`${this.name} is being removed`);
    const started = performance.now();
    const log = openSync(join(this.#folder, 'console.log'), 'a');
    const words = [this.#folder, this.#ground.base, CGROUP, this.name, String(this.#options.diskMiB ?? 0)];
    const wrapper = [
      '--pdeathsig',
      'KILL',
      'unshare',
      '--mount',
      '--net',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
    ];
    const child = spawn('setpriv', [...wrapper, 'bash', '-c', INSIDE, 'lab-machine', ...words], {
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#process = child;
    child.once('exit', (code) => void this.#onExit(child, code));
    await this.#wire(child);
    await this.#answers(child);
    this.#units = '';
    this.boots.push((performance.now() - started) / 1000);
  }

  /** The end of its cable at the bridge. */
  get #plug(): string {
    return `${BRIDGE}-${this.#options.number}`;
  }

  /** Gives it a cable, which is not plugged in yet. */
  async #wire(child: ChildProcess): Promise<void> {
    const sh = $({ quiet: true });
    const ns = await this.#until(child, () => namespaceOf(child.pid ?? 0));
    // The kernel takes a moment to remove the cable of a machine that went down.
    await $({ quiet: true, nothrow: true })`ip link del ${this.#plug}`;
    await sh`ip link add ${this.#plug} type veth peer name host0 netns ${ns}`;
    await sh`ip link set ${this.#plug} master ${BRIDGE}`;
    await sh`nsenter -t ${ns} -n sh -c ${`ip addr add ${this.address}/24 dev host0; ip link set lo up; ip link set host0 up; ip route add default via ${NETWORK}.1`}`;
    writeFileSync(join(this.#folder, 'wired'), '');
  }

  /** Nobody reaches it before what is simulated of it has started too. */
  async #answers(child: ChildProcess): Promise<void> {
    this.#leader = await this.#until(child, () => initOf(child.pid ?? 0));
    await this.#inside(MEMORY_CGROUP);
    const bootId = await this.#inside('cat /proc/sys/kernel/random/boot_id');
    if (this.boots.length > 0) this.#ground.model.boot(this, bootId.trim());
    else this.state.bootId = bootId.trim();
    await $({ quiet: true })`ip link set ${this.#plug} up`;
    await this.#until(child, () => hasBanner(this.address));
  }

  async #until<T>(child: ChildProcess, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + BOOT_MS;
    for (;;) {
      const seen = await look();
      if (seen) return seen;
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
        throw new Error(
          `${this.name} does not boot: ${readFileSync(join(this.#folder, 'console.log'), 'utf8').slice(-800)}`,
        );
      }
      await wait(20);
    }
  }

  /** systemd-nspawn ends with 133 when its machine wants to be started again. */
  async #onExit(child: ChildProcess, code: number | null): Promise<void> {
    if (this.#process !== child) return;
    this.#process = undefined;
    this.#leader = 0;
    this.#ground.model.down(this);
    if (code === 133 && !this.#isStopping) await this.switchOn();
  }

  /** Switches it on again after a power cut. Resolves when its SSH server answers. */
  async switchOn(): Promise<void> {
    await this.#boot();
  }

  /** Every process in it is gone when this resolves; nothing was said to any of them. */
  async powerCut(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    this.#process = undefined;
    this.#leader = 0;
    this.#ground.model.down(this);
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.powerCut();
  }

  /** Runs a script as root by plain ssh, with the lab's own key. */
  async ssh(script: string, user = 'root'): Promise<Said> {
    const known = join(this.#folder, 'known_hosts');
    if (!existsSync(known)) writeFileSync(known, `${this.address} ${this.hostKey}\n`);
    const options = ['BatchMode=yes', 'ConnectTimeout=5', 'ServerAliveInterval=5', `UserKnownHostsFile=${known}`];
    const words = ['-F', 'none', '-i', this.#ground.key, ...options.flatMap((option) => ['-o', option])];
    const quiet = $({ quiet: true, nothrow: true, input: script });
    const run = await quiet`ssh ${words} ${user}@${this.address} bash -s`;
    return { code: run.exitCode, stdout: run.stdout, stderr: run.stderr };
  }

  /** As `ssh`, for what must work: returns what it printed. */
  async root(script: string): Promise<string> {
    const { code, stdout, stderr } = await this.ssh(script);
    if (code !== 0) throw new Error(`${this.name}: status ${code} of: ${script}\n${stderr}`);
    return stdout;
  }

  settleUnits(): Promise<void> {
    // A power cut ends one of them in the middle; those after it are about another life of the machine.
    this.#settling = this.#settling.catch(() => undefined).then(() => this.#settleUnits());
    return this.#settling;
  }

  /** The services of snaps are real units that sleep. */
  async #settleUnits(): Promise<void> {
    const units = Object.entries(this.state.units).filter(([name]) => name.startsWith('snap.'));
    const wanted = units.map(([name, { active, enabled }]) => `${name} ${active} ${enabled}`).join('\n');
    if (wanted === this.#units || this.#leader === 0) return;
    this.#units = wanted;
    await this.#inside(SETTLE_UNITS, `${wanted}\n`);
  }

  /** Runs a script in the machine without its SSH server. */
  async #inside(script: string, input = ''): Promise<string> {
    const { stdout } = await $({ quiet: true, input })`nsenter -t ${this.#leader} -m -u -i -n -p -- bash -c ${script}`;
    return stdout;
  }
}
