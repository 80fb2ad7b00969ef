import { connect as connectSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { HostError } from './host.ts';
import { fuse } from './waiting.ts';

/** Seconds that a service may take to answer a connection. */
const CONNECT_S = 20;

/** A TCP stream from this machine. Throws HostError. */
export async function dial(where: string, address: string, port: number): Promise<Duplex> {
  const socket = connectSocket({ host: address, port });
  const late = fuse(CONNECT_S * 1000, () => new Error('timed out'));
  try {
    const connected = new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve());
      socket.once('error', reject);
    });
    await Promise.race([connected, late.blown]);
    return socket;
  } catch (error) {
    socket.destroy();
    throw notForwarded(error, { where, address, port, gone: undefined });
  } finally {
    late.putOut();
  }
}

interface Attempt {
  readonly where: string;
  readonly address: string;
  readonly port: number;
  /** Why the connection to the machine itself is gone. */
  readonly gone: string | undefined;
}

/** Why there is no stream to a service, in four parts. Words of ssh2 and of Node. */
export function notForwarded(error: unknown, { where, address, port, gone }: Attempt): HostError {
  const message = gone ?? (error instanceof Error ? error.message : String(error));
  const to = `${address}:${port}`;
  if (gone !== undefined) {
    return new HostError('lost', {
      where,
      seen: `the connection went away before ${to} was reached: ${message}`,
      why: 'the network, the machine or its SSH server went down',
      next: ['run the same mlk8s command again'],
    });
  }
  if (/prohibited/i.test(message)) {
    return new HostError('auth', {
      where,
      seen: `the SSH server opens no connection to ${to}: ${message}`,
      why: 'its setting AllowTcpForwarding is off for this user',
      next: ['on that machine: set AllowTcpForwarding yes in /etc/ssh/sshd_config and sudo systemctl reload ssh'],
    });
  }
  return new HostError('unreachable', {
    where,
    seen: `nobody answers at ${to}: ${message}`,
    why: 'the pods behind that service are not ready',
    next: ['mlk8s status says what is missing', 'mlk8s doctor says why'],
  });
}
