import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import net from 'node:net';
import type { Writable } from 'node:stream';
import { type Frame, FrameReader, frame, join, split } from './frames.ts';
import { cannotSimulate } from './no-namespaces.ts';
import { template } from './paths.ts';

/** One line of what is mounted or made before the machine starts: what, from where (or how), where in the machine. */
export type MountStep = readonly [
  what: 'bind' | 'ro' | 'tmpfs' | 'proc' | 'devpts' | 'mkdir' | 'file' | 'link',
  from: string,
  to: string,
];

/** What the namespaces of a machine are made with. */
export interface RigSpec {
  /** The machine's disk. */
  readonly root: string;
  readonly hostname: string;
  readonly steps: readonly MountStep[];
  /** Socket that shims and the streams of started programs connect to; it is at /dev/mlk8s-model inside. */
  readonly modelSocket: string;
  /** A simulated program was called: the connection and its first frame; `reader` holds what came after it. */
  readonly onShim: (socket: net.Socket, hello: Frame, reader: FrameReader) => void;
  /** The machine ended, whoever did it. */
  readonly onEnd: () => void;
}

/** A program that runs inside. */
export interface Started {
  /** Process id inside the machine. */
  readonly pid: number;
  /** The streams are paused: `pipe` or `resume` them. */
  readonly stdin: net.Socket;
  readonly stdout: net.Socket;
  readonly stderr: net.Socket;
  readonly exited: Promise<ExitStatus>;
}

/** How a program ended. */
export interface ExitStatus {
  readonly code: number;
  /** Number of the signal that it died of, or 0. */
  readonly signal: number;
}

/** A program to start, with all of its environment. */
export interface ExecSpec {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Pending {
  readonly id: string;
  /** undefined when nobody wants them. */
  readonly streams: (net.Socket | undefined)[] | undefined;
  pid: number;
  over: boolean;
  readonly started: (done: Started | Error) => void;
  readonly exited: Promise<ExitStatus>;
  readonly exit: (status: ExitStatus) => void;
}

/** A machine that is switched on: its namespaces and its first process. Switched on again it is a new object. */
export class Rig {
  /** Process id of the machine's first process as this machine sees it. */
  pid = 0;
  readonly #spec: RigSpec;
  readonly #process: ChildProcess;
  readonly #control: Writable;
  readonly #listener: net.Server;
  readonly #running = new Map<string, Pending>();
  readonly #ended: Promise<void>;
  #isUp = false;
  #counter = 0;

  private constructor(spec: RigSpec, listener: net.Server) {
    this.#spec = spec;
    this.#listener = listener;
    listener.on('connection', (socket) => this.#onConnection(socket));
    const child = spawn('/usr/bin/perl', [template('rig.pl')], { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
    this.#process = child;
    this.#control = child.stdin;
    this.#control.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      child.once('close', () => resolve());
      child.once('error', () => resolve());
    });
    this.#ended.then(() => this.#onEnd());
  }

  /** Switches a machine on. Throws UserError where this computer does not allow namespaces. */
  static async start(spec: RigSpec): Promise<Rig> {
    rmSync(spec.modelSocket, { force: true });
    const listener = net.createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(spec.modelSocket, resolve);
    });
    const rig = new Rig(spec, listener);
    await rig.#boot();
    return rig;
  }

