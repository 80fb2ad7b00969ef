import type { Duplex } from 'node:stream';
import type { Service } from '../engine/types.ts';
import { problemLines } from '../render/problem.ts';
import { styleFor } from '../render/style.ts';
import { HostError } from '../transport/host.ts';
import { openTunnel } from '../transport/tunnel.ts';
import type { Context } from './context.ts';
import { problemAsTyped } from './typed.ts';
import type { Visit } from './visit.ts';

/**
 * Carries a port of this machine to a service until Ctrl-C. `wanted`: that port, 0 for any that is free; `opened` is told
 * which it is. Throws UserError.
 */
export async function tunnelled(
  { io }: Context,
  { engine, options, typing }: Visit,
  service: Service,
  wanted: number,
  opened: (port: number) => void,
): Promise<void> {
  const style = styleFor(io.stderr, io.env);
  const way = await engine.wayTo(options, service);
  await tried(way, service);
  const tunnel = await openTunnel(way, wanted, ({ problem }) => {
    io.stderr.write(`${problemLines(problemAsTyped(problem, typing), style).join('\n')}\n`);
  });
  // Whoever reads that Ctrl-C ends it may type it at once.
  const end = interrupted();
  opened(tunnel.port);
  await end;
  await tunnel.close();
}

/** Whatever is wrong with the way is said now, and not by an empty page. */
async function tried(way: () => Promise<Duplex>, { name, namespace, service }: Service): Promise<void> {
  try {
    (await way()).destroy();
  } catch (error) {
    if (!(error instanceof HostError) || error.kind !== 'unreachable') throw error;
    const { problem } = error;
    const where = `${name}, through ${problem.where}`;
    throw new HostError(error.kind, { ...problem, where, seen: `Service ${namespace}/${service}: ${problem.seen}` });
  }
}

/** The first Ctrl-C, or the end that a service manager or a closed terminal asks for. */
function interrupted(): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  return new Promise((resolve) => {
    const end = () => {
      for (const signal of signals) process.off(signal, end);
      resolve();
    };
    for (const signal of signals) process.on(signal, end);
  });
}
