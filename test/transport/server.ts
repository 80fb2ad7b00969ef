import { spawn } from 'node:child_process';
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import ssh2, { type Connection, type ServerChannel, type ServerConfig } from 'ssh2';
import { rootEnv } from './fakes.ts';
import { makeKey, type TestKey } from './keys.ts';

/** What a server does with a connection or a command, for tests that want trouble. */
export interface Behaviour {
  /** At each TCP connection; true: the socket is taken care of, no SSH. */
  onSocket?(socket: Socket, nth: number): boolean | undefined;
  /** At each exec; true: taken care of. */
  onExec?(it: { channel: ServerChannel; socket: Socket; command: string; nth: number }): boolean | undefined;
  /** Refuses the exec request itself. */
  refuseExec?: boolean;
  /** Sessions of one connection that may be open at once; sshd has 10. */
  maxSessions?: number;
  /** Wrong logins of one connection after which the server hangs up; sshd has 6. */
  maxAuthTries?: number;
  hostKeys?: readonly TestKey[];
  /** Public keys that may log in; default: any. */
  authorized?: readonly TestKey[];
  password?: string;
  /** Answers no login at all. */
  silentAuth?: boolean;
  /** Environment of the commands. */
  env?: NodeJS.ProcessEnv;
  /** The login shell; default sh. */
  shell?: string;
  /** Where direct-tcpip leads, whatever was asked for; undefined: as asked. */
  forward?: boolean;
  algorithms?: ServerConfig['algorithms'];
}

export interface TestServer {
  readonly port: number;
  readonly hostKey: TestKey;
  readonly commands: string[];
  readonly sockets: Socket[];
  /** Users and ways of every login that was tried. */
  readonly logins: string[];
  /** Most sessions that were open at once. */
  readonly peak: number;
  close(): Promise<void>;
}

const sharedHostKey = makeKey();

/** An SSH server on loopback that runs commands with a real shell, as the user of the test. */
export async function startServer(behaviour: Behaviour = {}, port = 0): Promise<TestServer> {
  const keys = behaviour.hostKeys ?? [sharedHostKey];
  const state = { commands: [] as string[], sockets: [] as Socket[], logins: [] as string[], peak: 0 };
  const config = {
    hostKeys: keys.map((k) => k.private),
    ...(behaviour.algorithms && { algorithms: behaviour.algorithms }),
  };
  const sshd = new ssh2.Server(config);
  let current: Socket | undefined;
  sshd.on('connection', (connection) => serve(connection, current as Socket, behaviour, state));
  const net = createServer((socket) => {
    state.sockets.push(socket);
    socket.on('error', () => {});
    socket.setNoDelay(true);
    if (behaviour.onSocket?.(socket, state.sockets.length)) return;
    current = socket;
    sshd.injectSocket(socket);
  });
  await new Promise<void>((resolve) => net.listen(port, '127.0.0.1', resolve));
  const [hostKey] = keys as [TestKey];
  return {
    ...{ commands: state.commands, sockets: state.sockets, logins: state.logins, hostKey },
    port: (net.address() as { port: number }).port,
    get peak() {
      return state.peak;
    },
    close: () => stop(net, state.sockets),
  };
}

function stop(net: NetServer, sockets: readonly Socket[]): Promise<void> {
  for (const socket of sockets) socket.destroy();
  return new Promise((resolve) => net.close(() => resolve()));
}

interface State {
  commands: string[];
  logins: string[];
  peak: number;
}

function serve(connection: Connection, socket: Socket, behaviour: Behaviour, state: State): void {
  let open = 0;
  connection.on('error', () => {});
  authenticate(connection, behaviour, state);
  connection.on('tcpip', (accept, reject, info) => {
    if (!behaviour.forward) return reject();
    const peer = connect({ host: info.destIP, port: info.destPort });
    peer.on('connect', () => {
      const stream = accept();
      stream.on('error', () => {});
      peer.pipe(stream).pipe(peer);
    });
    peer.on('error', () => reject());
  });
  connection.on('session', (accept, reject) => {
    if (open >= (behaviour.maxSessions ?? 10)) return reject();
    open++;
    state.peak = Math.max(state.peak, open);
    const session = accept();
    session.on('close', () => open--);
    session.on('exec', (acceptExec, rejectExec, info) => {
      if (behaviour.refuseExec) return rejectExec();
      state.commands.push(info.command);
      const channel = acceptExec();
      channel.on('error', () => {});
      const taken = behaviour.onExec?.({ channel, socket, command: info.command, nth: state.commands.length });
      if (!taken) runCommand(channel, info.command, behaviour);
    });
  });
}

function authenticate(connection: Connection, behaviour: Behaviour, state: State): void {
  let failed = 0;
  connection.on('authentication', (context) => {
    if (behaviour.silentAuth) return;
    const ways: ('publickey' | 'password')[] =
      behaviour.password === undefined ? ['publickey'] : ['publickey', 'password'];
    state.logins.push(`${context.username}:${context.method}`);
    if (context.method === 'password' && context.password === behaviour.password) return context.accept();
    if (context.method === 'publickey') {
      const { key } = context;
      if (!behaviour.authorized || behaviour.authorized.some((k) => k.blob.equals(key.data))) return context.accept();
    }
    if (context.method !== 'none' && ++failed > (behaviour.maxAuthTries ?? 6)) return hangUp(connection);
    context.reject(ways);
  });
}

/** As sshd says it; ssh2's server has no way to choose the words of a disconnect. */
function hangUp(connection: Connection): void {
  const protocol = (connection as unknown as { _protocol: { _packetRW: unknown } })._protocol;
  disconnect(protocol, 'Too many authentication failures');
  connection.end();
}

type Writer = { alloc(size: number): Buffer; finalize(packet: Buffer): Buffer };

function disconnect(protocol: { _packetRW: unknown }, words: string): void {
  const { write } = protocol._packetRW as { write: Writer & { allocStart: number } };
  const text = Buffer.from(words);
  const packet = write.alloc(1 + 4 + 4 + text.length + 4);
  let at = write.allocStart;
  packet[at] = 1;
  at = packet.writeUInt32BE(2, at + 1);
  at = packet.writeUInt32BE(text.length, at);
  text.copy(packet, at);
  packet.writeUInt32BE(0, at + text.length);
  (protocol as unknown as { _cipher: { encrypt(p: Buffer): void } })._cipher.encrypt(write.finalize(packet));
}

/** Runs a command as sshd does: by the login shell, with its streams and its way to end. */
export function runCommand(channel: ServerChannel, command: string, behaviour: Behaviour): void {
  const child = spawn(behaviour.shell ?? 'sh', ['-c', command], { env: behaviour.env ?? rootEnv() });
  child.stdin.on('error', () => {});
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  child.on('close', (code, signal) => {
    if (signal) channel.exit(signal.replace('SIG', ''));
    else channel.exit(code ?? 255);
    channel.end();
  });
}
