import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { HostError } from '../../src/transport/host.ts';
import { askHttp } from '../../src/transport/http.ts';
import { dial } from '../../src/transport/streams.ts';
import { openTunnel, type Tunnel } from '../../src/transport/tunnel.ts';

const tunnels: Tunnel[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const tunnel of tunnels.splice(0)) await tunnel.close();
  for (const server of servers.splice(0)) server.close();
});

async function serve(answer: (path: string) => string | undefined): Promise<number> {
  const server = createServer((request, response) => {
    const text = answer(request.url ?? '');
    if (text !== undefined) response.end(text);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}
const to = (port: number) => () => dial('rig1', '127.0.0.1', port);

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const port = await serve(() => '');
  await new Promise((resolve) => servers.pop()?.close(resolve));
  return port;
}

describe('a tunnel', () => {
  async function open(port: number, wanted = 0) {
    const failed: HostError[] = [];
    const tunnel = await openTunnel(to(port), wanted, (error) => failed.push(error));
    tunnels.push(tunnel);
    return { tunnel, failed };
  }

  it('carries what it is sent, for several at once', async () => {
    const { tunnel } = await open(await serve((path) => `you asked for ${path}`));
    const texts = ['/a', '/b'].map(async (path) => (await fetch(`http://127.0.0.1:${tunnel.port}${path}`)).text());
    expect(await Promise.all(texts)).toEqual(['you asked for /a', 'you asked for /b']);
  });

  it('says why one could not be carried, and goes on', async () => {
    const { tunnel, failed } = await open(await closedPort());
    await expect(fetch(`http://127.0.0.1:${tunnel.port}`)).rejects.toThrow();
    expect(failed[0]?.problem.seen).toMatch(/^nobody answers at 127\.0\.0\.1:\d+: connect ECONNREFUSED/);
    await expect(fetch(`http://127.0.0.1:${tunnel.port}`)).rejects.toThrow();
    expect(failed).toHaveLength(2);
  });

  it('takes the port that it is told, or says that another program has it', async () => {
    const taken = await serve(() => '');
    await expect(open(taken, taken)).rejects.toMatchObject({
      problems: [{ where: `127.0.0.1:${taken}`, why: 'another program has that port' }],
    });
  });

  it('ends open connections when it is closed', async () => {
    const { tunnel } = await open(await serve(() => undefined));
    const socket = connect(tunnel.port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await new Promise((resolve) => socket.once('connect', resolve));
    await tunnel.close();
    socket.resume();
    await closed;
  });
});

describe('a request to a service', () => {
  it('brings its answer', async () => {
    const way = to(await serve((path) => path.toUpperCase()));
    expect(await askHttp(way, { method: 'GET', path: '/metrics' }, 5000)).toEqual({ status: 200, text: '/METRICS' });
  });

  it('ends when no answer comes in time', async () => {
    const way = to(await serve(() => undefined));
    await expect(askHttp(way, { method: 'GET', path: '/' }, 50)).rejects.toThrow('no answer in time');
  });

  it('ends when the answer is cut off', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('half');
      setImmediate(() => response.destroy());
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await expect(askHttp(to(port), { method: 'GET', path: '/' }, 5000)).rejects.toThrow(/aborted|hang up|closed/i);
  });
});
