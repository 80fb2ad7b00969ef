import { rmSync } from 'node:fs';
import net from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2';
import type { FaultKind } from './faults.ts';
import { freshKeyPair, keyPair, publicBytes } from './keys.ts';
import { Link } from './link.ts';
import { account } from './login.ts';
import type { Machine } from './machine.ts';
import type { Started } from './rig.ts';
import { serveWeb } from './web.ts';

/** Real milliseconds by which a slow link delays each packet, each way. */
const SLOW_MS = 40;
/** A connection breaks in the middle of a command: this long after it said something. */
const DROP_AFTER_MS = 20;
const SILENT_MS = 1000;
/** Address and port that the machines see the user come from. */
const CLIENT = '10.255.255.254 50000';

/** The SSH server of one machine. It answers while the machine is on. */
export class SshFront {
  readonly #machine: Machine;
  readonly #socket: string;
  readonly #hostKey: { private: string; public: string };
  readonly #links = new Set<Link>();
  #listener: net.Server | undefined;
  #server: ssh2.Server | undefined;
  #falseServer: ssh2.Server | undefined;

  constructor(machine: Machine, socket: string) {
    this.#machine = machine;
    this.#socket = socket;
    this.#hostKey = keyPair(join(machine.site.layout.rig(machine.state.name), 'ssh_host_ed25519_key'));
    machine.on('up', () => this.#listen());
    machine.on('down', (cut) => this.#down(cut));
    machine.on('armed', () => this.#listen());
    machine.on('fault', (what) => this.#begin(what));
  }

  /** The public host key as the server shows it, base64. */
  get hostKey(): string {
    return publicBytes(this.#hostKey.private).toString('base64');
  }

  get connections(): number {
    return this.#links.size;
  }

  close(): void {
    this.#refuse();
    for (const link of this.#links) link.destroy();
  }

  #listen(): void {
    const { isUp, faults } = this.#machine;
    if (this.#listener || !isUp || faults.active('gone')) return;
    // After a power cut the machine knows nothing of its old connections and resets them.
    for (const link of this.#links) link.destroy();
    rmSync(this.#socket, { force: true });
    const listener = net.createServer((socket) => this.#accept(socket));
    listener.on('error', (error) => this.#machine.site.log(`${this.#socket}: ${error.message}`));
    listener.listen(this.#socket);
    this.#listener = listener;
  }

  #refuse(): void {
    this.#listener?.close();
    this.#listener = undefined;
    rmSync(this.#socket, { force: true });
  }

  #down(cut: boolean): void {
    this.#refuse();
    if (!cut) for (const link of this.#links) link.destroy();
  }

  #accept(socket: net.Socket): void {
    const link = new Link(socket, {
      delayMs: () => (this.#machine.faults.active('slow') ? SLOW_MS : 0),
      pass: (chunk) => this.#pass(chunk),
    });
    this.#links.add(link);
    link.on('close', () => this.#links.delete(link));
    link.on('error', () => link.destroy());
    this.#serverNow().injectSocket(link as unknown as net.Socket);
  }

  #serverNow(): ssh2.Server {
    if (this.#machine.faults.active('badkey')) {
      this.#falseServer ??= this.#makeServer(freshKeyPair().private);
      return this.#falseServer;
    }
    this.#server ??= this.#makeServer(this.#hostKey.private);
    return this.#server;
  }

  #makeServer(hostKey: string): ssh2.Server {
    return new ssh2.Server({ hostKeys: [hostKey], ident: 'OpenSSH_9.6p1 Ubuntu-3ubuntu13' }, (client) => {
      client.on('error', () => undefined);
      let user = '';
      client.on('authentication', (context) => {
        user = context.username;
        this.#authenticate(context);
      });
      client.on('ready', () => this.#serve(client, user));
    });
  }

  #authenticate(context: AuthContext): void {
    if (this.#mayLogIn(context)) context.accept();
    else context.reject(['publickey', 'password']);
  }

  #mayLogIn(context: AuthContext): boolean {
    const { files, state } = this.#machine;
    const home = account(files, context.username)?.home;
    if (home === undefined) return false;
    if (context.method === 'publickey') return this.#isAuthorized(`${home}/.ssh/authorized_keys`, context);
    return context.method === 'password' && context.password === state.sudo.password;
  }

  #isAuthorized(path: string, context: ssh2.PublicKeyAuthContext): boolean {
    for (const line of (this.#machine.files.read(path) ?? '').split('\n')) {
      const key = /^\s*(?:#|$)/.test(line) ? undefined : ssh2.utils.parseKey(line);
      if (!key || key instanceof Error || !key.getPublicSSH().equals(context.key.data)) continue;
      if (!context.signature || !context.blob) return true;
      return key.verify(context.blob, context.signature, context.hashAlgo) === true;
    }
    return false;
  }

  #serve(client: Connection, user: string): void {
    client.on('session', (accept) => {
      const session = accept();
      session.on('exec', (acceptExec, _reject, { command }) => {
        this.#exec(user, command, acceptExec(), (onSignal) =>
          session.on('signal', (_a, _r, { name }) => onSignal(name)),
        );
      });
      session.on('env', (_accept, reject) => reject?.());
      session.on('pty', (_accept, reject) => reject?.());
    });
    client.on('tcpip', (accept, reject, { destIP, destPort }) => {
      const handler = this.#machine.reach(destIP, destPort);
      if (handler) serveWeb(accept(), handler);
      else reject();
    });
  }

  #exec(user: string, command: string, channel: ServerChannel, signals: (on: (name: string) => void) => void): void {
    const machine = this.#machine;
    machine.state.counts.execs++;
    machine.changed();
    const faults = machine.faults.exec();
    channel.on('error', () => undefined);
    if (faults.includes('gone')) {
      this.#begin('gone');
      return;
    }
    const env = { SSH_CLIENT: `${CLIENT} 22`, SSH_CONNECTION: `${CLIENT} ${machine.state.address} 22` };
    machine.exec(user, ['/bin/bash', '-c', command], env).then(
      (started) => {
        signals((name) => machine.kill(name, -started.pid));
        connect(started, channel);
        if (faults.length > 0) inTheMiddle(started, () => this.#beginAll(faults));
      },
      () => channel.close(),
    );
  }

  /** A connection may break in the middle of a packet: what came before still arrives. */
  #pass(chunk: Buffer): Buffer {
    const { state, faults } = this.#machine;
    state.counts.bytes += chunk.length;
    const { passing, begun } = faults.bytes(chunk.length);
    if (begun.length > 0) setImmediate(() => this.#beginAll(begun));
    return chunk.subarray(0, passing);
  }

  #beginAll(faults: readonly FaultKind[]): void {
    for (const what of faults) this.#begin(what);
  }

  #begin(what: FaultKind): void {
    if (what === 'drop' || what === 'gone') for (const link of this.#links) link.destroy();
    if (what === 'gone') {
      this.#refuse();
      this.#machine.mark('gone');
    }
    // Without power nobody says that it is gone.
    if (what === 'freeze' || what === 'power') for (const link of this.#links) link.freeze();
    if (what === 'power') this.#machine.rebootIn(0, true);
  }
}

/** While the command works: it has said something, or is silent for long. */
function inTheMiddle(started: Started, act: () => void): void {
  const silent = setTimeout(act, SILENT_MS);
  started.stdout.once('data', () => {
    clearTimeout(silent);
    setTimeout(act, DROP_AFTER_MS);
  });
}

function connect(started: Started, channel: ServerChannel): void {
  const { stdin, stdout, stderr } = started;
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => stream.destroy());
  channel.pipe(stdin);
  stdout.pipe(channel, { end: false });
  stderr.pipe(channel.stderr, { end: false });
  const ended = (stream: net.Socket) => new Promise<void>((resolve) => stream.once('close', () => resolve()));
  // Their other halves are of no use, but would keep them open.
  for (const stream of [stdout, stderr]) stream.end();
  let open = true;
  channel.on('close', () => {
    open = false;
    // The command goes on; it reads the end of its input, and a signal tells it when it writes.
    for (const stream of [stdin, stdout, stderr]) stream.destroy();
  });
  void Promise.all([started.exited, ended(stdout), ended(stderr)]).then(([status]) => {
    if (!open) return;
    if (status.signal > 0) channel.exit(signalName(status.signal), false, '');
    else channel.exit(status.code);
    stdin.destroy();
    // Each may still hold what the client has no room for.
    channel.stderr.end(() => channel.end());
  });
}

/** As in SSH: without SIG. */
function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return (found?.[0] ?? 'SIGTERM').replace(/^SIG/, '');
}
