import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebHandler } from './model/contract.ts';

/** Bytes of a request that a simulated service reads. */
const MOST_BYTES = 1 << 20;

/** Answers HTTP on one stream, such as the channel of a forwarded connection. */
export function serveWeb(stream: Duplex, handler: WebHandler): void {
  stream.on('error', () => stream.destroy());
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > MOST_BYTES) stream.destroy();
      else pieces.push(piece);
    });
    request.on('end', () => {
      const { method = 'GET', url: path = '/' } = request;
      const { status, type, body } = handler({ method, path, body: Buffer.concat(pieces).toString('utf8') });
      response.writeHead(status, { 'content-type': type }).end(body);
    });
  });
  server.emit('connection', stream);
}
