import { request } from 'node:http';
import type { Duplex } from 'node:stream';

/** What a service of the cluster answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Bytes of an answer that are read. */
const MOST_BYTES = 4 << 20;

/** One HTTP request over a stream of its own. Rejects when no whole answer came within `deadlineMs`. */
export async function askHttp(
  way: () => Promise<Duplex>,
  { method, path, json }: { readonly method: 'GET' | 'POST'; readonly path: string; readonly json?: unknown },
  deadlineMs: number,
): Promise<HttpAnswer> {
  const stream = await way();
  const body = json === undefined ? '' : JSON.stringify(json);
  const headers = {
    host: 'localhost',
    connection: 'close',
    ...(json === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
  };
  const timer = setTimeout(() => stream.destroy(new Error('no answer in time')), deadlineMs);
  try {
    return await new Promise<HttpAnswer>((resolve, reject) => {
      const asked = request({ method, path, headers, createConnection: () => stream }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > MOST_BYTES) stream.destroy(new Error('the answer is too long'));
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      });
      asked.on('error', reject);
      asked.end(body);
    });
  } finally {
    clearTimeout(timer);
    stream.destroy();
  }
}
