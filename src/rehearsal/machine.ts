import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ShimCall } from './call.ts';
import { answerCall, USER_VARIABLE } from './context.ts';
import { Fakes } from './fakes.ts';
import { ArmedFaults, type FaultKind, type Faults, formatFault } from './faults.ts';
import { rigFiles, simulated } from './files.ts';
import { login } from './login.ts';
import type { MachineSite, RigFiles } from './model/command.ts';
import type { WebHandler } from './model/contract.ts';
import type { RigState } from './model/state.ts';
import { type ExecSpec, Rig, type Started } from './rig.ts';
import { emptyTmp, makeDisk, mountSteps } from './rootfs.ts';
import type { Site } from './site.ts';
import { Unwritten } from './unwritten.ts';

/** Model seconds from the end of a machine's last process to its SSH server answering again. */
const BOOT_S = 30;
/** Model seconds for which a new file may be in memory only (ext4: dirty_expire_centisecs). */
const UNWRITTEN_S = 30;
const DOWN = 'down';

interface MachineEvents {
  /** Switched on: it answers. */
  up: [];
  /** Its processes are gone. `cut`: without a word to anybody, as when the power fails. */
  down: [cut: boolean];
  /** What is to go wrong was set anew. */
  armed: [];
  fault: [what: FaultKind];
}

/** One simulated machine, on or off. */
export class Machine extends EventEmitter<MachineEvents> {
  readonly state: RigState;
  readonly site: Site;
  readonly files: RigFiles;
  readonly unwritten: Unwritten;
  faults = new ArmedFaults([], 1, () => undefined);
  readonly #folder: string;
  readonly #modelSocket: string;
  readonly #fakes: Fakes;
  #rig: Rig | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #hostName = '';

