import type { CommandContext, RigFiles } from '../../../../src/rehearsal/model/command.ts';
import { noCounts } from '../../../../src/rehearsal/model/counts.ts';
import { microk8sCommands } from '../../../../src/rehearsal/model/microk8s/commands.ts';
import { onSnapInstalled } from '../../../../src/rehearsal/model/microk8s/install.ts';
import type { RigState, WorldState } from '../../../../src/rehearsal/model/state.ts';

/** Files of one machine in memory; links are followed as a prefix. */
export class MemoryFiles implements RigFiles {
  readonly files = new Map<string, string>();
  readonly #links = new Map<string, string>();

  #real(path: string): string {
    for (const [link, target] of this.#links) {
      if (path === link || path.startsWith(`${link}/`)) return target + path.slice(link.length);
    }
    return path;
  }
  read(path: string): string | undefined {
    return this.files.get(this.#real(path));
  }
  write(path: string, content: string): void {
    this.files.set(this.#real(path), content);
  }
  remove(path: string): void {
    if (this.#links.delete(path)) return;
    const real = this.#real(path);
    for (const key of [...this.files.keys()]) if (key === real || key.startsWith(`${real}/`)) this.files.delete(key);
    for (const link of [...this.#links.keys()]) if (link.startsWith(`${real}/`)) this.#links.delete(link);
  }
  exists(path: string): boolean {
    const real = this.#real(path);
    return [...this.files.keys()].some((key) => key === real || key.startsWith(`${real}/`));
  }
  list(path: string): string[] {
    const prefix = `${this.#real(path)}/`;
    const inside = [...this.files.keys()].filter((key) => key.startsWith(prefix));
    return [...new Set(inside.map((key) => key.slice(prefix.length).split('/')[0] ?? ''))];
  }
  mkdir(): void {}
  link(target: string, path: string): void {
    const folder = path.slice(0, path.lastIndexOf('/'));
    this.#links.set(path, target.startsWith('/') ? target : `${folder}/${target}`);
  }
}

export interface Outcome {
  code: number;
  out: string;
  err: string;
}

/** Thrown where a killed client would have waited on. */
export class Killed extends Error {}

/** Machines, a clock and a shell without a shell. */
export class Lab {
  readonly world: WorldState = {
    v: 1,
    cluster: 'lab',
    scale: 1,
    anchorModel: 0,
    anchorReal: 0,
    rigs: {},
    clusters: {},
    counter: 0,
  };
  readonly files: Record<string, MemoryFiles> = {};
  now = Date.UTC(2026, 10, 21, 20, 0, 0);

  next = (): number => ++this.world.counter;

  /** A machine without MicroK8s. */
  add(name: string): RigState {
    const rig = blankRig(name, `10.0.0.${Object.keys(this.world.rigs).length + 1}`, this.now);
    this.world.rigs[name] = rig;
    this.files[name] = new MemoryFiles();
    this.files[name].write('/etc/hostname', `${name}\n`);
    return rig;
  }

  rig(name: string): RigState {
    const rig = this.world.rigs[name];
    if (!rig) throw new Error(`no rig ${name}`);
    return rig;
  }

  filesOf(name: string): MemoryFiles {
    const files = this.files[name];
    if (!files) throw new Error(`no rig ${name}`);
    return files;
  }

  /** `snap install microk8s`. */
  install(name: string, version = 'v1.35.3'): RigState {
    const rig = this.world.rigs[name] ?? this.add(name);
    const channel = `${version.slice(1, 5)}/stable`;
    const snap = { channel, tracking: channel, version, revision: 8600, held: false, classic: true };
    rig.snaps.microk8s = { ...snap, installedAt: this.now };
    onSnapInstalled(rig, this.world, this.now, this.next, this.filesOf(name));
    return rig;
  }

  /** Installed, and everything that comes by itself has come. */
  async ready(...names: string[]): Promise<void> {
    for (const name of names) this.install(name);
    this.pass(120);
    for (const name of names) await this.mk(name, 'status');
    this.pass(30);
  }

  pass(seconds: number): void {
    this.now += seconds * 1000;
  }

  /** Runs `microk8s …` on a rig; words are split at blanks, except when given as an array. */
  mk(rig: string, words: string | string[], options: RunOptions = {}): Promise<Outcome> {
    const args = typeof words === 'string' ? words.split(' ').filter((w) => w !== '') : words;
    return this.run(rig, 'microk8s', args, options);
  }

  /** Joins `rig` to the cluster of `lead`, as an operator would. */
  async join(lead: string, rig: string, flags = ''): Promise<Outcome> {
    const token = await this.mk(lead, 'add-node --format token-check');
    return this.mk(rig, `join ${this.rig(lead).address}:25000/${token.out.trim()} ${flags}`);
  }

  async run(name: string, program: string, args: string[], options: RunOptions = {}): Promise<Outcome> {
    const outcome: Outcome = { code: 0, out: '', err: '' };
    const command = microk8sCommands[program];
    if (!command) throw new Error(`no program ${program}`);
    outcome.code = await command(this.#context(name, program, args, outcome, options));
    return outcome;
  }

  #context(name: string, program: string, args: string[], outcome: Outcome, options: RunOptions): CommandContext {
    const killedAt = this.now + (options.killAfterS ?? 1e9) * 1000;
    return {
      rig: this.rig(name),
      world: this.world,
      args,
      name: program,
      user: options.user ?? 'root',
      env: {},
      cwd: '/root',
      files: this.filesOf(name),
      filesOf: (other) => this.files[other],
      stdin: () => Promise.resolve(Buffer.from(options.stdin ?? '')),
      out: (text) => {
        outcome.out += text;
      },
      err: (text) => {
        outcome.err += text;
      },
      now: () => this.now,
      sleep: async (seconds) => {
        this.now += seconds * 1000;
        if (this.now > killedAt) throw new Killed();
      },
      run: () => Promise.resolve(127),
      spawn: () => ({ pid: 1, kill: () => {} }),
      reboot: () => {},
      changed: () => {
        JSON.stringify(this.world);
      },
      next: this.next,
    };
  }
}

export interface RunOptions {
  stdin?: string;
  user?: string;
  /** The client is killed at its first wait that ends after this many seconds. */
  killAfterS?: number;
}

function blankRig(name: string, address: string, now: number): RigState {
  return {
    name,
    address,
    purpose: 'node',
    bootId: `boot-${name}`,
    bootedAt: now,
    user: 'ubuntu',
    sudo: { mode: 'nopasswd' },
    hardware: {
      arch: 'amd64',
      cpus: 8,
      memoryMiB: 16_384,
      diskGiB: 500,
      diskUsedGiB: 20,
      nic: 'wired',
      dhcp: false,
      clockSkewS: 0,
      rttMs: 1,
      pci: [],
      virtualization: 'none',
    },
    os: { id: 'ubuntu', versionId: '24.04', codename: 'noble', kernel: '6.8.0-50-generic' },
    packages: {},
    modules: [],
    sysctl: {},
    units: {},
    time: { ntp: true, synchronized: true },
    ufw: { active: false, routed: 'deny', rules: [] },
    snaps: {},
    snapChanges: [],
    seeded: true,
    owners: {},
    faults: [],
    counts: noCounts(),
  };
}
