import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { ExitCode, UserError } from '../errors.ts';
import { rehearsalDir } from '../paths.ts';
import { type Answer, onLines, type Request } from './messages.ts';
import { buildId, bundledServer, layout, sockets } from './paths.ts';

const START_MS = 15_000;
const POLL_MS = 15;
/** flock says so when another server has the folder. */
const LOCKED = 75;

/** Connects to a unix socket; undefined when nobody listens. */
export function dial(path: string): Promise<net.Socket | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

/** A connection to the server of a rehearsal, which keeps it alive while it is open. */
export class Control {
  readonly socket: net.Socket;
  readonly #waiting: ((answer: Answer) => void)[] = [];

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      for (const tell of this.#waiting.splice(0))
        tell({ problems: [], message: 'the rehearsal has ended', exitCode: ExitCode.failed });
    });
    // A client that is done with everything else need not wait for this connection.
    socket.unref();
  }

  /** Sends a request and waits for its answer. Throws UserError. */
  async ask(request: Exclude<Request, { op: 'exec' }>): Promise<unknown> {
    this.socket.ref();
    if (this.#waiting.length === 0 && this.socket.listenerCount('data') === 0) {
      onLines(this.socket, (line) => this.#waiting.shift()?.(JSON.parse(line) as Answer));
    }
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.push(resolve);
      this.socket.write(`${JSON.stringify(request)}\n`);
    });
    this.socket.unref();
    if ('ok' in answer) return answer.ok;
    throw asUserError(answer);
  }

  close(): void {
    this.socket.end();
  }
}

/** What the server says went wrong, as it was thrown there. */
export function asUserError(answer: Exclude<Answer, { ok: unknown }>): UserError {
  const { problems, message, exitCode } = answer;
  return new UserError(problems.length > 0 ? problems : { where: 'rehearsal', seen: message, next: [] }, exitCode);
}

/** The server of a cluster's rehearsal; started from `program` when there is none. Throws UserError. */
export async function control(cluster: string, program = bundledServer()): Promise<Control> {
  const dir = rehearsalDir(cluster);
  if (process.platform !== 'linux') throw notLinux();
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = sockets(dir).control;
  const end = Date.now() + START_MS;
  let starting: { code: number | null | undefined } | undefined;
  while (Date.now() < end) {
    const socket = await dial(path);
    const found = socket && new Control(socket);
    if (found && (await isOurs(found, program))) return found;
    // It is of another version of mlk8s; its machines boot again under ours.
    if (found) await found.ask({ op: 'stop' }).catch(() => undefined);
    if (starting?.code !== undefined && starting.code !== LOCKED) throw notStarted(dir);
    // One that is just ending still holds the lock: try until it has gone.
    if (!starting || starting.code === LOCKED) starting = start(dir, cluster, program);
    await wait(POLL_MS);
  }
  throw notStarted(dir);
}

async function isOurs(server: Control, program: string | undefined): Promise<boolean> {
  const build = await server.ask({ op: 'build' });
  return build === null || program === undefined || build === buildId(program);
}

/** The server that runs for a cluster, if one does. */
export async function runningControl(cluster: string): Promise<Control | undefined> {
  const socket = await dial(sockets(rehearsalDir(cluster)).control);
  return socket && new Control(socket);
}

/** The server that runs for a cluster, of whatever version, or a new one. Throws UserError. */
export async function attach(cluster: string): Promise<Control> {
  return (await runningControl(cluster)) ?? control(cluster);
}

/** Starts a server that outlives this process. The lock lets only one live per folder. */
function start(dir: string, cluster: string, program: string | undefined): { code: number | null | undefined } {
  if (program === undefined) throw new Error('dist/rehearsal-server.js is missing: npm run build');
  const files = layout(dir);
  const log = openSync(files.log, 'a', 0o600);
  const argv = ['-n', '-F', '-E', String(LOCKED), files.lock, process.execPath, program, dir, cluster];
  // It lives on for long, and the password of real machines is not for it.
  const { MLK8S_SUDO_PASSWORD: _, ...env } = process.env;
  const child = spawn('flock', argv, { detached: true, stdio: ['ignore', log, log], cwd: '/', env });
  const state: { code: number | null | undefined } = { code: undefined };
  child.on('error', () => {
    state.code = 127;
  });
  child.on('exit', (code) => {
    state.code = code;
  });
  child.unref();
  return state;
}

function notLinux(): UserError {
  return new UserError({
    where: 'rehearsal',
    seen: `this computer runs ${process.platform}, and simulated machines need Linux`,
    why: 'they are made of Linux namespaces',
    next: [
      'run mlk8s in an Ubuntu virtual machine, for example: multipass launch --name mlk8s && multipass shell mlk8s',
    ],
  });
}

function notStarted(dir: string): UserError {
  const log = layout(dir).log;
  const said = readFileSync(log, 'utf8').trim().split('\n').slice(-3).join(' | ');
  return new UserError({
    where: 'rehearsal',
    seen: `the server of the simulated machines did not start: ${said || 'it said nothing'}`,
    next: [`look at ${log}`, 'begin anew: mlk8s rehearsal reset'],
  });
}