  constructor(site: Site, state: RigState, index: number) {
    super();
    this.site = site;
    this.state = state;
    this.#folder = site.layout.rig(state.name);
    this.#modelSocket = site.sockets.model(index);
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const run = () => (this.#rig ? `/proc/${this.#rig.pid}/root` : undefined);
    this.unwritten = new Unwritten(join(this.#folder, 'root'));
    this.files = this.unwritten.synced(rigFiles(simulated({ folder: this.#folder, run })));
    this.#fakes = new Fakes(this.#folder);
  }

  get isUp(): boolean {
    return this.#rig !== undefined;
  }

  get busy(): boolean {
    return this.#rig?.busy === true || this.#timer !== undefined;
  }

  /** Switches the machine on. A fresh one gets its disk first; for any other this is a boot. */
  async powerOn(): Promise<void> {
    const { site, state } = this;
    const before = state.bootId;
    if (!existsSync(join(this.#folder, 'root/etc/passwd'))) {
      rmSync(join(this.#folder, 'root'), { recursive: true, force: true });
      makeDisk(this.#folder, state, site.model, site.authorizedKey);
      this.unwritten.syncAll();
    } else {
      state.bootId = randomUUID();
      state.bootedAt = site.world.now();
      emptyTmp(this.#folder);
    }
    const isFresh = state.bootId === before;
    state.faults = state.faults.filter((mark) => mark !== DOWN);
    this.changed();
    const paths = { folder: this.#folder, shims: site.layout.shims, modelSocket: this.#modelSocket };
    this.#hostName = this.files.read('/etc/hostname')?.trim() || state.name;
    const rig = await Rig.start({
      root: join(this.#folder, 'root'),
      hostname: this.#hostName,
      steps: mountSteps(state, paths, {
        simulated: Object.keys(site.commands),
        keep: site.keep,
        optional: site.model.optional,
      }),
      modelSocket: this.#modelSocket,
      onShim: (socket, hello, reader) => void answerCall(new ShimCall(socket, hello, reader), this),
      onEnd: () => this.#onRigEnd(),
    });
    this.#rig = rig;
    if (!isFresh) {
      site.model.boot?.(this.#modelSite());
      this.changed();
    }
    this.emit('up');
  }

  /** Switching off takes the rig away first: one that ends while it is there was killed from outside. */
  #onRigEnd(): void {
    if (!this.#rig || this.#stopped) return;
    this.site.log(`${this.state.name}: its first process was killed, it boots again`);
    this.rebootIn(0, true);
  }

  /** Ends all its processes. */
  async powerOff(cut = false): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const rig = this.#rig;
    if (!rig) return;
    this.#rig = undefined;
    await rig.stop();
    if (cut) this.unwritten.lose(this.#realMs(UNWRITTEN_S));
    this.mark(DOWN);
    this.site.model.down?.(this.#modelSite());
    this.changed();
    this.emit('down', cut);
  }

  #modelSite(): MachineSite {
    const { site, state, files } = this;
    return {
      rig: state,
      world: site.world.state,
      files,
      filesOf: (rig) => site.machine(rig)?.files,
      now: () => site.world.now(),
      next: () => site.next(),
      changed: () => this.changed(),
    };
  }

  /** Who answers at an address that this machine reaches; undefined: nobody. */
  reach(address: string, port: number): WebHandler | undefined {
    return this.isUp ? this.site.model.reach?.(this.#modelSite(), address, port) : undefined;
  }

  /** Lets the model know of something that happened to the machine. */
  mark(fault: string): void {
    if (!this.state.faults.includes(fault)) this.state.faults.push(fault);
  }

  /** As `powerOff`, for good: the server ends. */
  async dispose(): Promise<void> {
    this.#stopped = true;
    this.faults.disarm();
    await this.powerOff();
  }

  /** Goes down after so many model seconds and comes up again. */
  rebootIn(afterS: number, cut = false): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#reboot(cut), this.#realMs(afterS));
  }

  cancelReboot(): void {
    if (!this.#rig) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #reboot(cut: boolean): Promise<void> {
    await this.powerOff(cut);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.powerOn().catch((error: Error) => this.site.log(`${this.state.name} does not boot: ${error.message}`));
    }, this.#realMs(BOOT_S));
  }

  #realMs(seconds: number): number {
    return (seconds * 1000) / this.site.world.state.scale;
  }

  /** Stores the state soon and shows it under /proc and /sys at once. */
  changed(): void {
    this.#fakes.update(this.state);
    this.site.world.changed();
  }

  /** What is to go wrong with it from now on, instead of what was to before. */
  arm(faults: Faults): void {
    this.faults.disarm();
    this.state.faults = [...faults.machine.map(formatFault), ...faults.model, ...(this.isUp ? [] : [DOWN])];
    this.faults = new ArmedFaults(faults.machine, this.site.world.state.scale, (what) => this.emit('fault', what));
    this.emit('armed');
    this.changed();
  }

  /** Starts a program as `user` in that user's home, as a login does. Rejects when the machine is off. */
  exec(user: string, argv: readonly string[], env: Record<string, string> = {}): Promise<Started> {
    const { home, variables } = login(this.files, user);
    return this.#on().exec({ argv, cwd: home, env: { ...variables, ...env, [USER_VARIABLE]: user } });
  }

  /** Starts a program that only a reboot or its own end ends. */
  spawn(
    argv: readonly string[],
    env: Record<string, string>,
    done: (code: number) => void,
  ): { readonly pid: number; kill(signal: string): void } {
    const spec: ExecSpec = {
      argv,
      cwd: '/',
      env: { PATH: login(this.files, 'root').variables.PATH ?? '', ...env, [USER_VARIABLE]: 'root' },
    };
    const rig = this.#on();
    const { pid, exited, kill } = rig.detach(spec);
    exited.then(({ code, signal }) => {
      // With the machine goes whoever would have been told.
      if (this.#rig !== rig) return;
      done(signal > 0 ? 128 + signal : code);
      this.changed();
    });
    return {
      get pid() {
        return pid();
      },
      kill,
    };
  }

  /** The live name, which /etc/hostname sets at boot. */
  hostName(): string {
    return this.#hostName;
  }

  setHostName(name: string): void {
    this.#hostName = name;
    this.#rig?.setHostName(name);
  }

  kill(signal: string, pid: number): void {
    this.#rig?.kill(signal, pid);
  }

  #on(): Rig {
    if (!this.#rig) throw new Error(`${this.state.name} is off`);
    return this.#rig;
  }
}
