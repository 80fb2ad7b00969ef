import { frame } from '../shell/launcher.ts';
import { type Clock, type ExecOptions, type ExecResult, HostError, type Session } from './host.ts';
import { WireSession } from './session.ts';
import { isRefusal, nextPassword, type SudoPasswords } from './sudo.ts';
import { abortable, fuse, Slots } from './waiting.ts';
import { Bytes, type Ending, Intake, Tail, type Wire } from './wire.ts';

const DEFAULT_MAX_BYTES = 64 << 20;
/** sshd takes ten sessions a connection; some of them are the lock and the jobs that are followed. */
const MOST_EXECS = 4;
/** Seconds in which the launcher and sudo must have started a script that talks. */
const START_S = 30;

/** What a kind of machine gives to run scripts on it. */
export interface RunnerOptions {
  readonly name: string;
  /** Name and address, for people. */
  where(): string;
  user(): string;
  readonly clock: Clock;
  readonly rights: 'root' | 'user';
  readonly passwords: SudoPasswords;
  /** Makes sure that `start` can be called; has its own time limit. */
  prepare(): Promise<void>;
  /** Starts the launcher. */
  start(): Promise<Wire>;
}

interface Outcome {
  readonly started: boolean;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly ending: Ending;
  readonly noise: string;
}

/** Runs scripts over wires, the same way for every kind of machine. */
export class Runner {
  execs = 0;
  readonly #o: RunnerOptions;
  readonly #slots = new Slots(MOST_EXECS);

  constructor(options: RunnerOptions) {
    this.#o = options;
  }

  /** See `Host.exec`. */
  async exec(script: string, options: ExecOptions): Promise<ExecResult> {
    return this.#slots.run(async () => {
      let password = this.#o.passwords.known(this.#o.name);
      for (;;) {
        const it = await this.#collect(this.#payload(script, false, password), options);
        if (it.started) {
          if (password !== undefined) this.#o.passwords.accepted(this.#o.name, password);
          return { stdout: it.stdout, stderr: it.stderr, code: this.#code(it.ending) };
        }
        password = await this.#again(it.ending, it.stderr, it.noise, password);
        options.signal?.throwIfAborted();
      }
    }, options.signal);
  }

  /** See `Host.open`. Takes none of the slots: the lock is held for a whole run. */
  async open(script: string): Promise<Session> {
    let password = this.#o.passwords.known(this.#o.name);
    for (;;) {
      await this.#o.prepare();
      const end = fuse(this.#o.clock.deadlineMs(START_S), () => this.#late('the script did not start', START_S));
      const start = this.#start();
      try {
        const wire = await Promise.race([start, end.blown]);
        const intake = new Intake();
        const stderr = new Tail();
        wire.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
        const session = new WireSession(wire, intake, this.#o.clock, (s) => this.#late('no line came', s));
        wire.stdin.write(this.#payload(script, true, password));
        await Promise.race([session.begun, end.blown]);
        if (intake.started) {
          if (password !== undefined) this.#o.passwords.accepted(this.#o.name, password);
          return session;
        }
        password = await this.#again(await wire.ended, stderr.toString(), intake.noise, password);
      } catch (error) {
        letGo(start);
        throw error;
      } finally {
        end.putOut();
      }
    }
  }

  #start(): Promise<Wire> {
    this.execs++;
    return this.#o.start();
  }

  #payload(script: string, talks: boolean, password: string | undefined): string {
    return `${password ?? ''}\n${frame(script, { rights: this.#o.rights, talks })}`;
  }

  async #collect(payload: string, options: ExecOptions): Promise<Outcome> {
    const { signal, deadlineS, onStdout, maxBytes = DEFAULT_MAX_BYTES } = options;
    await abortable(this.#o.prepare(), signal);
    const end = fuse(this.#o.clock.execMs(deadlineS), () => this.#late('the command did not end', deadlineS), signal);
    const start = this.#start();
    try {
      const wire = await Promise.race([start, end.blown]);
      return await Promise.race([this.#listen(wire, payload, maxBytes, onStdout), end.blown]);
    } catch (error) {
      letGo(start);
      throw error;
    } finally {
      end.putOut();
    }
  }

  async #listen(wire: Wire, payload: string, maxBytes: number, onStdout?: (chunk: Buffer) => void): Promise<Outcome> {
    const intake = new Intake();
    const stderr = new Tail();
    const stdout = new Bytes();
    let size = 0;
    const flooded = new Promise<never>((_, reject) => {
      // What comes before the script and what goes to standard error count as well: neither may go on without end.
      const isTooMuch = (chunk: Buffer): boolean => {
        size += chunk.length;
        if (size > maxBytes) reject(this.#flood(maxBytes));
        return size > maxBytes;
      };
      wire.stdout.on('data', (chunk: Buffer) => {
        const part = intake.take(chunk);
        if (isTooMuch(chunk) || part.length === 0) return;
        stdout.add(part);
        onStdout?.(part);
      });
      wire.stderr.on('data', (chunk: Buffer) => {
        if (!isTooMuch(chunk)) stderr.add(chunk);
      });
    });
    wire.stdin.end(payload);
    const ending = await Promise.race([wire.ended, flooded]);
    return { started: intake.started, stdout: stdout.view(), stderr: stderr.toString(), ending, noise: intake.noise };
  }

  #code(ending: Ending): number {
    if ('code' in ending) return ending.code;
    throw new HostError('lost', {
      where: this.#o.where(),
      seen: `the connection went away while a command ran: ${ending.lost}`,
      why: 'the network, the machine or its SSH server went down; the command may or may not have finished',
      next: ['run the same mlk8s command again: it looks at what is there and goes on'],
    });
  }

  /** The password to try again with, after an ending before the script was started. */
  async #again(ending: Ending, stderr: string, noise: string, password: string | undefined): Promise<string> {
    const code = this.#code(ending);
    const { name: host, passwords } = this.#o;
    const [where, user] = [this.#o.where(), this.#o.user()];
    if (isRefusal(code, stderr)) return nextPassword({ host, where, user, code, stderr, password }, passwords);
    const said = [noise, stderr.trim()].filter(Boolean).join('\n').slice(-300);
    throw new HostError('auth', {
      where,
      seen: `the login of ${user} gave no shell: exit ${code}${said ? `, ${said}` : ''}`,
      why: 'the account has no usable login shell, bash is missing, or its start files end the shell',
      next: [`see what it does: ssh to the machine as ${user} and type bash --version`],
    });
  }

  #late(what: string, seconds: number): HostError {
    return new HostError('deadline', {
      where: this.#o.where(),
      seen: `${what} within ${seconds} s`,
      why: 'the machine is overloaded or hangs, or the network to it does',
      next: ['run the same mlk8s command again; if it stays so, look at the machine: uptime, dmesg -T | tail'],
    });
  }

  #flood(maxBytes: number): HostError {
    return new HostError('flood', {
      where: this.#o.where(),
      seen: `a command printed more than ${maxBytes} bytes`,
      next: ['run the same mlk8s command again; if it stays so, report it with the output of mlk8s logs'],
    });
  }
}

/** Closes what `start` made or still makes. */
function letGo(start: Promise<Wire>): void {
  start.then(
    (wire) => wire.close(),
    () => {},
  );
}
