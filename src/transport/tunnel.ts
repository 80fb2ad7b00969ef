import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { UserError } from '../errors.ts';
import { HostError } from './host.ts';

/** A door on this machine that leads to a service of the cluster. */
export interface Tunnel {
  /** Of 127.0.0.1. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Listens on `port` of 127.0.0.1 (0: any that is free) and carries every connection over `way`. `failed` hears why one
 * could not be carried; the others go on. Throws UserError when the port is taken.
 */
export async function openTunnel(
  way: () => Promise<Duplex>,
  port: number,
  failed: (error: HostError) => void,
): Promise<Tunnel> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    carry(socket, way).catch((error: unknown) => {
      socket.destroy();
      if (error instanceof HostError) failed(error);
      else if (server.listening) throw error;
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(notListening(port, error)));
    server.listen(port, '127.0.0.1', () => resolve());
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function carry(socket: Socket, way: () => Promise<Duplex>): Promise<void> {
  // A browser may hang up while the other end is still being reached.
  socket.on('error', () => socket.destroy());
  const stream = await way();
  stream.on('error', () => socket.destroy());
  stream.on('close', () => socket.destroy());
  socket.on('close', () => stream.destroy());
  if (socket.destroyed) stream.destroy();
  else socket.pipe(stream).pipe(socket);
}

function notListening(port: number, { code, message }: NodeJS.ErrnoException): UserError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program has that port',
    EACCES: 'ports below 1024 are for root',
  };
  return new UserError({
    where: `127.0.0.1:${port}`,
    seen: `cannot listen there: ${message}`,
    ...(code && reasons[code] ? { why: reasons[code] } : {}),
    next: ['name another port with --port, or none: then a free one is taken'],
  });
}
