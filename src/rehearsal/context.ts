import { setTimeout as wait } from 'node:timers/promises';
import { CallerGone, type ChildStatus, type ProgramSpec, type ShimCall } from './call.ts';
import type { Machine } from './machine.ts';
import type { CommandContext, RigFiles } from './model/command.ts';
import type { RigState, WorldState } from './model/state.ts';
import { REAL_USR } from './rootfs.ts';

/** Who is pretended to run a program; every process of a machine is root in truth. */
export const USER_VARIABLE = 'MLK8S_RIG_USER';

/** What a program has written may not be longer than a signal is late: real work is not scaled. */
const TIMEOUT_GRACE_MS = 3000;

/** What the programs of the machine itself (sudo, timeout, date …) may do beyond the model's. */
export class HostContext implements CommandContext {
  readonly call: ShimCall;
  readonly machine: Machine;
  readonly user: string;

  constructor(call: ShimCall, machine: Machine) {
    this.call = call;
    this.machine = machine;
    this.user = call.env[USER_VARIABLE] ?? 'root';
  }

  get rig(): RigState {
    return this.machine.state;
  }
  get world(): WorldState {
    return this.machine.site.world.state;
  }
  get args(): readonly string[] {
    return this.call.args;
  }
  get name(): string {
    return this.call.name;
  }
  get env(): Readonly<Record<string, string>> {
    return this.call.env;
  }
  get cwd(): string {
    return this.call.cwd;
  }
  get files(): RigFiles {
    return this.machine.files;
  }

  filesOf(rig: string): RigFiles | undefined {
    return this.machine.site.machine(rig)?.files;
  }

  stdin(): Promise<Buffer> {
    return this.call.stdin();
  }

  out(text: string): void {
    this.call.out(text);
  }

  err(text: string): void {
    this.call.err(text);
  }

  now(): number {
    return this.machine.site.world.now();
  }

  async sleep(seconds: number): Promise<void> {
    if (this.call.gone.aborted) throw new CallerGone();
    const ms = Math.min((Math.max(0, seconds) * 1000) / this.world.scale, 2 ** 31 - 1);
    await wait(ms, undefined, { signal: this.call.gone }).catch(() => {
      throw new CallerGone();
    });
  }

  async run(
    argv: readonly string[],
    options: { user?: string; timeoutS?: number; env?: Record<string, string> } = {},
  ): Promise<number> {
    const env = { ...options.env, ...(options.user !== undefined && { [USER_VARIABLE]: options.user }) };
    const { timeoutS } = options;
    if (timeoutS === undefined) return exitCode(await (await this.child({ argv, env }, false)).ended);
    const { ended, late } = await this.limited({ argv, env }, timeoutS, 'TERM');
    return late ? 124 : exitCode(ended);
  }

  /** Starts a program under the caller. A simulated program that starts itself by full path gets the real one. */
  child(spec: ProgramSpec, group: boolean): ReturnType<ShimCall['child']> {
    return this.call.child({ ...spec, argv: this.#real(spec.argv) }, group);
  }

  become(spec: ProgramSpec): void {
    this.call.become({ ...spec, argv: this.#real(spec.argv) });
  }

  /** Runs a program that gets `signal` after `seconds`; `killAfter` more seconds later it is killed. */
  async limited(
    spec: ProgramSpec,
    seconds: number,
    signal: string,
    killAfter?: number,
  ): Promise<{ ended: ChildStatus; late: boolean; killed: boolean }> {
    const { pid, ended } = await this.child(spec, true);
    let late = false;
    let killed = false;
    const after = (s: number, act: () => void) =>
      setTimeout(act, Math.min((s * 1000) / this.world.scale + TIMEOUT_GRACE_MS, 2 ** 31 - 1));
    let timer: NodeJS.Timeout | undefined;
    if (seconds > 0) {
      timer = after(seconds, () => {
        late = true;
        this.machine.kill(signal, pid);
        if (killAfter === undefined) return;
        timer = after(killAfter, () => {
          killed = true;
          this.machine.kill('KILL', pid);
        });
      });
    }
    try {
      return { ended: await ended, late, killed };
    } finally {
      clearTimeout(timer);
    }
  }

  #real(argv: readonly string[]): readonly string[] {
    const [program = '', ...args] = argv;
    const own = program === `/usr/bin/${this.name}` || program === `/usr/sbin/${this.name}`;
    return own ? [program.replace(/^\/usr/, REAL_USR), ...args] : argv;
  }

  spawn(
    argv: readonly string[],
    env: Record<string, string>,
    done: (code: number) => void,
  ): { readonly pid: number; kill(signal: string): void } {
    return this.machine.spawn(argv, env, done);
  }

  reboot(afterS: number): void {
    this.machine.rebootIn(afterS);
  }

  changed(): void {
    this.machine.changed();
  }

  next(): number {
    return this.machine.site.next();
  }
}

/** The status a shell would show. */
export function exitCode(status: ChildStatus): number {
  return status.signal > 0 ? 128 + status.signal : status.code;
}

/** Runs the simulated program that was called. What fails in the simulation itself is logged, and said to the caller. */
export async function answerCall(call: ShimCall, machine: Machine): Promise<void> {
  const { site, state } = machine;
  const command = site.commands[call.name];
  try {
    if (!command) throw new Error('no such simulated program');
    call.exit(await command(new HostContext(call, machine)));
  } catch (error) {
    if (error instanceof CallerGone || call.gone.aborted) return;
    site.log(`${state.name}: ${[call.name, ...call.args].join(' ')}: ${(error as Error).stack}`);
    call.err(`${call.name}: the rehearsal failed to simulate this: ${(error as Error).message}\n`);
    call.exit(70);
  }
}
