import type { Duplex } from 'node:stream';
import { launcher } from '../shell/launcher.ts';
import type { Clock, ExecOptions, ExecResult, Host, Session } from './host.ts';
import { me } from './me.ts';
import { Runner } from './runner.ts';
import { dial } from './streams.ts';
import { noPasswords, type SudoPasswords } from './sudo.ts';
import { ending, type Wire } from './wire.ts';

/** The machine that mlk8s runs on. */
export interface LocalOptions {
  readonly name: string;
  readonly clock: Clock;
  /** Environment of what is started; default: ours. */
  readonly env?: NodeJS.ProcessEnv;
}

class ProcessHost implements Host {
  readonly name: string;
  readonly clock: Clock;
  readonly #runner: Runner;
  readonly #wires = new Set<Wire>();

  constructor(options: LocalOptions, rights: 'root' | 'user', passwords: SudoPasswords) {
    this.name = options.name;
    this.clock = options.clock;
    this.#runner = new Runner({
      name: options.name,
      where: () => `${options.name} (this machine)`,
      user: () => me().name,
      clock: options.clock,
      rights,
      passwords,
      prepare: async () => {},
      start: () => this.#start(rights, options.env ?? process.env),
    });
  }

  get execs(): number {
    return this.#runner.execs;
  }

  exec(script: string, options: ExecOptions): Promise<ExecResult> {
    return this.#runner.exec(script, options);
  }

  open(script: string): Promise<Session> {
    return this.#runner.open(script);
  }

  connect(address: string, port: number): Promise<Duplex> {
    return dial(`${this.name} (this machine)`, address, port);
  }

  async close(): Promise<void> {
    for (const wire of this.#wires) wire.close();
  }

  async #start(rights: 'root' | 'user', env: NodeJS.ProcessEnv): Promise<Wire> {
    const wire = await spawn(launcher(rights), env);
    this.#wires.add(wire);
    wire.ended.then(() => this.#wires.delete(wire));
    return wire;
  }
}

/** The machine that mlk8s runs on, as a node of the cluster: a root shell. */
export class LocalHost extends ProcessHost {
  constructor(options: LocalOptions & { readonly passwords?: SudoPasswords }) {
    super(options, 'root', options.passwords ?? noPasswords);
  }
}

/** The machine that mlk8s runs on, as the user's own: no sudo. */
export class WorkstationHost extends ProcessHost {
  constructor(options: LocalOptions) {
    super(options, 'user', noPasswords);
  }
}

async function spawn(command: string, env: NodeJS.ProcessEnv): Promise<Wire> {
  const { execa } = await import('execa');
  const child = execa('sh', ['-c', command], {
    // A session of its own: Ctrl-C in the terminal is for us, and sudo must not find the terminal.
    detached: true,
    buffer: false,
    reject: false,
    extendEnv: false,
    env,
    cwd: '/',
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    encoding: 'buffer',
  });
  // EPIPE of a launcher that ended early; its exit code says why.
  child.stdin.on('error', () => {});
  const ended = child.then((it) => ending(it.exitCode, it.signal, it.shortMessage ?? 'the process went away'));
  const close = () => {
    const { pid } = child;
    if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-pid, 'SIGTERM');
    } catch {
      // Ended meanwhile, or it is root's: end of input and of output is all that can be done.
    }
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
  };
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, close };
}
