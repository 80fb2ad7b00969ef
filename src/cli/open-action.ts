import { ExitCode } from '../errors.ts';
import { jsonLine } from '../render/json.ts';
import { tunnelLines } from '../render/tunnel.ts';
import { showInBrowser } from '../transport/browser.ts';
import type { Context } from './context.ts';
import type { OpenFlags } from './open.ts';
import { tunnelled } from './tunnelled.ts';
import { textAsTyped } from './typed.ts';
import { checkService, onVisit } from './visit.ts';

/** Carries a port of this machine to a service until Ctrl-C. */
export function openService(
  context: Context,
  name: string,
  flags: OpenFlags,
): Promise<{ readonly exitCode: ExitCode }> {
  return onVisit(context, flags, async (visit) => {
    const { options, services, typing } = visit;
    checkService('mlk8s open', name, services);
    const service = services.find((it) => it.name === name) as (typeof services)[number];
    const { stdout, env } = context.io;
    await tunnelled(context, visit, service, flags.port, (port) => {
      const address = `${service.web ? 'http://' : ''}127.0.0.1:${port}`;
      const told = { name, address, port, rehearsal: options.hosts.rehearsal !== undefined };
      const text = flags.json ? jsonLine(told) : textAsTyped(tunnelLines(service, address).join('\n'), typing);
      stdout.write(`${text}\n`);
      if (service.web && flags.browser) showInBrowser(address, env);
    });
    return { exitCode: ExitCode.done };
  });
}