  #boot(): Promise<void> {
    const reader = new FrameReader(false);
    return new Promise((resolve, reject) => {
      const failed = (what: string, why: string) => reject(cannotSimulate(what, why));
      this.#process.once('error', (error) => failed('start perl', error.message));
      this.#ended.then(() => failed('start', 'its first process ended'));
      this.#process.stdout?.on('data', (chunk: Buffer) => {
        reader.push(chunk);
        for (let next = reader.next(); next !== undefined; next = reader.next()) {
          const [what = '', ...fields] = split(next.body);
          if (what === 'up') {
            this.#isUp = true;
            resolve();
          } else if (what === 'fail') failed(fields[0] ?? '', fields[1] ?? '');
          else this.#onAnswer(what, fields);
        }
      });
      this.#send([this.#spec.root, this.#spec.hostname, ...this.#spec.steps.flat()]);
    });
  }

  #send(fields: readonly (string | number)[]): void {
    if (this.#control.writable) this.#control.write(frame(join(fields)));
  }

  #onAnswer(what: string, fields: readonly string[]): void {
    if (what === 'pid') {
      this.pid = Number(fields[0]);
      return;
    }
    const [id = '', number = '0', signal = '0'] = fields;
    const pending = this.#running.get(id);
    if (!pending) return;
    if (what === 'started') {
      pending.pid = Number(number);
      this.#settle(pending);
    } else {
      pending.over = true;
      pending.exit({ code: Number(number), signal: Number(signal) });
      // A program may end before its streams have arrived here.
      if (!pending.streams || connected(pending)) this.#running.delete(id);
    }
  }

  #onConnection(socket: net.Socket): void {
    const reader = new FrameReader(true);
    socket.on('error', () => socket.destroy());
    const onData = (chunk: Buffer) => {
      reader.push(chunk);
      const first = reader.next();
      if (!first) return;
      socket.off('data', onData);
      socket.pause();
      if (first.type === 'S') this.#onStream(socket, first, reader.rest());
      else this.#spec.onShim(socket, first, reader);
    };
    socket.on('data', onData);
  }

  #onStream(socket: net.Socket, first: Frame, rest: Buffer): void {
    const [id = '', fd = ''] = split(first.body);
    const pending = this.#running.get(id);
    if (!pending?.streams) {
      socket.destroy();
      return;
    }
    if (rest.length > 0) socket.unshift(rest);
    pending.streams[Number(fd)] = socket;
    if (pending.over && connected(pending)) this.#running.delete(id);
    this.#settle(pending);
  }

  #settle(pending: Pending): void {
    const [stdin, stdout, stderr] = pending.streams ?? [];
    if (!pending.pid || !stdin || !stdout || !stderr) return;
    pending.started({ pid: pending.pid, stdin, stdout, stderr, exited: pending.exited });
  }

  /** Starts a program with its standard streams at hand. */
  exec(spec: ExecSpec): Promise<Started> {
    return new Promise((resolve, reject) => {
      this.#launch(spec, true, (done) => (done instanceof Error ? reject(done) : resolve(done)));
    });
  }

  /** Starts a program that talks to nobody. The process id comes later: 0 until then. */
  detach(spec: ExecSpec): { pid(): number; exited: Promise<ExitStatus>; kill(signal: string): void } {
    const pending = this.#launch(spec, false, () => undefined);
    const kill = (signal: string) => this.#send(['end', signal.replace(/^SIG/, ''), pending.id]);
    return { pid: () => pending.pid, exited: pending.exited, kill };
  }

  #launch(spec: ExecSpec, streams: boolean, started: Pending['started']): Pending {
    let exit: Pending['exit'] = () => undefined;
    const exited = new Promise<ExitStatus>((resolve) => {
      exit = resolve;
    });
    const id = String(++this.#counter);
    const pending: Pending = { id, streams: streams ? [] : undefined, pid: 0, over: false, started, exited, exit };
    if (!this.#isUp) {
      started(new Error('the machine is off'));
      exit({ code: 255, signal: 9 });
      return pending;
    }
    this.#running.set(id, pending);
    const env = Object.entries(spec.env).map(([key, value]) => `${key}=${value}`);
    this.#send(['exec', id, streams ? 1 : 0, spec.cwd, spec.argv.length, ...spec.argv, ...env]);
    return pending;
  }

  /** Sends a signal to a process of the machine; a negative number is a process group. */
  kill(signal: string, pid: number): void {
    this.#send(['kill', signal.replace(/^SIG/, ''), pid]);
  }

  setHostName(name: string): void {
    this.#send(['hostname', name]);
  }

  /** Whether anything runs that was started with `exec` or `detach`. */
  get busy(): boolean {
    return this.#running.size > 0;
  }

  /** Cuts the power: every process in it is gone when this resolves. */
  async stop(): Promise<void> {
    // Its first process, not the one that waits for it: that one ends only when the kernel has ended all the others.
    if (this.pid && this.#isUp) process.kill(this.pid, 'SIGKILL');
    else this.#process.kill('SIGKILL');
    this.#control.destroy();
    await this.#ended;
  }

  #onEnd(): void {
    this.#isUp = false;
    this.#listener.close();
    rmSync(this.#spec.modelSocket, { force: true });
    for (const pending of this.#running.values()) {
      pending.started(new Error('the machine went down'));
      pending.exit({ code: 255, signal: 9 });
    }
    this.#running.clear();
    this.#spec.onEnd();
  }
}

function connected(pending: Pending): boolean {
  return [0, 1, 2].every((fd) => pending.streams?.[fd] !== undefined);
}
