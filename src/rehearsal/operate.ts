import { chmodSync, existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { rehearsalDir } from '../paths.ts';
import { asUserError, attach, runningControl } from './connect.ts';
import { type Answer, type ExecOutput, onLines } from './messages.ts';
import type { Counts } from './model/counts.ts';
import { removeEmpty, sockets } from './paths.ts';

/** Runs a program in a machine of a rehearsal, as root, with this process's standard streams. */
export async function rehearsalExec(
  cluster: string,
  name: string,
  argv: readonly string[],
  streams: { stdin: NodeJS.ReadableStream; stdout: NodeJS.WritableStream; stderr: NodeJS.WritableStream } = process,
): Promise<number> {
  const { socket } = await attach(cluster);
  socket.ref();
  socket.write(`${JSON.stringify({ op: 'exec', rig: name, argv })}\n`);
  const onData = (chunk: Buffer | string) =>
    socket.write(`${JSON.stringify({ in: Buffer.from(chunk).toString('base64') })}\n`);
  const onEnd = () => socket.write('{"eof":true}\n');
  streams.stdin.on('data', onData);
  streams.stdin.on('end', onEnd);
  try {
    return await new Promise((resolve, reject) => {
      onLines(socket, (line) => {
        const message = JSON.parse(line) as ExecOutput | Exclude<Answer, { ok: unknown }>;
        if ('out' in message) streams.stdout.write(Buffer.from(message.out, 'base64'));
        else if ('err' in message) streams.stderr.write(Buffer.from(message.err, 'base64'));
        else if ('exit' in message) resolve(message.exit);
        else reject(asUserError(message));
      });
      socket.once('close', () => reject(new Error(`the rehearsal of ${cluster} ended`)));
    });
  } finally {
    streams.stdin.off('data', onData);
    streams.stdin.off('end', onEnd);
    streams.stdin.pause();
    socket.destroy();
  }
}

/** The whole state of a rehearsal, equal for two that ended alike. */
export async function rehearsalDump(cluster: string): Promise<unknown> {
  const server = await attach(cluster);
  try {
    return await server.ask({ op: 'dump' });
  } finally {
    server.close();
  }
}

/** What happened to each machine so far, by its name in the rehearsal. */
export async function rehearsalCounts(cluster: string): Promise<Record<string, Counts>> {
  const server = await attach(cluster);
  try {
    return (await server.ask({ op: 'counts' })) as Record<string, Counts>;
  } finally {
    server.close();
  }
}

/** Ends the rehearsal of a cluster, or all of them, and removes what they left. Returns the names. */
export async function rehearsalReset(cluster?: string): Promise<string[]> {
  const all = dirname(rehearsalDir('any'));
  const names = cluster === undefined ? (existsSync(all) ? readdirSync(all) : []) : [cluster];
  const removed: string[] = [];
  for (const name of names) {
    const dir = rehearsalDir(name);
    if (!existsSync(dir)) continue;
    const server = await runningControl(name);
    // Its answer is that it hangs up.
    await server?.ask({ op: 'stop' }).catch(() => undefined);
    await remove(dir);
    removeEmpty(sockets(dir).folder);
    removed.push(name);
  }
  return removed;
}

/** Machines may have made folders that their owner must not write to. The server may still be leaving. */
async function remove(dir: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return rmSync(dir, { recursive: true, force: true });
    } catch (error) {
      if (tries > 20) throw error;
      openFolders(dir);
      await wait(50);
    }
  }
}

function openFolders(dir: string): void {
  const seen = lstatSync(dir, { throwIfNoEntry: false });
  if (!seen?.isDirectory()) return;
  chmodSync(dir, 0o700);
  for (const name of readdirSync(dir)) openFolders(join(dir, name));
}
