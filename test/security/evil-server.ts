import { createServer, type Socket } from 'node:net';
import ssh2, { type AuthContext, type ServerChannel, type ServerConfig } from 'ssh2';
import { STARTED } from '../../src/shell/launcher.ts';
import { fingerprint } from '../../src/transport/host-keys.ts';
import { makeKey } from '../transport/keys.ts';

/** How a server misbehaves; what is left out it does as it should. */
export interface Evil {
  /** Speaks to the socket itself; no SSH. */
  readonly socket?: (socket: Socket) => void;
  readonly config?: Partial<ServerConfig>;
  readonly auth?: (context: AuthContext) => void;
  /** Says nothing of use until a deadline ends it. */
  readonly waits?: true;
  /** Sends so much that the test of it takes a while. */
  readonly much?: true;
  /** Runs "commands". */
  readonly exec?: (channel: ServerChannel) => void;
  readonly refuse?: boolean;
}

/** Writes the same again and again, about as fast as the client takes it. */
function flood(stream: NodeJS.WritableStream & { destroyed?: boolean }, piece: Buffer | string): void {
  const more = (): void => {
    let room = true;
    for (let i = 0; i < 100 && room; i++) room = stream.write(piece);
    if (stream.destroyed) return;
    if (room) setImmediate(more);
    else stream.once('drain', more);
  };
  more();
}

function drip(stream: NodeJS.WritableStream, piece: string): void {
  const timer = setInterval(() => stream.write(piece), 20);
  stream.once('close', () => clearInterval(timer));
}

const say =
  (text: string | Buffer, code = 0) =>
  (channel: ServerChannel) => {
    channel.write(STARTED);
    channel.write(text);
    channel.exit(code);
    channel.end();
  };
const without = (code: number) => (channel: ServerChannel) => {
  channel.stderr.write('sudo: a password is required\n');
  channel.exit(code);
  channel.end();
};
const kilobytes = (n: number) => Buffer.alloc(n * 1024, 'x\n');
const garbage = Buffer.from(Array.from({ length: 65_536 }, (_, i) => (i * 7919 + (i >> 3)) & 255));

/** Before anybody has logged in. */
export const BEFORE: Readonly<Record<string, Evil>> = {
  'hangs up at once': { socket: (socket) => socket.destroy() },
  'says nothing': { waits: true, socket: () => {} },
  'says random bytes': { socket: (socket) => socket.write(garbage) },
  'says lines without end before its name': { much: true, socket: (socket) => flood(socket, kilobytes(32)) },
  'says one line of ten megabytes': { much: true, socket: (socket) => socket.write(Buffer.alloc(10 << 20, 'x')) },
  'drips its name': { waits: true, socket: (socket) => drip(socket, 'S') },
  'says its name and random bytes': {
    socket: (socket) => socket.write(Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), garbage])),
  },
  'announces a packet of four gigabytes': {
    socket: (socket) => socket.write(Buffer.from('SSH-2.0-x\r\n\xff\xff\xff\xff\x00', 'latin1')),
  },
  'greets with 8 megabytes': {
    much: true,
    config: { greeting: 'hello '.repeat(1_400_000) },
    auth: (context) => context.reject(),
  },
  'has a banner of ten megabytes': { much: true, config: { banner: 'hello\u001b[2J'.repeat(1_000_000) } },
  'never answers the login': { waits: true, auth: () => {} },
  'refuses every login': { auth: (context) => context.reject(['publickey']) },
  'calls every login a part of one': {
    auth: (context) => context.reject(['publickey', 'password', 'keyboard-interactive'], true),
  },
  'asks questions without end': {
    waits: true,
    auth: (context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      const ask = (): void =>
        context.prompt([{ prompt: 'Password\u001b]52;c;eA==\u0007: ', echo: false }], 'x', () => ask());
      ask();
    },
  },
};

/** After the login, at a command. */
export const AFTER: Readonly<Record<string, Evil>> = {
  'takes no command': { refuse: true },
  'never answers a command': { waits: true, exec: () => {} },
  'prints without end before the script': { much: true, exec: (channel) => flood(channel, kilobytes(32)) },
  'prints without end': {
    much: true,
    exec: (channel) => {
      channel.write(STARTED);
      flood(channel, kilobytes(32));
    },
  },
  'prints a few bytes at a time without end': {
    waits: true,
    exec: (channel) => {
      channel.write(STARTED);
      flood(channel, 'ab');
    },
  },
  'prints errors without end': { much: true, exec: (channel) => flood(channel.stderr, kilobytes(32)) },
  drips: {
    waits: true,
    exec: (channel) => {
      channel.write(STARTED);
      drip(channel, 'a');
    },
  },
  'ends without a status': {
    exec: (channel) => {
      channel.write(STARTED);
      channel.close();
    },
  },
  'ends with a status out of range': {
    exec: (channel) => {
      channel.exit(4_294_967_295);
      channel.end();
    },
  },
  'ends by a signal that there is not': {
    exec: (channel) => {
      channel.exit('NOSUCH\u001b[2J', true, 'x');
      channel.end();
    },
  },
  'asks for the password again and again': { exec: without(97) },
  'says that there is no sudo': { exec: without(98) },
  'answers with nothing': { exec: say('') },
  'answers with random bytes': { exec: say(garbage) },
  'answers with a huge count': { exec: say('answers 99999999999999999999\n\n') },
  'answers with the words of a terminal': { exec: say('\u001b]52;c;eA==\u0007\u001b[2Janswers 1\n\n', 1) },
  'answers with two megabytes in one line': { much: true, exec: say(Buffer.alloc(2 << 20, 'y')) },
};

export interface EvilServer {
  readonly port: number;
  /** As the cluster file pins it. */
  readonly hostKey: string;
  close(): void;
}

/** An SSH server on this machine that does its worst. */
export async function evilServer(evil: Evil, address = '127.0.0.1'): Promise<EvilServer> {
  const key = makeKey();
  const sockets = new Set<Socket>();
  const sshd = new ssh2.Server({ hostKeys: [key.private], ...evil.config }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (context) => (evil.auth ? evil.auth(context) : context.accept()));
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, reject) => {
        if (evil.refuse) return reject();
        const channel = acceptExec();
        channel.on('error', () => {});
        channel.resume();
        evil.exec?.(channel);
      });
    });
  });
  const net = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    if (evil.socket) {
      socket.resume();
      evil.socket(socket);
    } else sshd.injectSocket(socket);
  });
  await new Promise<void>((resolve) => net.listen(0, address, resolve));
  return {
    port: (net.address() as { port: number }).port,
    hostKey: fingerprint(key.blob),
    close: () => {
      for (const socket of sockets) socket.destroy();
      net.close();
    },
  };
}
