import { ExitCode } from '../errors.ts';
import { jsonLine } from '../render/json.ts';
import { problemLines } from '../render/problem.ts';
import { styleFor } from '../render/style.ts';
import { tunnelLines } from '../render/tunnel.ts';
import { showInBrowser } from '../transport/browser.ts';
import type { Context } from './context.ts';
import { checkKnown } from './known.ts';
import type { OpenFlags } from './open.ts';
import { problemAsTyped, textAsTyped } from './typed.ts';
import { noServices, onVisit } from './visit.ts';

/** Carries a port of this machine to a service until Ctrl-C. */
export function openService(
  context: Context,
  name: string,
  flags: OpenFlags,
): Promise<{ readonly exitCode: ExitCode }> {
  return onVisit(context, flags, async ({ engine, options, services, typing }) => {
    if (services.length === 0) throw noServices('mlk8s open');
    checkKnown(
      'service',
      [name],
      services.map((it) => it.name),
    );
    const service = services.find((it) => it.name === name) as (typeof services)[number];
    const { stdout, stderr, env } = context.io;
    const style = styleFor(stderr, env);
    const way = await engine.wayTo(options, service);
    // Whatever is wrong with the way is said now, and not by an empty page.
    (await way()).destroy();
    const tunnel = await engine.openTunnel(way, flags.port, ({ problem }) => {
      stderr.write(`${problemLines(problemAsTyped(problem, typing), style).join('\n')}\n`);
    });
    const address = `${service.web ? 'http://' : ''}127.0.0.1:${tunnel.port}`;
    const told = { name, address, port: tunnel.port, rehearsal: options.hosts.rehearsal !== undefined };
    const text = flags.json ? jsonLine(told) : textAsTyped(tunnelLines(service, address).join('\n'), typing);
    stdout.write(`${text}\n`);
    if (service.web && flags.browser) showInBrowser(address, env);
    await interrupted();
    await tunnel.close();
    return { exitCode: ExitCode.done };
  });
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
